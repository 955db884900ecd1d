// SPDX-License-Identifier: MPL-2.0
//! Reading with limits, and writing.

use std::io::Read;
use std::path::Path;

use prost::Message;
use prost::bytes::Bytes;

use super::limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
use super::proto::{ModelProto, TensorProto};
use super::wire::{Survey, survey, with_readable_text};
use super::{Error, external, inline, kind, tensor, visit};
use crate::file::{self, Refused};

/// Reads a model from a file, its external weights included.
///
/// # Errors
/// When the file is missing, is not a regular file, is too large or is no ONNX model, or when a weight in another
/// file may not or cannot be read.
pub fn read(path: &Path) -> Result<ModelProto, Error> {
    let bytes = Bytes::from(bytes_of(path)?);
    let read = || {
        let (mut model, _) = decode_shared(bytes)?;
        external::take_in(&mut model, path)?;
        whole(model)
    };
    read().map_err(|e| Error::File {
        path: path.into(),
        source: Box::new(e),
    })
}

/// Decodes a model whose weights must all be inside.
///
/// # Errors
/// When the bytes are no ONNX model, exceed the limits on nodes and nesting, or name weights that lie elsewhere.
pub fn decode(bytes: &[u8]) -> Result<ModelProto, Error> {
    let (model, found) = decode_shared(Bytes::copy_from_slice(bytes))?;
    if found.external {
        return Err(Error::NotAModel {
            reason:
                "some of its weights are in another file: read it from its file, with its data file beside it"
                    .into(),
        });
    }
    whole(model)
}

/// Decodes a model, whose weights may be elsewhere.
fn decode_shared(bytes: Bytes) -> Result<(ModelProto, Survey), Error> {
    let refuse = |reason: String| Error::NotAModel { reason };
    if let Some(other) = kind::other_than_onnx(&bytes) {
        return Err(refuse(other.into()));
    }
    let found = survey(&bytes).map_err(refuse)?;
    if found.graphs_deep > MAX_DEPTH {
        return Err(refuse(format!("its graphs are nested deeper than {MAX_DEPTH}")));
    }
    if found.nodes > MAX_NODES {
        return Err(refuse(format!("{} nodes are more than {MAX_NODES}", found.nodes)));
    }
    if found.sparse {
        return Err(refuse(
            "sparse weights are not supported; export with dense ones".into(),
        ));
    }
    // The format asks for UTF-8, and few writers see to it.
    let bytes = with_readable_text(&bytes).map_or(bytes, Bytes::from);
    let model = ModelProto::decode(bytes).map_err(|e| refuse(e.to_string()))?;
    let Some(graph) = &model.graph else {
        return Err(refuse("it has no graph".into()));
    };
    if graph.node.is_empty() || model.ir_version.unwrap_or(0) <= 0 {
        return Err(refuse("it has no nodes or no IR version".into()));
    }
    Ok((model, found))
}

/// One graph, whose weights are of the sizes that they say.
fn whole(mut model: ModelProto) -> Result<ModelProto, Error> {
    inline(&mut model)?;
    visit::model(&mut model, &mut Sizes)?;
    Ok(model)
}

struct Sizes;

impl visit::Visitor for Sizes {
    type Stop = Error;

    fn tensor(&mut self, tensor: &mut TensorProto) -> Result<(), Error> {
        tensor::check(tensor)
    }
}

/// The bytes of a model.
pub fn encode(model: &ModelProto) -> Vec<u8> {
    model.encode_to_vec()
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |refused: Refused| match refused.is_not_found() {
        true => Error::NotFound { path: path.into() },
        false => Error::Unreadable {
            path: path.into(),
            reason: refused.to_string(),
        },
    };
    let (file, size) = file::open(path).map_err(unreadable)?;
    if size > MAX_BYTES {
        return Err(Error::TooLarge {
            path: path.into(),
            bytes: size,
        });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // One more than the limit: a file that grows while it is read is caught by the decoder.
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(e.into()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::proto::{AttributeProto, GraphProto, NodeProto};
    use super::*;

    fn nested(depth: usize) -> GraphProto {
        let mut node = NodeProto {
            op_type: Some("If".into()),
            ..Default::default()
        };
        if depth > 0 {
            node.attribute.push(AttributeProto {
                g: Some(nested(depth - 1)),
                ..Default::default()
            });
        }
        GraphProto {
            node: vec![node],
            ..Default::default()
        }
    }

    #[test]
    fn text_and_truncated_models_are_refused() {
        assert!(matches!(
            decode(b"hello, this is no model"),
            Err(Error::NotAModel { .. })
        ));
        let whole = encode(&ModelProto {
            ir_version: Some(8),
            graph: Some(nested(2)),
            ..Default::default()
        });
        assert!(decode(&whole).is_ok());
        for cut in 1..whole.len() {
            // Some cuts fall between fields and leave a shorter valid message; none may panic.
            let _ = decode(&whole[..cut]);
        }
        assert!(decode(&[]).is_err());
    }

    #[test]
    fn deep_nesting_is_refused() {
        let model = |d| ModelProto {
            ir_version: Some(8),
            graph: Some(nested(d)),
            ..Default::default()
        };
        assert!(decode(&encode(&model(20))).is_ok());
        assert!(decode(&encode(&model(40))).is_err());
    }

    #[test]
    fn directories_are_refused_without_being_opened() {
        assert!(matches!(read(Path::new("/")), Err(Error::Unreadable { .. })));
        assert!(matches!(
            read(Path::new("/no/such/file.onnx")),
            Err(Error::NotFound { .. })
        ));
    }
}
