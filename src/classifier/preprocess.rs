// SPDX-License-Identifier: MPL-2.0
//! From planes to the model's input tensor, and the gradient back: an affine map per channel, and its derivative.

use super::{InputFormat, InputLayout, Signature};

impl Signature {
    /// The plane (R, G, B or luma) that channel `c` of the model sees.
    fn plane(&self, c: usize) -> usize {
        if self.format == InputFormat::Bgr { 2 - c } else { c }
    }

    /// Where pixel 0 of channel `c` lies in the tensor, and the step from pixel to pixel.
    fn stride(&self, c: usize) -> (usize, usize) {
        match self.layout {
            InputLayout::Nhwc => (c, self.channels()),
            _ => (c * self.width * self.height, 1),
        }
    }

    /// Planes of the input picture, values 0..1, as real input elements.
    pub(super) fn fill_real(&self, planes: &[f32], tensor: &mut [f32]) {
        let size = self.width * self.height;
        for (c, range) in self.ranges.iter().enumerate() {
            let (scale, min) = (range.scale() as f32, range.min as f32);
            let (start, step) = self.stride(c);
            let plane = &planes[self.plane(c) * size..][..size];
            for (to, value) in tensor[start..].iter_mut().step_by(step).zip(plane) {
                *to = value * scale + min;
            }
        }
    }

    /// As [`Signature::fill_real`] for an input of bytes.
    pub(super) fn fill_bytes(&self, planes: &[f32], tensor: &mut [u8]) {
        let size = self.width * self.height;
        for c in 0..self.channels() {
            let (start, step) = self.stride(c);
            let plane = &planes[self.plane(c) * size..][..size];
            for (to, value) in tensor[start..].iter_mut().step_by(step).zip(plane) {
                *to = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
    }

    /// A gradient with respect to the tensor's elements, as one with respect to the planes' values.
    pub(super) fn gradient_to_planes(&self, tensor: &[f32], planes: &mut [f32]) {
        let size = self.width * self.height;
        for (c, range) in self.ranges.iter().enumerate() {
            let scale = range.scale() as f32;
            let (start, step) = self.stride(c);
            let plane = &mut planes[self.plane(c) * size..][..size];
            for (to, value) in plane.iter_mut().zip(tensor[start..].iter().step_by(step)) {
                *to = value * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ClassifierSettings;
    use super::super::input_statements::InputStatements;
    use super::*;
    use crate::onnx::ElementType;

    /// `<fill(x) - fill(0), t> = <x, gradient(t)>`: the derivative is the adjoint of the map's linear part.
    #[test]
    fn the_gradient_is_the_adjoint_of_the_filling() {
        for (layout, shape) in [
            (InputLayout::Nchw, [1, 3, 2, 5]),
            (InputLayout::Nhwc, [1, 2, 5, 3]),
        ] {
            for format in [InputFormat::Rgb, InputFormat::Bgr] {
                let settings = ClassifierSettings {
                    input_layout: layout,
                    input_format: format,
                    mean: vec![0.1, 0.2, 0.3],
                    std: vec![0.5, -0.25, 2.0],
                    ..Default::default()
                };
                let s = Signature::decide(
                    "x",
                    &shape,
                    ElementType::Float,
                    &settings,
                    &InputStatements::default(),
                    None,
                )
                .unwrap()
                .signature;
                let x: Vec<f32> = (0..30).map(|k| (k as f32 * 0.37).sin()).collect();
                let t: Vec<f32> = (0..30).map(|k| (k as f32 * 0.73).cos()).collect();
                let (mut filled, mut zero, mut back) =
                    (vec![f32::NAN; 30], vec![f32::NAN; 30], vec![f32::NAN; 30]);
                s.fill_real(&x, &mut filled);
                s.fill_real(&[0.0; 30], &mut zero);
                s.gradient_to_planes(&t, &mut back);
                let left: f32 = (0..30).map(|k| (filled[k] - zero[k]) * t[k]).sum();
                let right: f32 = (0..30).map(|k| x[k] * back[k]).sum();
                assert!(
                    (left - right).abs() < 1e-4 * left.abs().max(1.0),
                    "{left} {right}"
                );
            }
        }
    }
}
