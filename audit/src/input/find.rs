// SPDX-License-Identifier: MPL-2.0
//! What is audited: pictures, videos and image sequences, named one by one, by folder or by pattern.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use steerlens_files::Picture;

use super::Shard;
use super::kind::Kind;
use super::skipped::Skipped;
use crate::error::{Error, Result, bail};

/// Inputs of a sample, at most.
const SAMPLE: usize = 12;

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Its path, as found below what was named.
    pub(crate) path: PathBuf,
    /// The same as text: of no other input.
    pub(crate) name: String,
    /// Its path below the folder that was named, with slashes; its file name where it was named itself. The same
    /// wherever the folder is mounted.
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// The files it consists of.
    pub(crate) files: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The inputs, sorted by name, each once.
    pub(crate) inputs: Vec<Input>,
    /// The keys of all that were found, whichever machine has them.
    pub(crate) keys: Vec<String>,
    /// A few of all, spread evenly: the same on every machine.
    pub(crate) sample: Vec<Input>,
    /// What was met besides.
    pub(crate) skipped: Skipped,
}

/// Finds all inputs. The folder `out`, where results go, is none and has none.
///
/// # Errors
/// When a name leads nowhere, or nowhere is anything to audit.
pub(crate) fn find(names: &[PathBuf], out: &Path, shard: Option<Shard>) -> Result<Found> {
    let mut search = Search {
        out,
        skipped: Skipped::default(),
    };
    let mut found: BTreeMap<String, Input> = BTreeMap::new();
    for name in names {
        for input in search.resolve(name)? {
            match found.get(&input.name) {
                Some(twin) if twin.path != input.path => {
                    bail!(Inputs, "two inputs are called {}: rename one of them", input.name)
                }
                _ => found.insert(input.name.clone(), input),
            };
        }
    }
    if found.is_empty() {
        let names: Vec<_> = names.iter().map(|name| name.display().to_string()).collect();
        let endings = match search.skipped.endings() {
            endings if endings.is_empty() => String::new(),
            endings => format!(" (left out for their endings: {endings})"),
        };
        bail!(
            Inputs,
            "there is no picture or video in {}{endings}: name files, folders or patterns that lead to some",
            names.join(", ")
        );
    }
    let mut inputs: Vec<Input> = found.into_values().collect();
    tell_apart(&mut inputs);
    let keys = inputs.iter().map(|input| input.key.clone()).collect();
    let step = inputs.len().div_ceil(SAMPLE).max(1);
    let sample = inputs.iter().step_by(step).cloned().collect();
    inputs.retain(|input| shard.is_none_or(|shard| shard.has(&input.key)));
    Ok(Found {
        inputs,
        keys,
        sample,
        skipped: search.skipped,
    })
}

/// Files of the same path below several folders go by their whole paths, and by a number where those are alike too.
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
    let mut taken: HashSet<String> = HashSet::new();
    for input in inputs {
        let mut key = input.key.clone();
        for number in 2.. {
            if !taken.contains(&key) {
                break;
            }
            key = format!("{}~{number}", input.key);
        }
        taken.insert(key.clone());
        input.key = key;
    }
}

/// The way from names to files.
struct Search<'a> {
    out: &'a Path,
    skipped: Skipped,
}

impl Search<'_> {
    fn resolve(&mut self, name: &Path) -> Result<Vec<Input>> {
        let text = name.to_string_lossy();
        if name.is_dir() {
            if self.is_out(name) {
                bail!(
                    Inputs,
                    "the results would lie among the inputs in {}: name another folder for them",
                    name.display()
                );
            }
            let mut files = Vec::new();
            self.walk(name, &mut files)?;
            return Ok(files
                .into_iter()
                .map(|(kind, path)| input(&path, path.strip_prefix(name).unwrap_or(&path), kind))
                .collect());
        }
        if name.is_file() {
            return Ok(vec![single(name)]);
        }
        if text.contains('%') {
            return self.sequence(name, &text).map(|input| vec![input]);
        }
        if text.contains(['*', '?', '[']) {
            let pattern = glob::glob(&text)
                .map_err(|error| Error::file(format!("the pattern {text} cannot be read"), error))?;
            let mut inputs = Vec::new();
            for path in pattern {
                let path = path.map_err(|error| {
                    Error::file(format!("the pattern {text} leads to what cannot be read"), error)
                })?;
                match path.is_file() {
                    true => inputs.push(single(&path)),
                    false => self.skipped.no_file(path),
                }
            }
            if inputs.is_empty() {
                bail!(Inputs, "the pattern {text} leads to no file");
            }
            return Ok(inputs);
        }
        match fs::metadata(name) {
            Err(error) => bail!(Inputs, "the input {text} cannot be opened: {error}"),
            Ok(_) => bail!(Inputs, "the input {text} is neither a file nor a folder"),
        }
    }

    fn is_out(&self, folder: &Path) -> bool {
        same_file::is_same_file(folder, self.out).unwrap_or(false)
    }

    /// The pictures and videos of a folder and those below it. Hidden files are left out; links to folders are not
    /// followed, so that none leads in a circle.
    fn walk(&mut self, folder: &Path, files: &mut Vec<(Kind, PathBuf)>) -> Result<()> {
        let unread = |error| Error::file(format!("the folder {} cannot be read", folder.display()), error);
        for entry in fs::read_dir(folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type().map_err(unread)?.is_dir() {
                if !self.is_out(&path) {
                    self.walk(&path, files)?;
                }
            } else if !path.is_file() {
                self.skipped.no_file(path);
            } else if let Some(kind) = Kind::by_ending(&path) {
                files.push((kind, path));
            } else {
                self.skipped.by_ending(path);
            }
        }
        Ok(())
    }

    /// A pattern such as `frame-%04d.png`: all files that fit it, in the order of their numbers.
    fn sequence(&mut self, name: &Path, text: &str) -> Result<Input> {
        let file = name.file_name().unwrap_or_default().to_string_lossy();
        let parts = file.split_once('%').and_then(|(head, rest)| {
            let (digits, tail) = rest.split_once('d')?;
            digits
                .chars()
                .all(|sign| sign.is_ascii_digit())
                .then_some((head, tail))
        });
        let Some((head, tail)) = parts else {
            bail!(
                Inputs,
                "the input {text} is not there, and no pattern of an image sequence either: write frame-%04d.png"
            );
        };
        let folder = name
            .parent()
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let unread = |error| Error::file(format!("the folder {} cannot be read", folder.display()), error);
        let mut frames: Vec<(u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            let Some(number) = number.and_then(|number| number.parse().ok()) else {
                continue;
            };
            match entry.path().is_file() {
                true => frames.push((number, entry.path())),
                false => self.skipped.no_file(entry.path()),
            }
        }
        if frames.is_empty() {
            bail!(Inputs, "no picture fits the image sequence {text}");
        }
        frames.sort();
        Ok(Input {
            files: frames.into_iter().map(|(_, path)| path).collect(),
            ..input(name, Path::new(file.as_ref()), Kind::Sequence)
        })
    }
}

fn input(path: &Path, key: &Path, kind: Kind) -> Input {
    Input {
        path: path.to_owned(),
        name: text(path),
        key: slashes(key),
        kind,
        files: vec![path.to_owned()],
    }
}

/// A file that was named itself, whatever its ending.
fn single(path: &Path) -> Input {
    let kind = Kind::by_ending(path).unwrap_or(match path.extension().is_none() && Picture::is_one(path) {
        true => Kind::Picture,
        false => Kind::Video,
    });
    input(path, path.file_name().map_or(path, Path::new), kind)
}

/// A path as text. Bytes that are no UTF-8 are written `\xHH`, so that two paths stay two.
fn text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    text
}

fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| text(Path::new(part))).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &[PathBuf], shard: Option<Shard>) -> Result<Vec<Input>> {
        super::find(names, Path::new("/nowhere"), shard).map(|found| found.inputs)
    }

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
    #[cfg(unix)]
    fn names_that_are_no_utf_8_stay_two_inputs_of_two_names_and_keys() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let folder = tempfile::TempDir::new().unwrap();
        for name in [&b"bad\xffutf.png"[..], b"bad\xfeutf.png"] {
            fs::write(folder.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        let found = find(&[folder.path().to_owned()], None).unwrap();
        let keys: Vec<_> = found.iter().map(|input| input.key.as_str()).collect();
        assert_eq!(keys, [r"bad\xFEutf.png", r"bad\xFFutf.png"]);
        assert_ne!(found[0].name, found[1].name);
    }

    #[test]
    fn keys_are_never_shared() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/1.png"), "").unwrap();
        // Two ways to one file are two inputs: their rows say which is which.
        let names = ["a/1.png", "a/b/../1.png"].map(|name| folder.path().join(name));
        let names = [
            names[0].clone(),
            names[1].clone(),
            folder.path().join("a/./b/../1.png"),
        ];
        let found = find(&names, None).unwrap();
        let keys: HashSet<_> = found.iter().map(|input| &input.key).collect();
        assert_eq!(keys.len(), found.len());
    }

    #[test]
    fn what_is_passed_over_is_said_and_results_are_no_inputs() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("out/strips")).unwrap();
        for name in ["a.png", "b.webp", "c.bmp", "d.gif", "out/strips/a.png.8.png"] {
            fs::write(at(name), "").unwrap();
        }
        let found = super::find(&[folder.path().to_owned()], &at("out"), None).unwrap();
        let keys: Vec<_> = found.inputs.iter().map(|input| input.key.as_str()).collect();
        assert_eq!(keys, ["a.png", "b.webp", "c.bmp"]);
        assert!(
            found.skipped.sentences()[0].contains("1 .gif"),
            "{:?}",
            found.skipped
        );
        let error = super::find(&[at("out")], &at("out"), None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("among the inputs"), "{error}");
    }

    #[test]
    fn a_named_file_without_an_ending_is_known_by_its_content() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("picture");
        fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
        assert_eq!(find(&[path], None).unwrap()[0].kind, Kind::Picture);
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
