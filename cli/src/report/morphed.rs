// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens morph`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use steerlens::settings::short;
use steerlens::{ClassifierSettings, Lens, Report};

use super::Fact;
use super::settings::InForce;
use crate::output::Output;

/// Classes of the source picture that are listed, most probable first.
const TOP: usize = 5;

/// Agreement below which a direction is called chance: two means with this cosine have little in common.
const DOUBTFUL: f64 = 0.2;

/// What one picture became.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Morphed {
    schema: u32,
    #[serde(serialize_with = "super::lossy")]
    image: PathBuf,
    #[serde(serialize_with = "super::lossy")]
    model: PathBuf,
    /// Further models that drove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_models: Vec<String>,
    #[serde(serialize_with = "super::lossy")]
    output: PathBuf,
    width: usize,
    height: usize,
    source_class: usize,
    source_label: String,
    target_class: usize,
    target_label: String,
    source_logit: f32,
    target_logit: f32,
    pub(crate) source_probability: f32,
    pub(crate) target_probability: f32,
    gradient_norm: f64,
    /// How sure the direction is, of several samples: of the first morph.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<f64>,
    inference_time: u64,
    classes: Vec<Class>,
    settings: InForce,
    /// The magnification that the model's description advises.
    #[serde(skip_serializing_if = "Option::is_none")]
    advised_magnification: Option<f64>,
    /// What had to be known of the model, and where it was taken from.
    facts: Vec<Fact>,
    /// What there is to warn of in the model; each morph has its own.
    warnings: Vec<String>,
    /// One for each magnification: several with `--sheet`.
    pub(crate) morphs: Vec<Step>,
}

/// A class of the source picture.
#[derive(Debug, Serialize)]
struct Class {
    class: usize,
    label: String,
    probability: f32,
}

/// One morph: what was done, and what the classifier says of the picture as written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Step {
    pub(crate) magnification: f64,
    phase_rms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<f64>,
    /// How alike the gradients of several drivers are, at the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    drivers_agreement: Option<f64>,
    l2: f64,
    attained: bool,
    /// Whether the target's lead ended the way, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    led: Option<bool>,
    pub(crate) source_probability_after: Option<f32>,
    pub(crate) target_probability_after: Option<f32>,
    top_class_after: Option<usize>,
    top_label_after: Option<String>,
    morph_time: u64,
    step_time: u64,
    after_time: Option<u64>,
    warning: Option<String>,
}

impl Step {
    pub(crate) fn new(lens: &Lens, report: Report) -> Self {
        let after = report.after;
        Self {
            magnification: report.magnification,
            phase_rms: report.phase_rms,
            agreement: report.agreement,
            drivers_agreement: report.drivers_agreement,
            l2: report.l2,
            attained: report.attained,
            led: report.led,
            source_probability_after: after.map(|after| after.source_probability),
            target_probability_after: after.map(|after| after.target_probability),
            top_class_after: after.map(|after| after.top_class),
            top_label_after: after.map(|after| lens.classifier().label(after.top_class).into_owned()),
            morph_time: nanoseconds(report.morph_time),
            step_time: nanoseconds(report.step_time),
            after_time: after.map(|after| nanoseconds(after.time)),
            warning: report.warning,
        }
    }
}

/// The files of a run, for the report.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) image: PathBuf,
    pub(crate) model: PathBuf,
    pub(crate) output: PathBuf,
}

impl Morphed {
    /// Puts together what happened to a picture of `size` (width, height).
    pub(crate) fn new(
        lens: &Lens,
        classifier: &ClassifierSettings,
        morphs: Vec<Step>,
        files: Files,
        size: (usize, usize),
    ) -> Self {
        let reading = lens.reading();
        let label = |class| lens.classifier().label(class).into_owned();
        let at = |values: &[f32], class: usize| values.get(class).copied().unwrap_or(f32::NAN);
        let mut classes: Vec<Class> = (0..reading.probabilities.len())
            .map(|class| Class {
                class,
                label: label(class),
                probability: at(&reading.probabilities, class),
            })
            .collect();
        classes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        classes.truncate(TOP);
        Self {
            schema: super::SCHEMA,
            image: files.image,
            model: files.model,
            also_models: lens
                .also_driven_by()
                .map(|model| model.model_file().display().to_string())
                .collect(),
            output: files.output,
            width: size.0,
            height: size.1,
            source_class: reading.source,
            source_label: label(reading.source),
            target_class: reading.target,
            target_label: label(reading.target),
            source_logit: at(&reading.logits, reading.source),
            target_logit: at(&reading.logits, reading.target),
            source_probability: at(&reading.probabilities, reading.source),
            target_probability: at(&reading.probabilities, reading.target),
            gradient_norm: reading.gradient_norm,
            agreement: morphs.first().and_then(|morph| morph.agreement),
            inference_time: nanoseconds(reading.inference_time),
            classes,
            settings: InForce::new(classifier, lens.settings()),
            advised_magnification: lens.classifier().signature().magnification,
            facts: Fact::all(lens.classifier().facts()),
            warnings: lens.classifier().warnings().to_vec(),
            morphs,
        }
    }

    /// The source class and the target class, each with its label.
    pub(crate) fn pair(&self) -> [(usize, &str); 2] {
        [
            (self.source_class, &*self.source_label),
            (self.target_class, &*self.target_label),
        ]
    }

    /// " · model".
    pub(crate) fn aside(&self) -> String {
        format!(
            " \u{b7} {}",
            self.model.file_stem().unwrap_or_default().to_string_lossy()
        )
    }

    /// Whether every morph reached its L2 budget; true without one.
    pub(crate) fn attained(&self) -> bool {
        self.morphs.iter().all(|morph| morph.attained)
    }

    /// What a morph is taken for, where that is neither the source nor the target: the class and its label.
    pub(crate) fn stray<'a>(&'a self, morph: &'a Step) -> Option<(usize, &'a str)> {
        let found = (morph.top_class_after?, morph.top_label_after.as_deref()?);
        (!self.is_of_the_pair(found.0)).then_some(found)
    }

    /// What the source picture is taken for, where that is neither the source nor the target.
    pub(crate) fn source_stray(&self) -> Option<(usize, &str)> {
        let top = self.classes.first()?;
        (!self.is_of_the_pair(top.class)).then_some((top.class, &*top.label))
    }

    fn is_of_the_pair(&self, class: usize) -> bool {
        [self.source_class, self.target_class].contains(&class)
    }

    /// How far the model's description advises to go, where that is another magnification than the one used, and nothing else
    /// has ended the way.
    pub(crate) fn advice(&self) -> Option<String> {
        let advised = self.advised_magnification?;
        let morph = self.morphs.first()?;
        let used = morph.magnification;
        (advised != used && morph.led != Some(true)).then(|| {
            format!(
                "the description of this model advises magnification {}, and the default {} was used: add --magnification {}",
                short(advised),
                short(used),
                short(advised)
            )
        })
    }

    /// What to do where a single step of the default length does not end at the target.
    pub(crate) fn missed(&self) -> Option<String> {
        let morph = self.morphs.first().filter(|morph| morph.l2 > 0.0)?;
        let (class, label) = morph.top_class_after.zip(morph.top_label_after.as_ref())?;
        (class != self.target_class).then(|| {
            format!(
                "the network takes the result for {label}: one long step may go past a target. Take --preset readable for many \
                 small steps that end where the target leads, or look for an amount with --sheet 0.02,0.1,0.5"
            )
        })
    }

    /// What is said of a direction that the samples do not agree on.
    pub(crate) fn doubt(&self) -> Option<String> {
        let moved = self
            .morphs
            .iter()
            .any(|morph| morph.warning.is_none() && morph.l2 > 0.0);
        let agreement = self
            .agreement
            .filter(|agreement| moved && *agreement < DOUBTFUL)?;
        Some(format!(
            "the direction is uncertain: another mean of as many samples would have a cosine of about {agreement:.2} with it; \
             more --samples steady it"
        ))
    }

    /// What the user should know beyond the numbers.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &str> {
        let morphs = self.morphs.iter().filter_map(|morph| morph.warning.as_deref());
        self.warnings.iter().map(String::as_str).chain(morphs)
    }
}

impl fmt::Display for Morphed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = [
            format!("p({})", self.source_label),
            format!("p({})", self.target_label),
        ];
        let [wide, wider] = columns.each_ref().map(|column| column.chars().count());
        let [source, target] = columns;
        let top = self.classes.first().map_or("", |class| &class.label);
        let p = |p: Option<f32>| p.map_or_else(|| "-".to_owned(), |p| format!("{p:.3}"));

        writeln!(
            f,
            "{} \u{2192} {}{}\n",
            self.source_label,
            self.target_label,
            self.aside()
        )?;
        writeln!(f, "magnification  {source}  {target}      L2  top class")?;
        let (before, after) = (p(Some(self.source_probability)), p(Some(self.target_probability)));
        writeln!(
            f,
            "{:<13}  {before:>wide$}  {after:>wider$}  {:>6}  {top}",
            "source", ""
        )?;
        for morph in &self.morphs {
            let (before, after) = (
                p(morph.source_probability_after),
                p(morph.target_probability_after),
            );
            let magnification = short(morph.magnification);
            let top = morph.top_label_after.as_deref().unwrap_or("-");
            writeln!(
                f,
                "{magnification:<13}  {before:>wide$}  {after:>wider$}  {:6.2}  {top}",
                morph.l2
            )?;
        }
        writeln!(f)?;
        let budget = self.settings.l2_budget();
        if budget > 0.0 {
            let verdict = if self.attained() {
                "attained"
            } else {
                "not attained"
            };
            writeln!(f, "L2 budget {budget}: {verdict}")?;
        }
        match self.morphs.first().and_then(|morph| morph.led) {
            Some(true) => writeln!(f, "the target leads as far as was asked for")?,
            Some(false) => writeln!(
                f,
                "the target does not lead as far as was asked for: magnification or budget came first"
            )?,
            None => (),
        }
        let sum = |time: fn(&Step) -> u64| self.morphs.iter().map(time).sum::<u64>();
        if let Some(agreement) = self.agreement {
            writeln!(
                f,
                "agreement {agreement:.2}: the cosine to be expected with the mean of as many other samples"
            )?;
        }
        if let Some(cosine) = self.morphs.first().and_then(|morph| morph.drivers_agreement) {
            writeln!(
                f,
                "driven by {} too: mean cosine of the drivers' gradients {cosine:.2}",
                self.also_models.join(", ")
            )?;
        }
        writeln!(
            f,
            "read {}, morph {}, check {}",
            milliseconds(self.inference_time + sum(|morph| morph.step_time)),
            milliseconds(sum(|morph| morph.morph_time)),
            milliseconds(sum(|morph| morph.after_time.unwrap_or(0))),
        )?;
        writeln!(f, "wrote {}", Output::named(self.output.clone()))?;
        writeln!(
            f,
            "\nA raised probability is not evidence of a meaningful change: look at the picture."
        )
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.1} ms", Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3)
}
