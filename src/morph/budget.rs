// SPDX-License-Identifier: MPL-2.0
//! How far to go for a wanted distance (docs/method.md 2.7).

/// Where a search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// The magnification found.
    pub magnification: f64,
    /// The distance there.
    pub distance: f64,
    /// Whether the budget was reached.
    pub attained: bool,
}

/// Where a search begins, and how near to the budget it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// The distance at magnification 0.
    pub start: f64,
    /// The first magnification that is tried, above 0; it is doubled up to ten times.
    pub first: f64,
    /// The distance may exceed the budget by this fraction of it, above 0.
    pub tolerance: f64,
}

impl Search {
    /// From the source of the picture, and to 0.1 % of the budget.
    pub fn from_source() -> Self {
        Self {
            start: 0.0,
            first: 1.0 / 16.0,
            tolerance: 1e-3,
        }
    }
}

const DOUBLINGS: usize = 10;
/// A halving of the bracket per evaluation would leave nothing of it in f64.
const MOST_EVALUATIONS: usize = 60;

/// Finds the magnification at which `distance` is `budget`, above 0, or a little more, along a path in units of
/// [`super::MagnificationUnit::Rms`]. Where even the far end of the path falls short, that end is the answer, not attained.
///
/// Doubles until the budget is bracketed, then closes in by the Illinois rule, halving the bracket where that
/// gains too little. Deterministic. `distance` takes a magnification and gives the distance from the source of
/// the picture there; the last magnification it is given is the one found, so that what it wrote can be kept.
pub fn reach_budget(budget: f64, search: Search, mut distance: impl FnMut(f64) -> f64) -> Reach {
    let Search {
        start,
        first,
        tolerance,
    } = search;
    let near = |d: f64| (budget..=budget * (1.0 + tolerance)).contains(&d);
    let (mut low, mut high) = ((0.0, start), (first, distance(first)));
    for _ in 0..DOUBLINGS {
        if high.1 >= budget {
            break;
        }
        low = high;
        high.0 = 2.0 * low.0;
        high.1 = distance(high.0);
    }
    // A distance that is no number has not reached anything.
    if high.1.is_nan() || high.1 < budget {
        return Reach {
            magnification: high.0,
            distance: high.1,
            attained: false,
        };
    }
    // Go for the middle of what is accepted. Illinois: an end that stays twice counts half.
    let wanted = budget * (1.0 + 0.5 * tolerance);
    let (mut low_error, mut high_error) = (low.1 - wanted, high.1 - wanted);
    let mut last = high.0;
    for _ in 0..MOST_EVALUATIONS {
        if near(high.1) {
            break;
        }
        let width = high.0 - low.0;
        let secant = low.0 + width * low_error / (low_error - high_error);
        let inside = secant > low.0 && secant < high.0;
        let next = if inside { secant } else { low.0 + 0.5 * width };
        let found = distance(next);
        last = next;
        if found >= budget {
            high = (next, found);
            high_error = found - wanted;
            low_error *= 0.5;
        } else {
            low = (next, found);
            low_error = found - wanted;
            high_error *= 0.5;
        }
    }
    if last != high.0 {
        high.1 = distance(high.0);
    }
    Reach {
        magnification: high.0,
        distance: high.1,
        attained: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(budget: f64, path: impl Fn(f64) -> f64) -> (Reach, usize) {
        let (mut count, mut last) = (0, 0.0);
        let reach = reach_budget(budget, Search::from_source(), |t| {
            (count, last) = (count + 1, t);
            path(t)
        });
        assert_eq!(last, reach.magnification, "the last picture is the answer");
        (reach, count)
    }

    #[test]
    fn budgets_are_met_from_above_in_few_evaluations() {
        for (name, path) in [
            ("linear", (|t| 3.0 * t) as fn(f64) -> f64),
            ("saturating", |t| 9.0 * (t / 2.0).tanh()),
            ("late", |t| t * t * t),
            ("early", f64::sqrt),
            ("step", |t| if t < 0.7 { 0.1 * t } else { 2.0 + t }),
        ] {
            for budget in [1e-3, 0.3, 1.0, 2.8] {
                let (reach, count) = search(budget, path);
                assert!(
                    reach.attained && reach.distance >= budget,
                    "{name} {budget}: {reach:?}"
                );
                if name != "step" {
                    assert!(reach.distance <= budget * 1.001, "{name} {budget}: {reach:?}");
                    assert!(count <= 20, "{name} {budget}: {count} evaluations");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_reached_is_said() {
        assert_eq!(
            search(10.0, |t| t / (1.0 + t)).0,
            Reach {
                magnification: 64.0,
                distance: 64.0 / 65.0,
                attained: false
            }
        );
        assert!(!search(1.0, |_| f64::NAN).0.attained);
    }
}
