// SPDX-License-Identifier: MPL-2.0
//! The true classes of the inputs, where they are known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Input;
use crate::error::{Error, Result, bail};

/// Where true labels come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// Nowhere.
    Unknown,
    /// The name of the folder that a file lies in.
    Folder,
    /// A CSV file of two columns, path and label.
    Table(PathBuf),
}

impl Truth {
    /// The label of each input.
    ///
    /// # Errors
    /// When the table cannot be read, or does not name exactly these inputs.
    pub(crate) fn labels(&self, inputs: &[Input], all: bool) -> Result<Vec<Option<String>>> {
        match self {
            Self::Unknown => Ok(vec![None; inputs.len()]),
            Self::Folder => Ok(inputs.iter().map(|input| folder_of(&input.path)).collect()),
            Self::Table(table) => by_table(table, inputs, all),
        }
    }
}

fn folder_of(path: &Path) -> Option<String> {
    Some(path.parent()?.file_name()?.to_string_lossy().into_owned())
}

/// `all`: whether these are all inputs, so that a label left over is a mistake.
fn by_table(table: &Path, inputs: &[Input], all: bool) -> Result<Vec<Option<String>>> {
    let name = table.display();
    let unread = |error: csv::Error| Error::file(format!("the table of labels {name} cannot be read"), error);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_path(table)
        .map_err(unread)?;
    let mut labels = HashMap::new();
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(unread)?;
        match (record.get(0), record.get(1)) {
            // A first line that names the columns.
            (Some("path"), Some("label")) if line == 0 => (),
            (Some(path), Some(label)) if !path.is_empty() && !label.is_empty() => {
                labels.insert(path.to_owned(), label.to_owned());
            }
            _ => bail!(
                Inputs,
                "line {} of the table of labels {name} is no path and label, with a comma between",
                line + 1
            ),
        }
    }
    let given = labels.len();
    let found: Vec<Option<String>> = inputs
        .iter()
        .map(|input| {
            let label = labels.remove(&input.name);
            label.or_else(|| labels.remove(&input.key))
        })
        .collect();
    let missing = inputs.iter().zip(&found).find(|(_, label)| label.is_none());
    if let Some((input, _)) = missing {
        bail!(
            Inputs,
            "the table {name} has {given} labels for {} inputs: there is none for {}; write its path as given, or as \
             below the folder named",
            inputs.len(),
            input.path.display()
        );
    }
    if let Some(left) = labels.keys().min().filter(|_| all) {
        bail!(
            Inputs,
            "the table {name} has {given} labels for {} inputs: {left} is not among them",
            inputs.len()
        );
    }
    Ok(found)
}
