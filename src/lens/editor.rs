// SPDX-License-Identifier: MPL-2.0
//! The half of a lens that moves pictures.

use std::borrow::Cow;
use std::time::Instant;

use super::frame_editor::FrameEditor;
use super::input_planes::input_geometry;
use super::reader::Reader;
use super::region;
use super::{LensSettings, Report, steps};
use crate::Error;
use crate::classifier::{Labels, Reading, Signature};
use crate::frame::{FramePosition, FrameView, FrameViewMut, Rect};
use crate::morph::{ReachSettings, StepMode};
use crate::render::{Bar, Caption, Captioner, DisplayMode, drawn_label, no_font, pass_on};
use crate::settings::Group;

/// Moves frames along the gradients of readings. Several editors (one per method, say) may use the same reading.
#[derive(Debug)]
pub struct Editor {
    settings: LensSettings,
    /// How the model looks at frames, and the threads that it has.
    signature: Signature,
    threads: usize,
    frame_editor: Option<FrameEditor>,
    /// The part of the frame that was edited last.
    part: Option<Rect>,
    labels: Labels,
    captioner: Captioner,
    /// Labels that no font has, which a report has warned of.
    no_font: Vec<String>,
    position: FramePosition,
}

impl Editor {
    /// An editor for the readings of `reader`, and of others of the same model.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn new(reader: &Reader, settings: LensSettings) -> Result<Self, Error> {
        settings.check()?;
        Ok(Self {
            signature: reader.classifier().signature().clone(),
            threads: reader.classifier().threads(),
            settings,
            frame_editor: None,
            part: None,
            labels: reader.classifier().labels().clone(),
            captioner: Captioner::default(),
            no_font: Vec::new(),
            position: FramePosition::default(),
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
        // Here too, and not at the next frame alone: what needs another plan starts anew, though it be set back before then.
        if let Some(frame_editor) = &mut self.frame_editor
            && !frame_editor.adopt((&settings, &settings.reach))?
        {
            self.frame_editor = None;
        }
        self.settings = settings;
        Ok(())
    }

    /// Says where in its stream the next frame belongs: smoothing in time goes by it, and so does the report of the
    /// gradient's age. A frame of unknown picture is taken to be the one that its reading was made of.
    pub fn at(&mut self, position: FramePosition) {
        self.position = position;
    }

    /// Forgets earlier frames: the next one starts a new average (docs/method.md 2.10).
    pub fn reset(&mut self) {
        if let Some(frame_editor) = &mut self.frame_editor {
            frame_editor.start_over();
        }
    }

    /// Moves the frame one step along a reading's gradient, so far, and writes what is shown into `out`, whose format is the
    /// frame's and whose size is [`super::Lens::output_size`]. What the settings say of the reach is a lens's, and not looked
    /// at. Calling it again with the same picture and reading and another magnification costs a synthesis only; see
    /// [`Editor::at`].
    ///
    /// # Errors
    /// When a value of `reach` is out of range, or `out` does not fit.
    pub fn apply(
        &mut self,
        frame: &FrameView<'_>,
        reading: &Reading,
        reach: &ReachSettings,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        reach.check()?;
        self.edit(None, frame, reading, reach, out)
    }

    /// As [`Editor::apply`], with as many steps as `reach` says: `reader` runs the model for the further ones.
    ///
    /// # Errors
    /// When a value of `reach` is out of range, `out` does not fit, or a further step's run fails.
    pub fn walk(
        &mut self,
        reader: &mut Reader,
        frame: &FrameView<'_>,
        reading: &Reading,
        reach: &ReachSettings,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        reach.check()?;
        self.edit(Some(reader), frame, reading, reach, out)
    }

    /// As [`Editor::walk`], and without a reader as [`Editor::apply`], where it is known that `reach` is in range.
    pub(super) fn edit(
        &mut self,
        reader: Option<&mut Reader>,
        frame: &FrameView<'_>,
        reading: &Reading,
        reach: &ReachSettings,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Report, Error> {
        let start = Instant::now();
        let mut report = Report {
            source: reading.source,
            target: reading.target,
            attained: reach.l2_budget == 0.0,
            held: self.position.differs(&reading.position),
            agreement: reading.agreement,
            ..Report::default()
        };
        if report.held {
            report.gradient_age = self.position.distance(&reading.position);
        }
        let whole = frame;
        let part = region::part(self.settings.input.roi, frame.shape());
        let Some((part, frame)) = part.and_then(|part| Some((part, whole.crop(part)?))) else {
            report.warning =
                Some("the region lies outside of the frame, which is passed on unchanged".into());
            self.frame_editor = None;
            pass_on(whole, out)?;
            return Ok(report);
        };
        let frame = &frame;
        let settings = (&self.settings, reach);
        let geometry = input_geometry(&self.signature, &self.settings.input);
        let frame_editor =
            FrameEditor::for_frame(&mut self.frame_editor, frame, geometry, self.threads, settings)?;
        if self.part.replace(part) != Some(part) {
            frame_editor.forget();
        }
        let still = reach.magnification == 0.0 && reach.l2_budget == 0.0;
        let refusal = refusal(reading, &self.settings);
        if refusal.is_some() || still {
            report.warning = refusal.map(Into::into);
            frame_editor.keep(frame)?;
        } else {
            let at = (frame, &self.position);
            steps::walk(frame_editor, reader, settings, at, reading, &mut report)?;
        }
        if let Some(unknown) = unknown_scores(reading) {
            report.warning = Some(match report.warning.take() {
                Some(warning) => format!("{unknown}; {warning}"),
                None => unknown,
            });
        }
        frame_editor.show(self.settings.view.display_mode, whole, part, reading, out)?;
        report.morph_time = start.elapsed().saturating_sub(report.step_time);
        Ok(report)
    }

    /// With [`super::ViewSettings::caption`], says in the lower edge of what was shown what the classifier made of the frame
    /// (`before`) and, where it was measured, of the morph; a label that no font has is the number of its class there, which
    /// one report warns of. [`super::Lens::apply`] does it by itself.
    ///
    /// # Errors
    /// When `out` is empty.
    pub fn caption(
        &mut self,
        reading: &Reading,
        report: &mut Report,
        out: &mut FrameViewMut<'_>,
    ) -> Result<(), Error> {
        if !self.settings.view.caption {
            return Ok(());
        }
        let before = |class: usize| reading.probabilities.get(class).copied().unwrap_or(0.0);
        let after = report.after.as_ref();
        let classes = [report.source, report.target];
        let labels = classes.map(|class| self.labels.name(class));
        let [source, target] = [0, 1].map(|k| drawn_label(&labels[k], classes[k]));
        let lacking = labels.iter().zip([&source, &target]).find_map(|(label, drawn)| {
            let is_news = matches!(drawn, Cow::Owned(_)) && !self.no_font.iter().any(|known| known == label);
            is_news.then_some(label)
        });
        if let Some(label) = lacking
            && report.warning.is_none()
        {
            report.warning = Some(no_font(label));
            self.no_font.push(label.to_string());
        }
        let classes = [
            Bar {
                label: &source,
                before: before(report.source),
                after: after.map(|after| after.source_probability),
            },
            Bar {
                label: &target,
                before: before(report.target),
                after: after.map(|after| after.target_probability),
            },
        ];
        let caption = Caption {
            classes,
            moved: self.settings.view.display_mode != DisplayMode::Source,
            age: report.held.then_some(report.gradient_age),
        };
        Ok(self.captioner.draw(&caption, out)?)
    }

    /// What the steps carried from the last frame to the next change of the region: see [`crate::morph::StepMode::Live`].
    pub(super) fn carried(&self) -> Option<&[f32]> {
        self.frame_editor.as_ref().and_then(FrameEditor::carried)
    }

    /// The morphed picture of the last frame's region, whatever was shown of it; `None` before the first.
    pub fn morph(&self) -> Option<FrameView<'_>> {
        self.frame_editor.as_ref().and_then(FrameEditor::morph)
    }
}

/// What is said where the classifier gives no number for a class.
fn unknown_scores(reading: &Reading) -> Option<String> {
    let unknown = reading.logits.iter().filter(|z| z.is_nan()).count();
    (unknown > 0).then(|| {
        format!(
            "{unknown} of the {} scores are not numbers: their classes are never chosen, and their probability is \
             shown as 0",
            reading.logits.len()
        )
    })
}

/// Why a reading gives no direction.
fn refusal(reading: &Reading, settings: &LensSettings) -> Option<&'static str> {
    if settings.gradient.objective.has_source() && reading.source == reading.target {
        return Some("source and target are the same class: the frame is passed on unchanged");
    }
    if !reading.gradient.iter().all(|g| g.is_finite()) {
        return Some("the gradient is not finite: the frame is passed on unchanged");
    }
    // Live steps are carried on: where the target has been reached, the gradient may vanish.
    if reading.gradient_norm == 0.0 && settings.morph.step_mode != StepMode::Live {
        return Some("the gradient is zero here: the frame is passed on unchanged");
    }
    None
}
