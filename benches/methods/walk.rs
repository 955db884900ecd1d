// SPDX-License-Identifier: MPL-2.0
//! One way of morphing, applied to picture after picture.

use steerlens::morph::{ColorMode, Method};
use steerlens::pyramid::Grid;
use steerlens::settings::{AMPLITUDE_EXPONENT, Choice, OCTAVES};
use steerlens::{ClassChoice, Control, Editor, FrameViewMut, LensSettings, Reader, Reading};

use super::Result;
use super::kind::Picture;

/// How far a morph goes.
#[derive(Clone, Copy)]
pub(crate) enum Reach {
    /// To this L2 distance.
    Budget(f64),
    /// By this magnification.
    Magnification(f64),
}

/// How pictures are morphed.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) method: Method,
    pub(crate) steps: u32,
    pub(crate) control: Control,
    pub(crate) reach: Reach,
    pub(crate) color_mode: ColorMode,
    /// Amplitude exponent and octaves other than the defaults.
    pub(crate) tuning: Option<(f64, u32)>,
}

/// What a picture became.
pub(crate) struct Morphed {
    pub(crate) picture: Picture,
    pub(crate) l2: f64,
    pub(crate) attained: bool,
}

/// Walks one way.
pub(crate) struct Walker {
    way: Way,
    editor: Editor,
    reading: Reading,
}

impl Way {
    /// "csp-phase, 8 steps", and whether by chance.
    pub(crate) fn name(&self) -> String {
        let steps = match self.steps {
            1 => String::new(),
            steps => format!(", {steps} steps"),
        };
        let chance = match self.control {
            Control::None => "",
            Control::Random => ", by chance",
        };
        let tuning = match self.tuning {
            None => String::new(),
            Some((exponent, octaves)) => format!(", p {exponent}, {octaves} octaves"),
        };
        format!("{}{tuning}{chance}{steps}", self.method.nick())
    }

    fn settings(&self) -> LensSettings {
        let (l2_budget, magnification) = match self.reach {
            Reach::Budget(budget) => (budget, 1.0),
            Reach::Magnification(magnification) => (0.0, magnification),
        };
        let (amplitude_exponent, octaves) = self
            .tuning
            .unwrap_or((AMPLITUDE_EXPONENT.default, OCTAVES.default));
        LensSettings {
            amplitude_exponent,
            octaves,
            method: self.method,
            color_mode: self.color_mode,
            steps: self.steps,
            control: self.control,
            l2_budget,
            magnification,
            // Comparable with the published method.
            grid: Grid::Exact,
            ..LensSettings::default()
        }
    }
}

impl Walker {
    pub(crate) fn new(driver: &Reader, way: Way) -> Result<Self> {
        Ok(Self {
            way,
            editor: Editor::new(driver, way.settings())?,
            reading: Reading::default(),
        })
    }

    /// Morphs a picture towards a class. `seed` is that of a walk by chance.
    pub(crate) fn walk(
        &mut self,
        driver: &mut Reader,
        from: &Picture,
        target: usize,
        seed: u64,
    ) -> Result<Morphed> {
        driver.set_settings(&LensSettings {
            // Every step leaves the class that is most probable there (docs/method.md 2.8).
            source: ClassChoice::Auto,
            target: ClassChoice::Index(target),
            ..LensSettings::default()
        })?;
        self.editor.set_settings(LensSettings {
            seed,
            ..self.way.settings()
        })?;
        let view = from.view()?;
        driver.read_pair(&view, (from.label, target), &mut self.reading)?;
        let mut picture = from.clone();
        let stride = from.width * from.format.bytes();
        let mut out = FrameViewMut::new(from.format, from.width, from.height, stride, &mut picture.bytes)?;
        let report = self.editor.walk(driver, &view, &self.reading, &mut out)?;
        Ok(Morphed {
            picture,
            l2: report.l2,
            attained: report.attained,
        })
    }
}
