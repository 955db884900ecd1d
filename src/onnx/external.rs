// SPDX-License-Identifier: MPL-2.0
//! Weights in other files: taken in by us, only from inside the model's own folder.
//!
//! ONNX Runtime 1.21 would follow such a reference anywhere (absolute paths, `..`, links), so it never gets to
//! see one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use super::proto::{GraphProto, ModelProto, TensorProto};
use super::{Error, MAX_BYTES};
use crate::opened;

/// `data_location` of a tensor whose elements lie in another file.
const EXTERNAL: i32 = 1;

/// Replaces every reference to a file below `folder` by the file's bytes.
pub(super) fn take_in(model: &mut ModelProto, folder: &Path) -> Result<(), Error> {
    let mut left = MAX_BYTES;
    if let Some(graph) = &mut model.graph {
        visit(graph, &mut |tensor| load(tensor, folder, &mut left))?;
    }
    let nodes = model.functions.iter_mut().flat_map(|f| &mut f.node);
    for attribute in nodes.flat_map(|n| &mut n.attribute) {
        for tensor in attribute.t.iter_mut().chain(&mut attribute.tensors) {
            load(tensor, folder, &mut left)?;
        }
    }
    Ok(())
}

fn visit(
    graph: &mut GraphProto,
    each: &mut impl FnMut(&mut TensorProto) -> Result<(), Error>,
) -> Result<(), Error> {
    graph.initializer.iter_mut().try_for_each(&mut *each)?;
    for attribute in graph.node.iter_mut().flat_map(|n| &mut n.attribute) {
        attribute
            .t
            .iter_mut()
            .chain(&mut attribute.tensors)
            .try_for_each(&mut *each)?;
        for inner in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            visit(inner, each)?;
        }
    }
    Ok(())
}

fn load(tensor: &mut TensorProto, folder: &Path, left: &mut u64) -> Result<(), Error> {
    if tensor.data_location != Some(EXTERNAL) {
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
    let relative = Path::new(&location);
    if location.is_empty()
        || !relative
            .components()
            .all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
    {
        return Err(refuse(
            "the path must be relative and stay below the model's folder",
        ));
    }
    let canonical = |p: &Path| std::fs::canonicalize(p).map_err(|e| refuse(&e.to_string()));
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let (home, file) = (canonical(here)?, canonical(&here.join(relative))?);
    if !file.starts_with(&home) {
        return Err(refuse("it is a link out of the model's folder"));
    }
    let meta = std::fs::metadata(&file).map_err(|e| refuse(&e.to_string()))?;
    if !meta.is_file() {
        return Err(refuse("it is not a regular file"));
    }
    let offset = number("offset")?.unwrap_or(0);
    let available = meta
        .len()
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
    let mut open = File::open(&file).map_err(|e| refuse(&e.to_string()))?;
    opened::note(&file);
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
    use super::super::proto::{NodeProto, StringStringEntryProto};
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
        take_in(&mut good, &home).unwrap();
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
            let error = take_in(&mut model(bad, None), &home).unwrap_err();
            assert!(matches!(error, Error::External { .. }), "{bad}: {error}");
        }
        for offset in ["-1", "9", "99", "x"] {
            assert!(
                take_in(&mut model("sub/w.bin", Some(offset)), &home).is_err(),
                "offset {offset}"
            );
        }
    }
}
