// SPDX-License-Identifier: MPL-2.0
//! The settings behind the properties, and what the library is given of them.

use std::path::PathBuf;
use std::time::Duration;

use steerlens::frame::Rect;
use steerlens::render::DisplayMode;
use steerlens::settings::{Choice, Count};
use steerlens::{ClassChoice, ClassifierSettings, GradientMode, LensSettings, LiveSettings, Sweep};

use super::region::{self, RoiSource};
use crate::message::nanoseconds;

pub(super) const TOP_K: Count = Count {
    name: "top-k",
    default: 5,
    min: 1,
    max: 100,
    blurb: "Classes listed in a message, most probable first",
};

/// A class as two properties name it: by number, or by label, which wins.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) number: i32,
    pub(super) label: Option<String>,
}

impl Class {
    /// The number that leaves the choice to the logits.
    pub(super) const AUTO: i32 = -1;

    fn choice(&self) -> ClassChoice {
        match (given(&self.label), usize::try_from(self.number)) {
            (Some(label), _) => ClassChoice::Label(label),
            (None, Ok(number)) => ClassChoice::Index(number),
            (None, Err(_)) => ClassChoice::Auto,
        }
    }
}

impl Default for Class {
    fn default() -> Self {
        Self {
            number: Self::AUTO,
            label: None,
        }
    }
}

/// Every property's value, as it was set. Nothing is checked here: a setter never fails.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) model_file: Option<PathBuf>,
    /// Further models that drive.
    pub(super) also: Vec<PathBuf>,
    pub(super) input_size: Option<String>,
    pub(super) model_instance_id: Option<String>,
    /// The rest of what the model needs; its file and its size are the fields above.
    pub(super) classifier: ClassifierSettings,
    pub(super) source: Class,
    pub(super) target: Class,
    /// The rest of how frames are morphed; its classes are the fields above.
    pub(super) lens: LensSettings,
    /// x, y, width, height; empty for all of the frame.
    pub(super) roi: Vec<i32>,
    pub(super) roi_source: RoiSource,
    pub(super) sweep: Sweep,
    pub(super) sweep_period_ns: u64,
    pub(super) live: LiveSettings,
    /// Nanoseconds; below 0: as measured.
    pub(super) latency: i64,
    pub(super) post_messages: bool,
    pub(super) attach_meta: bool,
    pub(super) top_k: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model_file: None,
            also: Vec::new(),
            input_size: None,
            model_instance_id: None,
            classifier: ClassifierSettings::default(),
            source: Class::default(),
            target: Class::default(),
            lens: LensSettings::default(),
            roi: Vec::new(),
            roi_source: RoiSource::default(),
            sweep: Sweep::DEFAULT,
            sweep_period_ns: nanoseconds(Sweep::DEFAULT_PERIOD),
            live: LiveSettings::default(),
            latency: -1,
            post_messages: false,
            attach_meta: false,
            top_k: TOP_K.default,
        }
    }
}

impl Settings {
    /// What is needed to open the model.
    ///
    /// # Errors
    /// When `input-size` is not a height and a width.
    pub(super) fn classifier(&self) -> Result<ClassifierSettings, gst::ErrorMessage> {
        let path = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
        let classifier = &self.classifier;
        Ok(ClassifierSettings {
            model_file: path(&self.model_file).unwrap_or_default(),
            // Empty has a meaning of its own for the labels and the side-car: none.
            output_name: given(&classifier.output_name),
            runtime_library: path(&classifier.runtime_library),
            device: given(&classifier.device),
            input_size: given(&self.input_size)
                .map(|text| height_and_width(&text))
                .transpose()?,
            ..classifier.clone()
        })
    }

    /// How a frame at `stream_time` is morphed. Without a time there is nothing to sweep over.
    pub(super) fn lens(&self, stream_time: Option<gst::ClockTime>) -> LensSettings {
        let period = Duration::from_nanos(self.sweep_period_ns);
        let factor = stream_time.map_or(1.0, |time| self.sweep.factor(time.into(), period));
        self.lens.clone().with(|s| {
            s.gradient.source = self.source.choice();
            s.gradient.target = self.target.choice();
            s.reach.magnification = self.lens.reach.magnification * factor;
            s.input.roi = self.region();
            // The further run's numbers go into message, meta and caption and nowhere else.
            s.view.measure_after =
                self.lens.view.measure_after && (self.is_asked() || self.lens.view.caption);
        })
    }

    /// The region that the property names. Sides below 0 leave nothing of it, as where it lies outside of the frame; four
    /// numbers it must be.
    fn region(&self) -> Option<Rect> {
        let &[x, y, width, height] = self.roi.as_slice() else {
            return None;
        };
        Some(region::rect([x, y, width, height].map(i64::from)))
    }

    /// What was set and is not in force, as a sentence.
    pub(super) fn unused(&self) -> Option<String> {
        if self.roi_source == RoiSource::Property && ![0, 4].contains(&self.roi.len()) {
            return Some(format!(
                "roi is four numbers, <x, y, width, height>, and has {}: all of the frame is read and morphed",
                self.roi.len()
            ));
        }
        if self.live.gradient_mode == GradientMode::Sync {
            return None;
        }
        let names = match (self.lens.reach.steps > 1, self.lens.view.measure_after) {
            (true, true) => "steps and measure-after",
            (true, false) => "steps",
            (false, true) => "measure-after",
            (false, false) => return None,
        };
        Some(format!(
            "gradient-mode=held moves each frame in one step and does not read it again: {names} counts with \
             gradient-mode=sync only"
        ))
    }

    /// The name under which the model is shared with other elements.
    pub(super) fn instance(&self) -> Option<String> {
        given(&self.model_instance_id)
    }

    /// Whether somebody wants to know what the model says of a frame.
    pub(super) fn is_asked(&self) -> bool {
        self.post_messages || self.attach_meta
    }

    /// Whether a frame is shown as it came and nobody asks what the model says of it.
    pub(super) fn pass_on(&self, lens: &LensSettings) -> bool {
        !self.is_asked()
            && !lens.view.caption
            && match lens.view.display_mode {
                DisplayMode::Source => true,
                // A budget is reached whatever the magnification (docs/method.md 2.7).
                DisplayMode::Morph => lens.reach.magnification == 0.0 && lens.reach.l2_budget == 0.0,
                _ => false,
            }
    }
}

/// Text that was set; empty text says nothing.
fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

fn height_and_width(text: &str) -> Result<(usize, usize), gst::ErrorMessage> {
    text.split_once('x')
        .and_then(|(height, width)| Some((height.trim().parse().ok()?, width.trim().parse().ok()?)))
        .filter(|(height, width)| *height > 0 && *width > 0)
        .ok_or_else(|| {
            gst::error_msg!(
                gst::ResourceError::Settings,
                ("input-size is {text:?}: write height and width in pixels as HxW, for instance 224x224")
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings::default();
        change(&mut settings);
        settings
    }

    #[test]
    fn labels_win_over_numbers_and_empty_labels_say_nothing() {
        let class = |number, label: Option<&str>| {
            Class {
                number,
                label: label.map(Into::into),
            }
            .choice()
        };
        assert_eq!(class(-1, None), ClassChoice::Auto);
        assert_eq!(class(3, Some("")), ClassChoice::Index(3));
        assert_eq!(class(3, Some("smile")), ClassChoice::Label("smile".into()));
    }

    #[test]
    fn sizes_are_height_then_width() {
        let size = |text: &str| {
            with(|s| s.input_size = Some(text.into()))
                .classifier()
                .map(|c| c.input_size)
        };
        assert_eq!(size("224x160").unwrap(), Some((224, 160)));
        assert_eq!(size("").unwrap(), None);
        for wrong in ["224", "x", "0x5", "-1x5", "224x", "ax5"] {
            assert!(size(wrong).unwrap_err().to_string().contains("HxW"), "{wrong}");
        }
    }

    #[test]
    fn an_empty_side_car_means_none() {
        let info = |text: Option<&str>| {
            with(|s| s.classifier.model_info = text.map(Into::into))
                .classifier()
                .unwrap()
                .model_info
        };
        assert_eq!(info(None), None);
        assert_eq!(info(Some("")), Some(PathBuf::new()));
    }

    #[test]
    fn the_sweep_multiplies_the_magnification_and_needs_a_time() {
        let settings = with(|s| {
            s.lens.reach.magnification = 2.0;
            s.sweep = Sweep::Triangle;
            s.sweep_period_ns = 4_000_000_000;
        });
        let at = |ms| {
            settings
                .lens(Some(gst::ClockTime::from_mseconds(ms)))
                .reach
                .magnification
        };
        assert_eq!([0, 1000, 2000, 3000, 4000].map(at), [0.0, 1.0, 2.0, 1.0, 0.0]);
        assert_eq!(settings.lens(None).reach.magnification, 2.0);
    }

    #[test]
    fn frames_pass_only_unchanged_and_unasked() {
        let passes = |change: fn(&mut Settings)| {
            let settings = with(change);
            settings.pass_on(&settings.lens(None))
        };
        assert!(!passes(|_| ()));
        assert!(passes(|s| s.lens.reach.magnification = 0.0));
        assert!(passes(|s| s.lens.view.display_mode = DisplayMode::Source));
        assert!(!passes(
            |s| (s.lens.reach.magnification, s.post_messages) = (0.0, true)
        ));
        assert!(!passes(
            |s| (s.lens.reach.magnification, s.attach_meta) = (0.0, true)
        ));
        assert!(!passes(|s| (
            s.lens.reach.magnification,
            s.lens.reach.l2_budget
        ) = (0.0, 1.0)));
        assert!(!passes(|s| (
            s.lens.reach.magnification,
            s.lens.view.display_mode
        ) = (0.0, DisplayMode::Difference)));
    }

    #[test]
    fn a_region_is_four_numbers_and_its_part_beyond_the_corner_is_cut_off() {
        let region = |roi: &[i32]| {
            with(|s| s.roi = roi.to_vec())
                .lens(None)
                .input
                .roi
                .map(|r| [r.x, r.y, r.width, r.height])
        };
        assert_eq!(region(&[]), None);
        assert_eq!(region(&[1, 2, 3]), None);
        assert_eq!(region(&[8, 4, 96, 64]), Some([8, 4, 96, 64]));
        assert_eq!(region(&[-8, -4, 96, 64]), Some([0, 0, 88, 60]));
        assert_eq!(region(&[-8, 0, 4, i32::MAX]), Some([0, 0, 0, i32::MAX as usize]));
        assert_eq!(region(&[i32::MIN, 5, -3, 7]), Some([0, 5, 0, 7]));
    }

    #[test]
    fn what_is_set_in_vain_is_said() {
        let said = |change: fn(&mut Settings)| with(change).unused().unwrap_or_default();
        assert_eq!(said(|_| ()), "");
        assert_eq!(said(|s| s.roi = vec![8, 4, 96, 64]), "");
        assert!(said(|s| s.roi = vec![1, 2, 3]).starts_with("roi"));
        assert_eq!(
            said(|s| (s.lens.reach.steps, s.lens.view.measure_after) = (4, true)),
            ""
        );
        let held = said(|s| {
            (
                s.live.gradient_mode,
                s.lens.reach.steps,
                s.lens.view.measure_after,
            ) = (GradientMode::Held, 4, true);
        });
        assert!(held.contains("steps and measure-after"), "{held}");
    }

    #[test]
    fn the_further_run_is_made_only_for_those_who_ask() {
        let after = |post, attach| {
            with(|s| (s.lens.view.measure_after, s.post_messages, s.attach_meta) = (true, post, attach))
                .lens(None)
                .view
                .measure_after
        };
        assert_eq!(
            [after(false, false), after(true, false), after(false, true)],
            [false, true, true]
        );
    }
}
