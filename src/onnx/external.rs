// SPDX-License-Identifier: MPL-2.0
//! Weights in other files: taken in by us, only from inside the model's own folder.
//!
//! ONNX Runtime 1.21 would follow such a reference anywhere (absolute paths, `..`, links), so it never gets to
//! see one.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::limits::MAX_BYTES;
use super::proto::{ModelProto, TensorProto};
use super::{Error, visit};
use crate::file;

/// `data_location` of a tensor whose elements lie in another file.
const EXTERNAL: i32 = 1;

/// Replaces every reference to a file by the file's bytes; `path` is the model's own file.
pub(super) fn take_in(model: &mut ModelProto, path: &Path) -> Result<(), Error> {
    visit::model(
        model,
        &mut TakeIn {
            path,
            left: MAX_BYTES,
        },
    )
}

struct TakeIn<'a> {
    path: &'a Path,
    /// Bytes that may still be taken in.
    left: u64,
}

impl visit::Visitor for TakeIn<'_> {
    type Stop = Error;

    fn tensor(&mut self, tensor: &mut TensorProto) -> Result<(), Error> {
        load(tensor, self.path, &mut self.left)
    }
}

fn load(tensor: &mut TensorProto, path: &Path, left: &mut u64) -> Result<(), Error> {
    // Any other value names a place that this program does not know.
    if tensor.data_location.unwrap_or(0) == 0 {
        tensor.data_location = None;
        tensor.external_data.clear();
        return Ok(());
    }
    let entry = |key: &str| {
        let found = tensor
            .external_data
            .iter()
            .find(|e| e.key.as_deref() == Some(key));
        found.and_then(|e| e.value.clone())
    };
    let location = entry("location").unwrap_or_default();
    let refuse = |reason: &str| Error::External {
        name: tensor.name.clone().unwrap_or_default(),
        location: location.clone(),
        reason: reason.into(),
    };
    let number = |key: &str| match entry(key) {
        Some(text) => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| refuse(&format!("its {key} is not a number"))),
        None => Ok(None),
    };
    if tensor.data_location != Some(EXTERNAL) {
        return Err(refuse("it names a place for its data that is not known"));
    }
    let (mut open, size) = file::open_beside(path, Path::new(&location)).map_err(|refused| {
        if refused.is_not_found() {
            let folder = path.parent().unwrap_or(Path::new("")).join("");
            return refuse(&format!(
                "there is no such file in the model's folder ({}), where it is looked for under the name that it had \
                 when the model was saved",
                folder.display()
            ));
        }
        refuse(&refused.to_string())
    })?;
    let offset = number("offset")?.unwrap_or(0);
    let available = size
        .checked_sub(offset)
        .ok_or_else(|| refuse("its offset is beyond the file's end"))?;
    let length = number("length")?.unwrap_or(available);
    if length > available {
        return Err(refuse("it reaches beyond the file's end"));
    }
    *left = left
        .checked_sub(length)
        .ok_or_else(|| refuse("all weights together exceed 2 GiB"))?;
    let mut bytes = Vec::new();
    open.seek(SeekFrom::Start(offset))
        .map_err(|e| refuse(&e.to_string()))?;
    open.take(length)
        .read_to_end(&mut bytes)
        .map_err(|e| refuse(&e.to_string()))?;
    if bytes.len() as u64 != length {
        return Err(refuse("it ended early"));
    }
    tensor.raw_data = Some(bytes.into());
    tensor.data_location = None;
    tensor.external_data.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::proto::{GraphProto, NodeProto, StringStringEntryProto};
    use super::*;

    fn model(location: &str, offset: Option<&str>) -> ModelProto {
        let entry = |k: &str, v: &str| StringStringEntryProto {
            key: Some(k.into()),
            value: Some(v.into()),
        };
        let mut external_data = vec![entry("location", location), entry("length", "8")];
        external_data.extend(offset.map(|o| entry("offset", o)));
        let tensor = TensorProto {
            dims: vec![2],
            data_type: Some(1),
            name: Some("w".into()),
            external_data,
            data_location: Some(EXTERNAL),
            ..Default::default()
        };
        let graph = GraphProto {
            node: vec![NodeProto::default()],
            initializer: vec![tensor],
            ..Default::default()
        };
        ModelProto {
            ir_version: Some(8),
            graph: Some(graph),
            ..Default::default()
        }
    }

    #[test]
    fn data_is_taken_only_from_inside_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        std::fs::create_dir_all(home.join("sub")).unwrap();
        std::fs::write(home.join("sub/w.bin"), (0u8..16).collect::<Vec<_>>()).unwrap();
        std::fs::write(root.path().join("secret"), [7u8; 16]).unwrap();
        std::os::unix::fs::symlink(root.path().join("secret"), home.join("link")).unwrap();

        let mut good = model("sub/w.bin", Some("4"));
        take_in(&mut good, &home.join("m.onnx")).unwrap();
        let tensor = &good.graph.unwrap().initializer[0];
        assert_eq!(
            tensor.raw_data.as_deref(),
            Some(&(4u8..12).collect::<Vec<_>>()[..])
        );
        assert_eq!(tensor.data_location, None);

        let absolute = root.path().join("secret");
        for bad in [
            "link",
            "../secret",
            absolute.to_str().unwrap(),
            "sub",
            "missing",
            "",
        ] {
            let error = take_in(&mut model(bad, None), &home.join("m.onnx")).unwrap_err();
            assert!(matches!(error, Error::External { .. }), "{bad}: {error}");
        }
        for offset in ["-1", "9", "99", "x"] {
            assert!(
                take_in(&mut model("sub/w.bin", Some(offset)), &home.join("m.onnx")).is_err(),
                "offset {offset}"
            );
        }
    }
}
