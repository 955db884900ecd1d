// SPDX-License-Identifier: MPL-2.0
//! What a model's bytes hold, counted on the wire: nothing is decoded and nothing is allocated.
//!
//! The walk follows the format itself (onnx.proto), also through messages that [`super::proto`] leaves out, so that
//! what it says holds for whoever decodes the same bytes.

use std::ops::Range;

/// Messages inside messages; protobuf's own readers stop here too.
const MAX_MESSAGES_DEEP: usize = 100;

/// What was found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Survey {
    /// Nodes of all graphs and functions.
    pub(crate) nodes: usize,
    /// Functions of the model's own.
    pub(crate) functions: usize,
    /// Graphs inside graphs, the outermost one included.
    pub(crate) graphs_deep: usize,
    /// Whether some tensor has, or names, its elements elsewhere: in a file, or in memory.
    pub(crate) external: bool,
    /// Whether there are sparse tensors.
    pub(crate) sparse: bool,
}

/// The messages of a model that can hold a node, a graph, a tensor or text, however deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Model,
    Training,
    Function,
    Graph,
    Node,
    Attribute,
    Tensor,
    Sparse,
    OperatorSet,
    Entry,
    Value,
    Type,
    TensorType,
    Shape,
    Dimension,
}

impl Message {
    /// The message in a field of this one.
    fn field(self, number: u64) -> Option<Self> {
        match (self, number) {
            (Self::Model, 7) | (Self::Training, 1 | 2) | (Self::Attribute, 6 | 11) => Some(Self::Graph),
            (Self::Model, 20) => Some(Self::Training),
            (Self::Model, 25) => Some(Self::Function),
            (Self::Graph, 1) | (Self::Function, 7) => Some(Self::Node),
            (Self::Node, 5) | (Self::Function, 11) => Some(Self::Attribute),
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::Sparse, 1 | 2) => Some(Self::Tensor),
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Some(Self::Sparse),
            (Self::Model, 8) | (Self::Function, 9) => Some(Self::OperatorSet),
            (Self::Model, 14) | (Self::Tensor, EXTERNAL_DATA) => Some(Self::Entry),
            (Self::Graph, 11..=13) => Some(Self::Value),
            (Self::Value, 2) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::TensorType, 2) => Some(Self::Shape),
            (Self::Shape, 1) => Some(Self::Dimension),
            _ => None,
        }
    }

    /// Whether a field that [`super::proto`] reads is text.
    fn is_text(self, number: u64) -> bool {
        match self {
            Self::Model => matches!(number, 2..=4 | 6),
            Self::Graph => matches!(number, 2 | 10),
            Self::Node => matches!(number, 1..=4 | 6..=8),
            Self::Function => matches!(number, 1 | 4..=6 | 10 | 13),
            Self::Attribute => matches!(number, 1 | 21),
            Self::Tensor => number == 8,
            Self::Entry => matches!(number, 1 | 2),
            Self::OperatorSet | Self::Value => number == 1,
            Self::Dimension => number == 2,
            Self::Training | Self::Sparse | Self::Type | Self::TensorType | Self::Shape => false,
        }
    }
}

/// `TensorProto.external_data` and `TensorProto.data_location`.
const EXTERNAL_DATA: u64 = 13;
const DATA_LOCATION: u64 = 14;

/// What is met on the way.
enum Met {
    /// A message begins, inside this many graphs.
    Message(usize),
    /// A field that holds a number.
    Number(u64, u64),
    /// A field that holds bytes, and where they lie.
    Bytes(u64, Range<usize>),
}

/// Looks through the bytes of a model.
///
/// # Errors
/// When they are no protobuf message, or one that is nested too deep; the reason completes "no model: ..".
pub(crate) fn survey(bytes: &[u8]) -> Result<Survey, String> {
    let mut found = Survey::default();
    let mut note = |message: Message, met: Met| match (message, met) {
        (Message::Node, Met::Message(_)) => found.nodes += 1,
        (Message::Function, Met::Message(_)) => found.functions += 1,
        (Message::Sparse, Met::Message(_)) => found.sparse = true,
        (Message::Graph, Met::Message(deep)) => found.graphs_deep = found.graphs_deep.max(deep),
        (Message::Tensor, Met::Number(DATA_LOCATION, place)) => found.external |= place != 0,
        (Message::Tensor, Met::Bytes(EXTERNAL_DATA, _)) => found.external = true,
        _ => {}
    };
    walk(bytes, (0..bytes.len(), Message::Model), (0, 0), &mut note)?;
    Ok(found)
}

/// The bytes with every text in UTF-8: what is none becomes question marks, so that no length changes; `None` where
/// all texts are.
pub(super) fn with_readable_text(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut unreadable = Vec::new();
    let mut note = |message: Message, met: Met| {
        if let Met::Bytes(field, range) = met
            && message.is_text(field)
            && str::from_utf8(&bytes[range.clone()]).is_err()
        {
            unreadable.push(range);
        }
    };
    walk(bytes, (0..bytes.len(), Message::Model), (0, 0), &mut note).ok()?;
    if unreadable.is_empty() {
        return None;
    }
    let mut mended = bytes.to_vec();
    for range in unreadable {
        let mut rest = &mut mended[range];
        while let Err(error) = str::from_utf8(rest) {
            let start = error.valid_up_to();
            let end = error.error_len().map_or(rest.len(), |length| start + length);
            rest[start..end].fill(b'?');
            rest = &mut rest[end..];
        }
    }
    Some(mended)
}

fn walk(
    all: &[u8],
    (range, message): (Range<usize>, Message),
    (messages, graphs): (usize, usize),
    met: &mut impl FnMut(Message, Met),
) -> Result<(), String> {
    if messages > MAX_MESSAGES_DEEP {
        return Err("its graphs are nested too deep".into());
    }
    let graphs = graphs + usize::from(message == Message::Graph);
    met(message, Met::Message(graphs));
    let end = range.end;
    let mut bytes = &all[range];
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let field = key >> 3;
        match key & 7 {
            0 => met(message, Met::Number(field, varint(&mut bytes)?)),
            1 => drop(take(&mut bytes, 8)?),
            2 => {
                let length = varint(&mut bytes)?;
                let start = end - bytes.len();
                let inner = start..start + take(&mut bytes, length)?.len();
                met(message, Met::Bytes(field, inner.clone()));
                if let Some(message) = message.field(field) {
                    walk(all, (inner, message), (messages + 1, graphs), met)?;
                }
            }
            5 => drop(take(&mut bytes, 4)?),
            _ => return Err(DAMAGED.into()),
        }
    }
    Ok(())
}

const DAMAGED: &str = "it is damaged, or something else than a model";

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let [byte] = *take(bytes, 1)? else { break };
        if shift < 64 {
            value |= u64::from(byte & 0x7f) << shift;
        }
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(DAMAGED.into())
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let taken = usize::try_from(length)
        .ok()
        .and_then(|n| bytes.split_at_checked(n));
    let (taken, rest) = taken.ok_or_else(|| String::from("it ends early: was it copied whole?"))?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::super::proto::{
        AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto,
    };
    use super::*;

    fn external() -> TensorProto {
        TensorProto {
            data_location: Some(1),
            ..Default::default()
        }
    }

    fn node(attribute: AttributeProto) -> NodeProto {
        NodeProto {
            attribute: vec![attribute],
            ..Default::default()
        }
    }

    fn around(tensor: TensorProto) -> GraphProto {
        GraphProto {
            initializer: vec![tensor],
            ..Default::default()
        }
    }

    /// An attribute that holds the tensor, in each way there is.
    fn attributes(tensor: &TensorProto) -> Vec<AttributeProto> {
        let (mut t, mut ts) = (AttributeProto::default(), AttributeProto::default());
        let (mut g, mut gs) = (AttributeProto::default(), AttributeProto::default());
        t.t = Some(tensor.clone());
        ts.tensors = vec![TensorProto::default(), tensor.clone()];
        g.g = Some(around(tensor.clone()));
        gs.graphs = vec![GraphProto::default(), around(tensor.clone())];
        let deep = AttributeProto {
            g: Some(GraphProto {
                node: vec![node(g.clone())],
                ..Default::default()
            }),
            ..Default::default()
        };
        vec![t, ts, g, gs, deep]
    }

    #[test]
    fn an_external_tensor_is_seen_wherever_it_can_stand() {
        let mut models = vec![ModelProto {
            graph: Some(around(external())),
            ..Default::default()
        }];
        for attribute in attributes(&external()) {
            models.push(ModelProto {
                graph: Some(GraphProto {
                    node: vec![node(attribute.clone())],
                    ..Default::default()
                }),
                ..Default::default()
            });
            for function in [
                FunctionProto {
                    node: vec![node(attribute.clone())],
                    ..Default::default()
                },
                FunctionProto {
                    attribute_proto: vec![attribute],
                    ..Default::default()
                },
            ] {
                models.push(ModelProto {
                    functions: vec![function],
                    ..Default::default()
                });
            }
        }
        for model in models {
            assert!(survey(&model.encode_to_vec()).unwrap().external, "{model:?}");
        }
        // Messages that our structs leave out: training information, and the values of a sparse tensor.
        let in_field = |number: u8, inner: &[u8]| {
            let mut bytes = vec![number << 3 | 2];
            bytes.push(u8::try_from(inner.len()).unwrap());
            bytes.extend_from_slice(inner);
            bytes
        };
        let graph = around(external()).encode_to_vec();
        let mut training = vec![20 << 3 | 2 | 0x80, 1];
        training.extend(&in_field(2, &graph)[..]);
        training.splice(2..2, [u8::try_from(graph.len() + 2).unwrap()]);
        assert!(survey(&training).unwrap().external);
        let sparse = in_field(7, &in_field(15, &in_field(1, &external().encode_to_vec())));
        let found = survey(&sparse).unwrap();
        assert!(found.external && found.sparse);
    }

    #[test]
    fn everything_is_counted() {
        let inner = AttributeProto {
            g: Some(GraphProto {
                node: vec![NodeProto::default(); 3],
                sparse_initializer: vec![SparseTensorProto {}],
                ..Default::default()
            }),
            ..Default::default()
        };
        let model = ModelProto {
            graph: Some(GraphProto {
                node: vec![node(inner), NodeProto::default()],
                ..Default::default()
            }),
            functions: vec![FunctionProto {
                node: vec![NodeProto::default(); 2],
                ..Default::default()
            }],
            ..Default::default()
        };
        let found = survey(&model.encode_to_vec()).unwrap();
        let expected = Survey {
            nodes: 7,
            functions: 1,
            graphs_deep: 2,
            external: false,
            sparse: true,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn text_that_is_not_utf8_becomes_readable() {
        let mut model = ModelProto {
            doc_string: Some("caf\u{e9} and so on".into()),
            graph: Some(GraphProto {
                node: vec![NodeProto::new("Relu", "\u{e9}", &["x"], &["y"])],
                ..Default::default()
            }),
            ..Default::default()
        };
        let good = model.encode_to_vec();
        assert_eq!(with_readable_text(&good), None);
        // The second byte of each letter is broken off its first.
        let bad: Vec<u8> = good.iter().map(|b| if *b == 0xa9 { b'z' } else { *b }).collect();
        assert!(ModelProto::decode(&*bad).is_err());
        let mended = with_readable_text(&bad).unwrap();
        model.doc_string = Some("caf?z and so on".into());
        model.graph.as_mut().unwrap().node[0].name = Some("?z".into());
        assert_eq!(ModelProto::decode(&*mended).unwrap(), model);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for bytes in [
            &b"hello, this is no model"[..],
            &[0x0a],
            &[0x80; 11],
            &[7 << 3 | 3],
        ] {
            assert!(survey(bytes).is_err(), "{bytes:?}");
        }
        assert_eq!(survey(&[]), Ok(Survey::default()));
    }
}
