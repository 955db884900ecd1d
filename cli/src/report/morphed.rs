// SPDX-License-Identifier: MPL-2.0
//! The report of `steerlens morph`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use steerlens::settings::short;
use steerlens::{ClassifierSettings, Lens, Report};

use super::{Answer, SCHEMA, facts, lossy, nanoseconds, settings, single, without_empty};
use crate::output::Output;

/// Classes of the source picture that are listed, most probable first.
const TOP: usize = 5;

/// Agreement below which a direction is called chance: two means with this cosine have little in common.
const DOUBTFUL: f64 = 0.2;

/// What one picture became.
#[derive(Debug)]
pub(crate) struct Morphed<'a> {
    pub(crate) lens: &'a Lens,
    pub(crate) classifier: &'a ClassifierSettings,
    pub(crate) files: Files,
    /// Width and height.
    pub(crate) size: (usize, usize),
    /// One for each magnification: several with `--sheet`.
    pub(crate) morphs: Vec<Report>,
}

/// The files of a run.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) image: PathBuf,
    pub(crate) model: PathBuf,
    pub(crate) output: PathBuf,
}

impl Answer for Morphed<'_> {
    fn json(&self) -> Value {
        let (reading, classifier) = (self.lens.reading(), self.lens.classifier());
        let [source, target] = self.classes();
        let [of_source, of_target] = self.before();
        let score = |class: usize| single(reading.logits.get(class).copied().unwrap_or(f32::NAN));
        let class = |class: &usize| json!({"class": class, "label": self.label(*class), "probability": single(self.probability(*class))});
        let also = self.lens.also_driven_by();
        let object = json!({
            "schema": SCHEMA,
            "image": lossy(&self.files.image),
            "model": lossy(&self.files.model),
            // Further models that drove.
            "also-models": also.map(|model| lossy(model.model_file())).collect::<Value>(),
            "output": lossy(&self.files.output),
            "width": self.size.0,
            "height": self.size.1,
            "source-class": source,
            "source-label": self.label(source),
            "target-class": target,
            "target-label": self.label(target),
            "source-logit": score(source),
            "target-logit": score(target),
            "source-probability": single(of_source),
            "target-probability": single(of_target),
            "gradient-norm": reading.gradient_norm,
            // How sure the direction is, of several samples: of the first morph.
            "agreement": self.agreement(),
            "inference-time": nanoseconds(reading.inference_time),
            "classes": self.ranking().iter().take(TOP).map(class).collect::<Value>(),
            "settings": settings::in_force(self.classifier, self.lens.settings()),
            // The magnification that the model's description advises.
            "advised-magnification": classifier.signature().magnification,
            "facts": facts(classifier.facts()),
            // What there is to warn of in the model; each morph has its own.
            "warnings": classifier.warnings(),
            "morphs": self.morphs.iter().map(|morph| self.morph(morph)).collect::<Value>(),
        });
        without_empty(object, &["also-models", "agreement", "advised-magnification"])
    }
}

impl Morphed<'_> {
    /// One morph: what was done, and what the classifier says of the picture as written.
    fn morph(&self, morph: &Report) -> Value {
        let after = morph.after;
        let [source, target] = probabilities_after(morph).map(|p| p.map(single));
        let object = json!({
            "magnification": morph.magnification,
            "phase-rms": morph.phase_rms,
            "agreement": morph.agreement,
            // How alike the gradients of several drivers are, at the first step.
            "drivers-agreement": morph.drivers_agreement,
            "l2": morph.l2,
            "attained": morph.attained,
            // Whether the target's lead ended the way, where it was asked for.
            "led": morph.led,
            "source-probability-after": source,
            "target-probability-after": target,
            "top-class-after": after.map(|after| after.top_class),
            "top-label-after": after.map(|after| self.label(after.top_class)),
            "morph-time": nanoseconds(morph.morph_time),
            "step-time": nanoseconds(morph.step_time),
            "after-time": after.map(|after| nanoseconds(after.time)),
            "warning": morph.warning,
        });
        without_empty(object, &["agreement", "drivers-agreement", "led"])
    }

    fn label(&self, class: usize) -> String {
        self.lens.classifier().label(class).into_owned()
    }

    /// The source class and the target class.
    fn classes(&self) -> [usize; 2] {
        let reading = self.lens.reading();
        [reading.source, reading.target]
    }

    fn probability(&self, class: usize) -> f32 {
        self.lens
            .reading()
            .probabilities
            .get(class)
            .copied()
            .unwrap_or(f32::NAN)
    }

    /// Probabilities of source and target in the source picture.
    pub(crate) fn before(&self) -> [f32; 2] {
        self.classes().map(|class| self.probability(class))
    }

    /// All classes of the source picture, most probable first.
    fn ranking(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.lens.reading().probabilities.len()).collect();
        classes.sort_by(|a, b| self.probability(*b).total_cmp(&self.probability(*a)));
        classes
    }

    fn agreement(&self) -> Option<f64> {
        self.morphs.first()?.agreement
    }

    /// The source class and the target class, each with its label.
    pub(crate) fn pair(&self) -> [(usize, String); 2] {
        self.classes().map(|class| (class, self.label(class)))
    }

    /// " · model".
    pub(crate) fn aside(&self) -> String {
        let stem = self.files.model.file_stem().unwrap_or_default();
        format!(" \u{b7} {}", stem.to_string_lossy())
    }

    /// Whether every morph reached its L2 budget; true without one.
    pub(crate) fn attained(&self) -> bool {
        self.morphs.iter().all(|morph| morph.attained)
    }

    /// What a morph is taken for, where that is neither the source nor the target: the class and its label.
    pub(crate) fn stray(&self, morph: &Report) -> Option<(usize, String)> {
        self.neither(morph.after?.top_class)
    }

    /// What the source picture is taken for, where that is neither the source nor the target.
    pub(crate) fn source_stray(&self) -> Option<(usize, String)> {
        self.neither(*self.ranking().first()?)
    }

    fn neither(&self, class: usize) -> Option<(usize, String)> {
        (!self.classes().contains(&class)).then(|| (class, self.label(class)))
    }

    /// How far the model's description advises to go, where that is another magnification than the one used, and nothing else
    /// has ended the way.
    pub(crate) fn advice(&self) -> Option<String> {
        let advised = self.lens.classifier().signature().magnification?;
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
        let top = morph.after?.top_class;
        let [_, target] = self.classes();
        (top != target).then(|| {
            format!(
                "the network takes the result for {}: one long step may go past a target. Take --preset readable for many \
                 small steps that end where the target leads, or look for an amount with --sheet 0.02,0.1,0.5",
                self.label(top)
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
            .agreement()
            .filter(|agreement| moved && *agreement < DOUBTFUL)?;
        Some(format!(
            "the direction is uncertain: another mean of as many samples would have a cosine of about {agreement:.2} with it; \
             more --samples steady it"
        ))
    }

    /// What the user should know beyond the numbers.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &str> {
        let morphs = self.morphs.iter().filter_map(|morph| morph.warning.as_deref());
        let of_the_model = self.lens.classifier().warnings().iter();
        of_the_model.map(String::as_str).chain(morphs)
    }
}

/// Probabilities of source and target in a morph.
pub(crate) fn probabilities_after(morph: &Report) -> [Option<f32>; 2] {
    let after = morph.after;
    [
        after.map(|after| after.source_probability),
        after.map(|after| after.target_probability),
    ]
}

impl fmt::Display for Morphed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [source, target] = self.pair().map(|(_, label)| label);
        writeln!(f, "{source} \u{2192} {target}{}\n", self.aside())?;
        let [first, second] = [format!("p({source})"), format!("p({target})")];
        let [wide, wider] = [&first, &second].map(|column| column.chars().count());
        writeln!(f, "magnification  {first}  {second}      L2  top class")?;
        let p = |p: Option<f32>| p.map_or_else(|| "-".to_owned(), |p| format!("{p:.3}"));
        let mut line = |what: &str, probabilities: [Option<f32>; 2], l2: &str, top: &str| {
            let [source, target] = probabilities.map(p);
            writeln!(f, "{what:<13}  {source:>wide$}  {target:>wider$}  {l2:>6}  {top}")
        };
        let top = self.ranking().first().map(|class| self.label(*class));
        line("source", self.before().map(Some), "", &top.unwrap_or_default())?;
        for morph in &self.morphs {
            let top = morph.after.map(|after| self.label(after.top_class));
            let (what, l2) = (short(morph.magnification), format!("{:.2}", morph.l2));
            line(
                &what,
                probabilities_after(morph),
                &l2,
                top.as_deref().unwrap_or("-"),
            )?;
        }
        writeln!(f)?;
        let budget = self.lens.settings().reach.l2_budget;
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
        if let Some(agreement) = self.agreement() {
            writeln!(
                f,
                "agreement {agreement:.2}: the cosine to be expected with the mean of as many other samples"
            )?;
        }
        if let Some(cosine) = self.morphs.first().and_then(|morph| morph.drivers_agreement) {
            let also = self.lens.also_driven_by();
            let also: Vec<_> = also
                .map(|model| model.model_file().display().to_string())
                .collect();
            writeln!(
                f,
                "driven by {} too: mean cosine of the drivers' gradients {cosine:.2}",
                also.join(", ")
            )?;
        }
        let sum = |time: fn(&Report) -> Duration| self.morphs.iter().map(time).sum::<Duration>();
        writeln!(
            f,
            "read {}, morph {}, check {}",
            milliseconds(self.lens.reading().inference_time + sum(|morph| morph.step_time)),
            milliseconds(sum(|morph| morph.morph_time)),
            milliseconds(sum(|morph| morph
                .after
                .map_or(Duration::ZERO, |after| after.time))),
        )?;
        writeln!(f, "wrote {}", Output::named(self.files.output.clone()))?;
        writeln!(
            f,
            "\nA raised probability is not evidence of a meaningful change: look at the picture."
        )
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
