// SPDX-License-Identifier: MPL-2.0
//! What is asked of every frame, in the numbers of one model.

mod measures;
mod strip;
mod worker;

use steerlens::morph::MagnificationUnit;
use steerlens::{ClassChoice, Classifier, LensSettings, ReachSettings, Reading};

pub(crate) use worker::Worker;

use crate::error::Result;
use crate::settings::{Settings, Source, Targets};
use crate::table::Reach;

/// The classes of [`Targets`], by number.
#[derive(Debug)]
enum TargetClasses {
    RunnerUp,
    All,
    List(Vec<usize>),
    Pairs(Vec<(usize, usize)>),
}

/// The words of an audit as one model's numbers.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub(crate) source: Source,
    targets: TargetClasses,
    pub(crate) reaches: Vec<(Reach, f64)>,
    pub(crate) seed: u64,
    /// How many copies' gradients are averaged: each of these numbers, and how the copies differ.
    pub(crate) lenses: Vec<LensSettings>,
    pub(crate) orientations: u32,
    pub(crate) strips: bool,
}

impl Protocol {
    /// # Errors
    /// When a class is unknown.
    pub(crate) fn new(settings: &Settings, driver: &Classifier) -> Result<Self> {
        let class =
            |label: &String| -> Result<usize> { Ok(driver.class(label).map_err(steerlens::Error::from)?) };
        let targets = match &settings.targets {
            Targets::RunnerUp => TargetClasses::RunnerUp,
            Targets::All => TargetClasses::All,
            Targets::List(labels) => TargetClasses::List(labels.iter().map(class).collect::<Result<_>>()?),
            Targets::Pairs(pairs) => TargetClasses::Pairs(
                pairs
                    .iter()
                    .map(|(source, target)| Ok((class(source)?, class(target)?)))
                    .collect::<Result<_>>()?,
            ),
        };
        let mut reaches = settings.reaches();
        if reaches.iter().all(|(reach, _)| *reach == Reach::Flip) {
            let advised = driver.signature().magnification;
            let advised = advised.unwrap_or(ReachSettings::MAGNIFICATION.default);
            reaches.insert(0, (Reach::Magnification, advised));
        }
        Ok(Self {
            source: settings.source,
            targets,
            reaches,
            seed: settings.seed,
            lenses: settings
                .samples
                .iter()
                .map(|samples| lens(settings).with(|s| s.gradient.samples = *samples))
                .collect(),
            orientations: settings.morph.pyramid.orientations,
            strips: settings.strips,
        })
    }

    /// The classes that a frame of these scores is moved to.
    pub(crate) fn targets_of(&self, source: usize, scores: &Reading) -> Vec<usize> {
        match &self.targets {
            TargetClasses::RunnerUp => vec![scores.rival_of(source)],
            TargetClasses::All => (0..scores.logits.len())
                .filter(|class| *class != source)
                .collect(),
            TargetClasses::List(list) => list.iter().copied().filter(|class| *class != source).collect(),
            TargetClasses::Pairs(pairs) => pairs
                .iter()
                .filter(|(from, _)| *from == source)
                .map(|(_, to)| *to)
                .collect(),
        }
    }
}

/// What all edits have in common.
pub(crate) fn lens(settings: &Settings) -> LensSettings {
    LensSettings {
        morph: settings.morph.clone(),
        resolution: settings.resolution,
        ..LensSettings::default()
    }
    .with(|s| {
        // The pair is named: where there are several steps its source stays (docs/method.md 2.8, the literal form).
        s.gradient.source = ClassChoice::Index(0);
        s.gradient.target = ClassChoice::Index(1);
        s.reach.steps = settings.steps;
        s.gradient.seed = settings.seed;
        (s.gradient.shift, s.gradient.zoom) = (settings.copies.shift, settings.copies.zoom);
        (s.gradient.mirror, s.gradient.noise_level) = (settings.copies.mirror, settings.copies.noise_level);
        s.morph.magnification_unit = MagnificationUnit::default();
    })
}
