// SPDX-License-Identifier: MPL-2.0
//! One way of morphing, applied to picture after picture.

use steerlens::morph;
use steerlens::morph::{ColorMode, Method};
use steerlens::pyramid::Grid;
use steerlens::pyramid::Spec;
use steerlens::settings::Choice;
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
            .unwrap_or((morph::Settings::AMPLITUDE_EXPONENT.default, Spec::OCTAVES.default));
        LensSettings::default().with(|s| {
            s.morph.amplitude_exponent = amplitude_exponent;
            s.morph.pyramid.octaves = octaves;
            s.morph.method = self.method;
            s.morph.color_mode = self.color_mode;
            s.reach.steps = self.steps;
            s.control = self.control;
            s.reach.l2_budget = l2_budget;
            s.reach.magnification = magnification;
            // Comparable with the published method.
            s.morph.pyramid.grid = Grid::Exact;
        })
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
        driver.set_settings(&LensSettings::default().with(|s| {
            // Every step leaves the class that is most probable there (docs/method.md 2.8).
            s.gradient.source = ClassChoice::Auto;
            s.gradient.target = ClassChoice::Index(target);
        }))?;
        let settings = self.way.settings().with(|s| s.gradient.seed = seed);
        let reach = settings.reach.clone();
        self.editor.set_settings(settings)?;
        let view = from.view()?;
        driver.read_pair(&view, (from.label, target), &mut self.reading)?;
        let mut picture = from.clone();
        let stride = from.width * from.format.bytes();
        let mut out = FrameViewMut::new(from.format, from.width, from.height, stride, &mut picture.bytes)?;
        let report = self.editor.walk(driver, &view, &self.reading, &reach, &mut out)?;
        Ok(Morphed {
            picture,
            l2: report.l2,
            attained: report.attained,
        })
    }
}
