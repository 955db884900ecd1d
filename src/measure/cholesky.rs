// SPDX-License-Identifier: MPL-2.0
//! Solving a positive definite system: dense, f64, a few hundred unknowns.

/// The lower factor of a matrix, `M = L L^T`.
#[derive(Debug, Clone)]
pub(super) struct Cholesky {
    n: usize,
    /// `[n, n]`, row major; only the lower half is used.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a symmetric matrix `[n, n]` of which the lower half is given. A pivot that is not positive, as
    /// rounding leaves it where the matrix is singular, makes its unknown 0.
    pub(super) fn new(mut matrix: Vec<f64>, n: usize) -> Self {
        for i in 0..n {
            let (above, below) = matrix.split_at_mut(i * n);
            let row = &mut below[..n];
            for j in 0..i {
                let other = &above[j * n..][..=j];
                let dot: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                row[j] = if other[j].is_finite() {
                    (row[j] - dot) / other[j]
                } else {
                    0.0
                };
            }
            let pivot = row[i] - row[..i].iter().map(|a| a * a).sum::<f64>();
            row[i] = if pivot > 0.0 { pivot.sqrt() } else { f64::INFINITY };
        }
        Self { n, lower: matrix }
    }

    /// Solves `M q = b`, in place.
    pub(super) fn solve(&self, b: &mut [f64]) {
        let row = |i: usize| &self.lower[i * self.n..][..=i];
        for i in 0..self.n {
            let dot: f64 = row(i)[..i].iter().zip(&*b).map(|(a, b)| a * b).sum();
            b[i] = (b[i] - dot) / row(i)[i];
        }
        for i in (0..self.n).rev() {
            b[i] /= row(i)[i];
            let value = b[i];
            b[..i].iter_mut().zip(row(i)).for_each(|(b, a)| *b -= a * value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_with_a_known_solution_is_solved() {
        let n = 9;
        // A Hilbert matrix plus the identity: positive definite, far from diagonal.
        let entry = |i: usize, j: usize| 1.0 / (i + j + 1) as f64 + if i == j { 1.0 } else { 0.0 };
        let matrix = (0..n * n).map(|at| entry(at / n, at % n)).collect();
        let want: Vec<f64> = (0..n).map(|i| i as f64 - 3.5).collect();
        let mut b: Vec<f64> = (0..n)
            .map(|i| (0..n).map(|j| entry(i, j) * want[j]).sum())
            .collect();
        Cholesky::new(matrix, n).solve(&mut b);
        assert!(
            b.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-12),
            "{b:?}"
        );
    }

    #[test]
    fn what_is_not_determined_is_zero() {
        let mut b = [2.0, 0.0, 3.0];
        Cholesky::new(vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], 3).solve(&mut b);
        assert_eq!(b, [2.0, 0.0, 3.0]);
    }
}
