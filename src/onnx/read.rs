// SPDX-License-Identifier: MPL-2.0
//! Reading with limits, and writing.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use prost::Message;
use prost::bytes::Bytes;

use super::proto::{AttributeProto, GraphProto, ModelProto};
use super::{Error, MAX_BYTES, external};

/// No classifier comes near these; a file beyond them is not one.
const MAX_NODES: usize = 100_000;
const MAX_DEPTH: usize = 32;

/// Reads a model from a file, its external weights included.
///
/// # Errors
/// When the file is missing, is not a regular file, is too large or is no ONNX model, or when a weight in another
/// file may not or cannot be read.
pub fn read(path: &Path) -> Result<ModelProto, Error> {
    let bytes = Bytes::from(bytes_of(path)?);
    let named = |e| Error::File {
        path: path.into(),
        source: Box::new(e),
    };
    let mut model = decode_shared(bytes).map_err(named)?;
    external::take_in(&mut model, path.parent().unwrap_or(Path::new(".")))?;
    Ok(model)
}

/// Decodes a model whose weights must all be inside.
///
/// # Errors
/// When the bytes are no ONNX model, or exceed the limits on nodes and nesting.
pub fn decode(bytes: &[u8]) -> Result<ModelProto, Error> {
    decode_shared(Bytes::copy_from_slice(bytes))
}

/// As [`decode`]; the model's weights stay where they are.
fn decode_shared(bytes: Bytes) -> Result<ModelProto, Error> {
    let refuse = |reason: String| Error::NotAModel { reason };
    let model = ModelProto::decode(bytes).map_err(|e| refuse(e.to_string()))?;
    let Some(graph) = &model.graph else {
        return Err(refuse("it has no graph".into()));
    };
    if graph.node.is_empty() || model.ir_version.unwrap_or(0) <= 0 {
        return Err(refuse("it has no nodes or no IR version".into()));
    }
    let nodes =
        count_nodes(graph, 0).ok_or_else(|| refuse(format!("graphs are nested deeper than {MAX_DEPTH}")))?;
    if nodes > MAX_NODES {
        return Err(refuse(format!("{nodes} nodes are more than {MAX_NODES}")));
    }
    if !graph.sparse_initializer.is_empty() {
        return Err(refuse(
            "sparse weights are not supported; export with dense ones".into(),
        ));
    }
    Ok(model)
}

/// The bytes of a model.
pub fn encode(model: &ModelProto) -> Vec<u8> {
    model.encode_to_vec()
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { path: path.into() },
        _ => Error::Unreadable {
            path: path.into(),
            reason: e.to_string(),
        },
    };
    // Asked before opening: opening a FIFO blocks until somebody writes to it.
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        let reason = if meta.is_dir() {
            "it is a directory"
        } else {
            "it is not a regular file"
        };
        return Err(Error::Unreadable {
            path: path.into(),
            reason: reason.into(),
        });
    }
    if meta.len() > MAX_BYTES {
        return Err(Error::TooLarge {
            path: path.into(),
            bytes: meta.len(),
        });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    let file = File::open(path).map_err(unreadable)?;
    // One more than the limit: a file that grows while it is read is caught by the decoder.
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// Nodes of a graph and the graphs inside it; `None` when they are nested too deep.
fn count_nodes(graph: &GraphProto, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let inner = |a: &AttributeProto| {
        a.g.iter()
            .chain(&a.graphs)
            .try_fold(0usize, |n, g| Some(n.saturating_add(count_nodes(g, depth + 1)?)))
    };
    graph
        .node
        .iter()
        .flat_map(|n| &n.attribute)
        .try_fold(graph.node.len(), |n, a| Some(n.saturating_add(inner(a)?)))
}

#[cfg(test)]
mod tests {
    use super::super::proto::NodeProto;
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
