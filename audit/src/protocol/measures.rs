// SPDX-License-Identifier: MPL-2.0
//! The measures of one frame's edits (docs/method.md 3), and where their energy lies.

use steerlens::frame::{Sampling, read_luma};
use steerlens::measure::{SmoothWarp, band_shares, psnr, ssim};
use steerlens::pyramid::{Grid, Plan, Spec, Workspace};
use steerlens::{FrameView, Reader};

use crate::error::{Error, Result};
use crate::table::Row;

/// Measures edits against their frame, on luma.
#[derive(Debug)]
pub(crate) struct Measures {
    width: usize,
    luma: Vec<f32>,
    edited: Vec<f32>,
    warp: SmoothWarp,
}

impl Measures {
    pub(crate) fn new(frame: &FrameView<'_>) -> Self {
        let mut luma = vec![0.0; frame.width() * frame.height()];
        read_luma(frame, &mut luma);
        Self {
            width: frame.width(),
            edited: luma.clone(),
            warp: SmoothWarp::new(&luma, frame.width()),
            luma,
        }
    }

    /// Fills in how far the edit lies from the frame, and how much of it is a smooth warp.
    pub(crate) fn measure(&mut self, edit: &FrameView<'_>, row: &mut Row) {
        read_luma(edit, &mut self.edited);
        row.psnr = psnr(&self.luma, &self.edited);
        row.ssim = ssim(&self.luma, &self.edited, self.width);
        row.e_warp = self.warp.fit(&self.edited, false).explained;
        row.e_warp_gain = self.warp.fit(&self.edited, true).explained;
    }
}

/// Energy per scale and orientation, of gradients and of edits, where the model sees them: at its input's size, in
/// luma.
pub(crate) struct Bands {
    plan: Plan,
    workspace: Workspace,
    orientations: usize,
    sampling: Sampling,
    before: Vec<f32>,
    plane: Vec<f32>,
}

impl Bands {
    /// For frames of this size.
    ///
    /// # Errors
    /// When there is no pyramid of the model's input size.
    pub(crate) fn new(frame: &FrameView<'_>, model: &Reader, orientations: u32) -> Result<Self> {
        let sampling = model.sampling(frame);
        let (width, height) = sampling.input_size();
        let spec = Spec {
            orientations,
            grid: Grid::Exact,
            ..Spec::default()
        };
        let plan = Plan::new(width, height, &spec).map_err(Error::format)?;
        Ok(Self {
            workspace: plan.workspace(),
            plan,
            orientations: orientations as usize,
            sampling,
            before: vec![0.0; width * height],
            plane: vec![0.0; width * height],
        })
    }

    pub(crate) fn serve(&self, frame: (usize, usize)) -> bool {
        self.sampling.frame_size() == frame
    }

    pub(crate) fn scales(&self) -> usize {
        self.plan.nominal_bands() / self.orientations
    }

    /// Takes the frame that edits are compared with.
    pub(crate) fn look(&mut self, frame: &FrameView<'_>) {
        self.sampling.read_luma(frame, &mut self.before);
    }

    /// Shares of a gradient at the model's input, `[channels, height, width]`. Luma enters every channel with
    /// factor 1: its gradient is their sum (docs/method.md 2.6).
    pub(crate) fn of_gradient(&mut self, gradient: &[f32]) -> Vec<f32> {
        self.plane.fill(0.0);
        for channel in gradient.chunks_exact(self.plane.len()) {
            self.plane.iter_mut().zip(channel).for_each(|(sum, g)| *sum += g);
        }
        self.shares()
    }

    /// Shares of an edit's change.
    pub(crate) fn of_edit(&mut self, edit: &FrameView<'_>) -> Vec<f32> {
        self.sampling.read_luma(edit, &mut self.plane);
        self.plane
            .iter_mut()
            .zip(&self.before)
            .for_each(|(after, before)| *after -= before);
        self.shares()
    }

    fn shares(&mut self) -> Vec<f32> {
        band_shares(&self.plan, &self.plane, self.orientations, &mut self.workspace)
    }
}
