// SPDX-License-Identifier: MPL-2.0
//! Everything that is said about a model outside its graph, and what is concluded from it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::Misfit;
use super::input_statements::InputStatements;
use super::provenance::Sourced;
use super::signature::Decided;
use super::{
    ClassifierSettings, Error, Fact, InputLayout, LabelSource, Labels, ModelInfo, OutputInfo, Signature,
    Source, metadata, neighbours,
};
use crate::gradient::{self, Basis, Differentiated, Profile};
use crate::onnx::{GraphProto, ModelProto};

/// Everything that is said about a model outside its graph.
#[derive(Debug)]
pub(super) struct Statements {
    /// The strongest first.
    statements: Vec<(Source, ModelInfo)>,
    pub(super) input: InputStatements,
    /// Of the output that is named, else the first.
    pub(super) labels: NamedLabels,
    /// The label files that were read: several outputs may share one.
    label_files: RefCell<HashMap<LabelFile, Rc<Labels>>>,
    /// The names that a ZipMap pairs with the scores.
    zip_map: Option<Rc<Labels>>,
    /// Whether the graph leaves height or width open.
    open_size: bool,
    pub(super) warnings: Vec<String>,
}

/// The file that names a label file (none where the user does), and its path.
type LabelFile = (Option<PathBuf>, PathBuf);

/// Labels, and where they are from.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedLabels {
    pub(super) labels: Rc<Labels>,
    source: Option<Source>,
    /// What a sentence calls that.
    origin: String,
    /// Whether they may be another model's of the same folder.
    shared: bool,
}

/// What is concluded from settings, descriptions and graph together.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) signature: Signature,
    pub(super) labels: Labels,
    /// Why the labels are not the model's, where they are not.
    pub(super) misfit: Option<Misfit>,
    /// In the order of [`Fact`].
    pub(super) facts: Vec<Fact>,
    /// All there is to warn of.
    pub(super) warnings: Vec<String>,
}

impl Statements {
    /// Property, side-car, metadata, in that order; labels also from `STEM.labels.txt` beside the model.
    pub(super) fn find(settings: &ClassifierSettings, model: &ModelProto) -> Result<Self, Error> {
        let model_file = &settings.model_file;
        let side_car = match &settings.model_info {
            Some(path) if path.as_os_str().is_empty() => None,
            Some(path) => Some((path.clone(), ModelInfo::read(path)?)),
            None => match ModelInfo::beside(model_file) {
                Some(path) => Some((path.clone(), ModelInfo::read_beside(model_file, &path)?)),
                None => None,
            },
        };
        let mut statements = Vec::new();
        statements.extend(side_car.map(|(path, info)| (Source::SideCar(path), info)));
        let entries = model
            .metadata_props
            .iter()
            .filter_map(|e| Some((e.key.as_deref()?, e.value.as_deref()?)));
        let metadata = metadata::statements(&entries.collect::<Vec<_>>());
        let usual = metadata::usual_range(&metadata);
        statements.extend(metadata);
        statements.extend(neighbours::statements(&settings.model_file));

        let graph = model.graph.as_ref();
        let constant =
            |name: &Option<String>| graph.is_some_and(|g| g.initializer.iter().any(|t| t.name == *name));
        let input = graph.and_then(|g| g.input.iter().find(|i| !constant(&i.name)));
        let open_size = input
            .and_then(|i| i.dims())
            .is_none_or(|dims| dims.iter().skip(1).any(|dim| dim.known().is_none()));
        let input = input.and_then(|i| i.name.as_deref()).unwrap_or_default();
        let output = settings.output_name.as_deref().or_else(|| {
            graph
                .and_then(|g| g.output.first())
                .and_then(|o| o.name.as_deref())
        });
        let output = output.unwrap_or_default();
        let said = |(source, info): &(Source, ModelInfo)| Some((source.clone(), info.input(input)?.clone()));
        let warnings = statements
            .iter_mut()
            .flat_map(|(_, info)| std::mem::take(&mut info.warnings))
            .collect();
        let mut described = Self {
            input: InputStatements {
                of: statements.iter().filter_map(said).collect(),
                usual,
            },
            statements,
            labels: NamedLabels::default(),
            label_files: RefCell::default(),
            zip_map: graph.and_then(zip_map).map(Rc::new),
            open_size,
            warnings,
        };
        described.choose_labels(settings, output)?;
        Ok(described)
    }

    /// Takes the labels of this output.
    pub(super) fn choose_labels(&mut self, settings: &ClassifierSettings, output: &str) -> Result<(), Error> {
        self.labels = self.labels_of(settings, output)?;
        Ok(())
    }

    /// What the strongest source says of an output that says anything, and which one it is.
    fn said_of<T>(&self, output: &str, pick: impl Fn(&OutputInfo) -> Option<&T>) -> Option<(&T, &Source)> {
        self.statements
            .iter()
            .find_map(|(source, info)| Some((pick(info.output(output)?)?, source)))
    }

    /// The labels of a file, which must lie in the folder of its owner; anywhere, where the user has named it.
    fn label_file(&self, owner: Option<&Path>, path: &Path) -> Result<Rc<Labels>, Error> {
        let key = (owner.map(Path::to_owned), path.to_owned());
        if let Some(labels) = self.label_files.borrow().get(&key) {
            return Ok(Rc::clone(labels));
        }
        let labels = match owner {
            Some(owner) => Labels::read_beside(owner, path),
            None => Labels::read(path),
        };
        let labels = Rc::new(labels.map_err(Error::Labels)?);
        self.label_files.borrow_mut().insert(key, Rc::clone(&labels));
        Ok(labels)
    }

    /// The labels of an output. An empty label file: none.
    fn labels_of(&self, settings: &ClassifierSettings, output: &str) -> Result<NamedLabels, Error> {
        let read = |owner: Option<&Path>, path: &Path, source: Source| {
            Ok(NamedLabels {
                labels: self.label_file(owner, path)?,
                source: Some(source),
                origin: format!("the label file {}", path.display()),
                shared: false,
            })
        };
        match &settings.label_file {
            Some(none) if none.as_os_str().is_empty() => return Ok(NamedLabels::default()),
            Some(path) => return read(None, path, Source::Setting),
            None => {}
        }
        let given = self.said_of(output, |info| info.labels.as_ref());
        let shared = matches!(given, Some((_, Source::Neighbour(_))));
        // A file of the model's own name is for it alone, and a neighbour's may be for all models of a folder.
        if shared || given.is_none() {
            let path = settings.model_file.with_extension("labels.txt");
            match read(Some(&settings.model_file), &path, Source::Neighbour(path.clone())) {
                Err(Error::Labels(e)) if e.is_not_found() => {}
                read => return read,
            }
        }
        match given {
            Some((LabelSource::Inline(labels), source)) => Ok(NamedLabels {
                labels: Rc::new(labels.clone()),
                origin: match source {
                    Source::Neighbour(path) => path.display().to_string(),
                    source => format!("the model's {source}"),
                },
                source: Some(source.clone()),
                shared,
            }),
            // The side-car has put its own folder before the name.
            Some((LabelSource::File(path), source)) => {
                let owner = match source {
                    Source::SideCar(owner) => owner,
                    _ => &settings.model_file,
                };
                read(Some(owner), path, source.clone())
            }
            None => Ok(self
                .zip_map
                .clone()
                .map_or_else(NamedLabels::default, |labels| NamedLabels {
                    labels,
                    source: Some(Source::Graph),
                    origin: "the model's ZipMap".into(),
                    shared: false,
                })),
        }
    }

    /// What the reverse half's making needs to know.
    pub(super) fn options(&self, settings: &ClassifierSettings, profile: Profile) -> gradient::Options {
        let said = |layout: InputLayout| (layout != InputLayout::Auto).then_some(layout);
        let layout =
            said(settings.input_layout).or_else(|| Some(self.input.first(|info| said(info.layout))?.value));
        // Where the model's size is fixed it is that; a description may be another export's.
        let size = self.input.first(|info| info.size).filter(|_| self.open_size);
        gradient::Options {
            output: settings.output_name.clone(),
            input_size: settings.input_size.or(size.map(|said| said.value)),
            channels_last: layout.map(|layout| layout == InputLayout::Nhwc),
            labels: Some(self.labels.labels.len()).filter(|labels| *labels > 0),
            stated: self.stated(settings),
            profile,
            ..Default::default()
        }
    }

    /// What is stated of the scores of every output that is described.
    fn stated(&self, settings: &ClassifierSettings) -> Vec<gradient::Stated> {
        let outputs = self.statements.iter().flat_map(|(_, info)| &info.outputs);
        let mut names: Vec<Option<String>> = outputs.map(|output| output.name.clone()).collect();
        // What is said of no output by name holds for those that are named, too.
        if names.iter().any(Option::is_some) {
            names.retain(Option::is_some);
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let of = |name: Option<String>| {
            let output = name.as_deref().unwrap_or_default();
            // A file that cannot be read is told of once it is needed.
            let labels = self.labels_of(settings, output).ok();
            gradient::Stated {
                activation: self
                    .said_of(output, |info| info.activation.as_ref())
                    .map(|said| *said.0),
                labels: labels
                    .map(|named| named.labels.len())
                    .filter(|labels| *labels > 0),
                name,
            }
        };
        names.into_iter().map(of).collect()
    }

    /// What the scores were taken for.
    pub(super) fn scores(&self, d: &Differentiated) -> Fact {
        let source = match d.meaning.basis {
            Basis::Graph => Source::Graph,
            Basis::Numbers => Source::Numbers,
            Basis::Guess => Source::Guess,
            Basis::Stated => self
                .said_of(&d.output, |info| info.activation.as_ref())
                .map_or(Source::Guess, |(_, source)| source.clone()),
        };
        Fact::new("scores", d.meaning.text.clone(), source)
    }

    /// Decides on everything, once the graph is known.
    pub(super) fn conclude(
        self,
        settings: &ClassifierSettings,
        d: &Differentiated,
    ) -> Result<Conclusion, Error> {
        let scores = self.scores(d);
        let Decided {
            signature,
            mut facts,
            mut warnings,
        } = Signature::decide(
            &d.input,
            &d.input_shape,
            d.element,
            settings,
            &self.input,
            d.forward.graph.as_ref(),
        )?;
        warnings.extend(self.warnings);
        warnings.extend(d.meaning.warnings.iter().cloned());
        let (width, height) = signature.size();
        let said = self.input.first(|info| info.size);
        if let Some(Sourced { value, source }) = &said
            && !self.open_size
            && *value != (height, width)
        {
            let (h, w) = value;
            warnings.push(format!(
                "the {source} says that pictures are {h}x{w}, and the model takes {height}x{width}: its own size is \
                 used; check that the description is this model's"
            ));
        }
        let size = match said {
            _ if !self.open_size => Source::Graph,
            _ if settings.input_size.is_some() => Source::Setting,
            Some(said) => said.source,
            None => Source::Graph,
        };
        facts.insert(0, Fact::new("size", format!("{height}x{width}"), size));
        let classes = d.classes().max(2);
        let NamedLabels {
            labels,
            source,
            origin,
            shared,
        } = self.labels;
        let mut labels = Rc::unwrap_or_clone(labels);
        warnings.extend(labels.fit(classes));
        let mut misfit = None;
        if !labels.is_empty() && labels.len() != classes {
            let found = Misfit {
                origin,
                labels: labels.len(),
                classes,
            };
            if shared {
                warnings.push(format!(
                    "{} has {} labels and the model {classes} classes: they are left aside",
                    found.origin, found.labels
                ));
                labels = Labels::default();
            } else {
                warnings.push(found.to_string());
                misfit = Some(found);
            }
        }
        if let Some(source) = source.filter(|_| !labels.is_empty()) {
            facts.insert(0, Fact::new("labels", format!("{} names", labels.len()), source));
        }
        facts.insert(0, scores);
        Ok(Conclusion {
            signature,
            labels,
            misfit,
            facts,
            warnings,
        })
    }
}

/// The names that a ZipMap pairs with the scores.
fn zip_map(graph: &GraphProto) -> Option<Labels> {
    let node = graph.node.iter().find(|node| node.op() == "ZipMap")?;
    let names = &node.attribute("classlabels_strings")?.strings;
    let names: Option<Vec<&str>> = names.iter().map(|name| std::str::from_utf8(name).ok()).collect();
    Some(Labels::from_text(&names?.join("\n"))).filter(|labels| !labels.is_empty())
}
