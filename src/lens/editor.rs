// SPDX-License-Identifier: MPL-2.0
//! The half of a lens that moves pictures.

use std::time::Instant;

use super::reader::Reader;
use super::sight::Framing;
use super::stage::Stage;
use super::{LensSettings, Report, steps};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{FrameView, FrameViewMut};

/// Moves frames along the gradients of readings. Several editors (one per method, say) may use the same reading.
#[derive(Debug)]
pub struct Editor {
    settings: LensSettings,
    framing: Framing,
    stage: Option<Stage>,
}

impl Editor {
    /// An editor for the readings of `reader`, and of others of the same model.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn new(reader: &Reader, settings: LensSettings) -> Result<Self, Error> {
        settings.check()?;
        Ok(Self {
            settings,
            framing: reader.framing(),
            stage: None,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> &LensSettings {
        &self.settings
    }

    /// Changes the settings, from the next frame on.
    ///
    /// # Errors
    /// When a value is out of range; the old settings then stay.
    pub fn set_settings(&mut self, settings: LensSettings) -> Result<(), Error> {
        settings.check()?;
        self.stage = self.stage.take().filter(|stage| stage.serves(&settings));
        self.settings = settings;
        Ok(())
    }

    /// Moves the frame one step along a reading's gradient and writes what is shown into `out`, whose format is the
    /// frame's and whose size is [`super::Lens::output_size`]. Calling it again with the same frame and reading and
    /// another magnification costs a synthesis only.
    ///
    /// # Errors
    /// When `out` does not fit.
    pub fn apply(
        &mut self,
        frame: &FrameView<'_>,
        reading: &Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        self.edit(None, frame, reading, out)
    }

    /// As [`Editor::apply`], with as many steps as the settings say: `reader` runs the model for the further ones.
    ///
    /// # Errors
    /// When `out` does not fit, or a further step's run fails.
    pub fn walk(
        &mut self,
        reader: &mut Reader,
        frame: &FrameView<'_>,
        reading: &Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        self.edit(Some(reader), frame, reading, out)
    }

    fn edit(
        &mut self,
        reader: Option<&mut Reader>,
        frame: &FrameView<'_>,
        reading: &Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let start = Instant::now();
        let stage = Stage::for_frame(&mut self.stage, frame, self.framing, &self.settings)?;
        let mut report = Report {
            source: reading.source,
            target: reading.target,
            attained: true,
            ..Report::default()
        };
        let still = self.settings.magnification == 0.0 && self.settings.l2_budget == 0.0;
        let refusal = refusal(reading);
        match reader {
            _ if refusal.is_some() || still => {
                report.warning = refusal.map(Into::into);
                stage.keep(frame)?;
            }
            Some(reader) if self.settings.steps > 1 => {
                steps::walk(stage, reader, &self.settings, frame, reading, &mut report)?;
            }
            _ => stage.step(frame, reading, &self.settings, &mut report)?,
        }
        stage.show(self.settings.display_mode, frame, out)?;
        report.morph_time = start.elapsed().saturating_sub(report.step_time);
        Ok(report)
    }

    /// The morphed picture of the last frame, whatever was shown of it; `None` before the first.
    pub fn morph(&self) -> Option<FrameView<'_>> {
        self.stage.as_ref().and_then(Stage::morph)
    }
}

/// Why a reading gives no direction.
fn refusal(reading: &Reading) -> Option<&'static str> {
    if reading.source == reading.target {
        return Some("source and target are the same class: the frame is passed on unchanged");
    }
    if !reading.gradient.iter().all(|g| g.is_finite()) {
        return Some("the gradient is not finite: the frame is passed on unchanged");
    }
    if reading.gradient_norm == 0.0 {
        return Some("the gradient is zero here: the frame is passed on unchanged");
    }
    None
}
