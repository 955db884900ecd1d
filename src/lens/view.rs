// SPDX-License-Identifier: MPL-2.0
//! What views are made of beside the morph itself: made when a view is first asked for.

use crate::Error;
use crate::frame::{FrameView, Resize, Sampling, luma_of_planes, read_luma};
use crate::morph::Flow;

/// The size of a gradient at each pixel of the frame.
#[derive(Debug)]
pub(super) struct Magnitude {
    plane: Vec<f32>,
    sums: Vec<f32>,
}

impl Magnitude {
    pub(super) fn new((width, height): (usize, usize)) -> Self {
        Self {
            plane: vec![0.0; width * height],
            sums: vec![0.0; width * height],
        }
    }

    /// Of a gradient at the model's input: through the exact adjoint of the resize, then over the colours.
    pub(super) fn of(&mut self, gradient: &[f32], sampling: &mut Sampling) -> &[f32] {
        let (width, height) = sampling.input_size();
        self.sums.fill(0.0);
        for plane in gradient.chunks_exact(width * height) {
            sampling.adjoint(plane, &mut self.plane);
            self.sums
                .iter_mut()
                .zip(&self.plane)
                .for_each(|(sum, g)| *sum += g * g);
        }
        self.sums.iter_mut().for_each(|sum| *sum = sum.sqrt());
        &self.sums
    }
}

/// The motion of each pixel of the frame.
#[derive(Debug)]
pub(super) struct Motion {
    flow: Flow,
    /// From the flow's grid to where the pyramid works.
    spread: Resize,
    scratch: Vec<f32>,
    image: Vec<f32>,
    change: Vec<f32>,
    coarse: [Vec<f32>; 2],
    fine: [Vec<f32>; 2],
    /// At the frame's size, where the pyramid works at the model's.
    enlarged: [Vec<f32>; 2],
}

impl Motion {
    /// Where the pyramid works at `size`; `frame` is the frame's size.
    pub(super) fn new(size: (usize, usize), frame: (usize, usize), at_frame: bool) -> Result<Self, Error> {
        let flow = Flow::new(size.0, size.1)?;
        let grid = flow.grid();
        let spread = Resize::new(grid, size);
        let planes = |(width, height): (usize, usize)| [(); 2].map(|()| vec![0.0; width * height]);
        Ok(Self {
            scratch: vec![0.0; spread.scratch_len()],
            image: vec![0.0; size.0 * size.1],
            change: vec![0.0; size.0 * size.1],
            coarse: planes(grid),
            fine: planes(size),
            enlarged: planes(if at_frame { (0, 0) } else { frame }),
            spread,
            flow,
        })
    }

    /// From the frame and the change of its luma (or of red, green and blue) where the pyramid works: in pixels of the
    /// frame, to the right and downwards.
    pub(super) fn of(
        &mut self,
        frame: &FrameView<'_>,
        change: &[f32],
        at_frame: bool,
        sampling: &mut Sampling,
    ) -> [&[f32]; 2] {
        if at_frame {
            read_luma(frame, &mut self.image);
        } else {
            sampling.read_luma(frame, &mut self.image);
        }
        if change.len() == self.change.len() {
            self.change.copy_from_slice(change);
        } else {
            luma_of_planes(change, &mut self.change);
        }
        let [right, down] = &mut self.coarse;
        self.flow.measure(&self.image, &self.change, [right, down]);
        for (coarse, fine) in self.coarse.iter().zip(&mut self.fine) {
            self.spread.apply(coarse, fine, &mut self.scratch);
        }
        if at_frame {
            return [&self.fine[0], &self.fine[1]];
        }
        let (seen, input) = (sampling.placement().frame, sampling.placement().input);
        let scales = [
            seen.width as f32 / input.width as f32,
            seen.height as f32 / input.height as f32,
        ];
        for ((fine, large), scale) in self.fine.iter().zip(&mut self.enlarged).zip(scales) {
            sampling.enlarge(fine, large);
            large.iter_mut().for_each(|value| *value *= scale);
        }
        [&self.enlarged[0], &self.enlarged[1]]
    }
}
