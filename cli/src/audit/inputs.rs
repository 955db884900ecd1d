// SPDX-License-Identifier: MPL-2.0
//! What is audited: pictures, videos and image sequences, named one by one, by folder or by pattern.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::hash;

const PICTURES: &[&str] = &["png", "jpg", "jpeg"];
/// What is looked at in a folder; a file that is named itself may have any other ending.
const VIDEOS: &[&str] = &[
    "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogg", "ogv", "ts", "webm",
    "wmv", "y4m",
];

/// What sort of file an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One picture.
    Picture,
    /// Whatever GStreamer's plugins play.
    Video,
    /// Numbered pictures, one per frame.
    Sequence,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    /// Its path, as found below what was named.
    pub(super) path: PathBuf,
    /// Its path below the folder that was named, with slashes; its file name where it was named itself. The same
    /// wherever the folder is mounted.
    pub(super) key: String,
    pub(super) kind: Kind,
    /// The files it consists of.
    pub(super) files: Vec<PathBuf>,
}

/// One of several machines that share the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1.
    pub(crate) number: u32,
    pub(crate) of: u32,
}

impl Shard {
    fn has(self, key: &str) -> bool {
        hash::of_words(&[key]) % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl std::str::FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "write K/N, K from 1 to N: 3/8";
        let (number, of) = text.split_once('/').ok_or(ADVICE)?;
        match (number.parse(), of.parse()) {
            (Ok(number), Ok(of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(ADVICE),
        }
    }
}

/// Finds all inputs, sorted by path, each once.
///
/// # Errors
/// When a name leads nowhere, or nowhere is anything to audit.
pub(super) fn find(names: &[PathBuf], shard: Option<Shard>) -> Result<Vec<Input>> {
    let mut found = BTreeMap::new();
    for name in names {
        let before = found.len();
        for input in resolve(name)? {
            found
                .entry(input.path.to_string_lossy().into_owned())
                .or_insert(input);
        }
        if found.len() == before && names.len() == 1 {
            bail!(
                "there is no picture or video in {}: name files, folders or patterns that lead to some",
                name.display()
            );
        }
    }
    let mut inputs: Vec<Input> = found.into_values().collect();
    tell_apart(&mut inputs);
    inputs.retain(|input| shard.is_none_or(|shard| shard.has(&input.key)));
    Ok(inputs)
}

/// Files of the same path below several folders go by their whole paths.
fn tell_apart(inputs: &mut [Input]) {
    let mut count = HashMap::new();
    for input in &*inputs {
        *count.entry(input.key.clone()).or_insert(0) += 1;
    }
    for input in inputs.iter_mut().filter(|input| count.get(&input.key) > Some(&1)) {
        let named = input
            .path
            .components()
            .filter(|part| matches!(part, Component::Normal(_)));
        input.key = slashes(&named.collect::<PathBuf>());
    }
}

fn resolve(name: &Path) -> Result<Vec<Input>> {
    let text = name.to_string_lossy();
    if name.is_dir() {
        let mut files = Vec::new();
        walk(name, &mut files)?;
        return Ok(files
            .into_iter()
            .filter_map(|file| Some((kind(&file)?, file)))
            .map(|(kind, path)| Input {
                key: slashes(path.strip_prefix(name).unwrap_or(&path)),
                kind,
                files: vec![path.clone()],
                path,
            })
            .collect());
    }
    if name.is_file() {
        return Ok(vec![single(name)]);
    }
    if text.contains('%') {
        return sequence(name, &text).map(|input| vec![input]);
    }
    if text.contains(['*', '?', '[']) {
        let pattern =
            glob::glob(&text).map_err(|error| anyhow!("the pattern {text} cannot be read: {error}"))?;
        let files: Vec<PathBuf> = pattern
            .filter_map(Result::ok)
            .filter(|path| path.is_file())
            .collect();
        if files.is_empty() {
            bail!("the pattern {text} leads to no file");
        }
        return Ok(files.iter().map(|file| single(file)).collect());
    }
    match fs::metadata(name) {
        Err(error) => bail!("the input {text} cannot be opened: {error}"),
        Ok(_) => bail!("the input {text} is neither a file nor a folder"),
    }
}

fn single(path: &Path) -> Input {
    Input {
        key: path
            .file_name()
            .map(|name| slashes(Path::new(name)))
            .unwrap_or_default(),
        kind: kind(path).unwrap_or(Kind::Video),
        files: vec![path.to_owned()],
        path: path.to_owned(),
    }
}

fn kind(path: &Path) -> Option<Kind> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    if PICTURES.contains(&ending.as_str()) {
        Some(Kind::Picture)
    } else {
        VIDEOS.contains(&ending.as_str()).then_some(Kind::Video)
    }
}

/// The files of a folder and those below it. Hidden ones are left out; links to folders are not followed, so that
/// none leads in a circle.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let unread = |error| anyhow!("the folder {} cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(unread)?.is_dir() {
            walk(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// A pattern such as `frame-%04d.png`: all files that fit it, in the order of their numbers.
fn sequence(name: &Path, text: &str) -> Result<Input> {
    let file = name
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let parts = file.split_once('%').and_then(|(head, rest)| {
        let (digits, tail) = rest.split_once('d')?;
        digits
            .chars()
            .all(|sign| sign.is_ascii_digit())
            .then_some((head, tail))
    });
    let Some((head, tail)) = parts else {
        bail!(
            "the input {text} is not there, and no pattern of an image sequence either: write frame-%04d.png"
        );
    };
    let folder = name
        .parent()
        .filter(|path| !path.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder)
        .map_err(|error| anyhow!("the folder {} cannot be read: {error}", folder.display()))?;
    let mut frames: Vec<(u64, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix(head)?.strip_suffix(tail)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    if frames.is_empty() {
        bail!("no picture fits the image sequence {text}");
    }
    frames.sort();
    Ok(Input {
        path: name.to_owned(),
        key: file,
        kind: Kind::Sequence,
        files: frames.into_iter().map(|(_, path)| path).collect(),
    })
}

fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_patterns_and_sequences_are_found_in_order() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        for name in [
            "b/2.png",
            "a.jpg",
            "b/clip.webm",
            "b/.hidden.png",
            "note.txt",
            "f-10.png",
            "f-9.png",
        ] {
            fs::write(at(name), "").unwrap();
        }
        let keys = |names: &[PathBuf]| -> Vec<String> {
            find(names, None)
                .unwrap()
                .into_iter()
                .map(|input| input.key)
                .collect()
        };
        let all = ["a.jpg", "b/2.png", "b/clip.webm", "f-10.png", "f-9.png"];
        assert_eq!(keys(&[folder.path().to_owned()]), all);
        assert_eq!(
            keys(&[folder.path().to_owned(), at("a.jpg")]),
            all,
            "a file named twice counts once"
        );
        assert_eq!(keys(&[at("f-*.png")]), ["f-10.png", "f-9.png"]);
        let sequence = find(&[at("f-%d.png")], None).unwrap().remove(0);
        assert_eq!(sequence.files, [at("f-9.png"), at("f-10.png")]);
        assert_eq!(
            find(&[at("note.txt")], None).unwrap()[0].kind,
            Kind::Video,
            "it was named itself"
        );
    }

    #[test]
    fn files_of_one_name_in_several_folders_are_told_apart() {
        let folder = tempfile::TempDir::new().unwrap();
        let names = ["a", "b"].map(|name| folder.path().join(name));
        for name in &names {
            fs::create_dir(name).unwrap();
            fs::write(name.join("1.png"), "").unwrap();
        }
        let found = find(&names, None).unwrap();
        assert_ne!(found[0].key, found[1].key);
        assert!(
            found[0].key.ends_with("a/1.png") && !found[0].key.starts_with('/'),
            "{}",
            found[0].key
        );
    }

    #[test]
    fn shards_share_everything_out_wherever_the_folder_is() {
        let folder = tempfile::TempDir::new().unwrap();
        for number in 0..40 {
            fs::write(folder.path().join(format!("{number}.png")), "").unwrap();
        }
        let names = [folder.path().to_owned()];
        let shard = |number| find(&names, Some(Shard { number, of: 3 })).unwrap();
        let parts: Vec<_> = (1..=3).map(shard).collect();
        assert!(parts.iter().all(|part| !part.is_empty()));
        let mut all: Vec<_> = parts.concat();
        all.sort_by_key(|input| input.path.clone());
        assert_eq!(all, find(&names, None).unwrap());
        // SHA-256 of "0.png\0" begins with 94ef18cdc5378698 (Python's hashlib), which is 2 modulo 3.
        assert!(parts[2].iter().any(|input| input.key == "0.png"));
    }

    #[test]
    fn what_leads_nowhere_is_said() {
        let folder = tempfile::TempDir::new().unwrap();
        for (name, said) in [
            ("", "no picture or video"),
            ("x.png", "cannot be opened"),
            ("*.png", "leads to no file"),
        ] {
            let error = find(&[folder.path().join(name)], None).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
