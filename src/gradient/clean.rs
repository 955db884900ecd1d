// SPDX-License-Identifier: MPL-2.0
//! Before anything else: one graph in order, one input of a fixed shape, float32 throughout, nothing stale.

use super::error::Error;
use super::options::Options;
use crate::onnx::{
    self, Array, DimensionProto, ElementType, GraphProto, ModelProto, NodeProto, TensorProto,
    TensorTypeProto, TypeProto, ValueInfoProto, visit,
};
use crate::size;

/// The format that graphs are handed over in, if theirs is later: every runtime that is taken reads it.
pub(super) const NEWEST_FORMAT: i64 = 10;

/// The model's picture input.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) element: ElementType,
    pub(super) shape: Vec<usize>,
}

/// The newest format that is known here.
const NEWEST_IR: i64 = 14;

/// Opsets that are taken; older ones have other forms of too many operators.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=onnx::NEWEST;

/// Sorts the graph, fixes the input's shape, turns 16-bit reals into float32 and drops what would keep ONNX Runtime
/// from folding.
pub(super) fn clean(model: &mut ModelProto, options: &Options) -> Result<Input, Error> {
    // Up to IR version 3 initializers are overridable inputs, and nothing that depends on them is folded.
    let format = model.ir_version.unwrap_or(0);
    if format > NEWEST_IR {
        return Err(Error::Format {
            found: format,
            newest: NEWEST_IR,
        });
    }
    // A runtime refuses a later version than its own for the number alone; nothing that is read here is new in them.
    model.ir_version = Some(format.clamp(4, NEWEST_FORMAT));
    let opset = model.opset().unwrap_or(0);
    if !OPSETS.contains(&opset) {
        return Err(Error::Opset(opset));
    }
    let mut graph = model.graph.take().unwrap_or_default();
    unique_constants(&mut graph)?;
    let constants: std::collections::HashSet<_> = graph.initializer.iter().map(|t| t.name.clone()).collect();
    graph.input.retain(|i| !constants.contains(&i.name));
    onnx::sort(&mut graph)?;
    visit::graph(&mut graph, &mut Widen)?;
    if graph.input.len() != 1 {
        return Err(Error::Inputs(
            graph.input.iter().filter_map(|i| i.name.clone()).collect(),
        ));
    }
    let (name, element) = (
        graph.input[0].name.clone().unwrap_or_default(),
        ElementType::from_number(graph.input[0].element()),
    );
    if !matches!(element, ElementType::Float | ElementType::Uint8) {
        return Err(Error::InputType {
            name,
            element: element.to_string(),
        });
    }
    let shape = fixed_shape(&graph.input[0], read_channels(&graph, &name), options)?;
    graph.input[0] = ValueInfoProto::tensor(&name, element.number(), &shape);
    // Shapes that other sizes left behind; ONNX Runtime infers them anew.
    graph.value_info.clear();
    for output in &mut graph.output {
        let element = Some(output.element()).filter(|element| *element != 0);
        output.r#type = element.map(|element| TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Some(element),
                shape: None,
            }),
        });
    }
    model.graph = Some(graph);
    Ok(Input { name, element, shape })
}

/// Of constants that are the same, name and elements, one is kept. Others of one name are refused: which of them counts,
/// ONNX does not say.
fn unique_constants(graph: &mut GraphProto) -> Result<(), Error> {
    let mut kept: Vec<TensorProto> = Vec::with_capacity(graph.initializer.len());
    let mut places: std::collections::HashMap<Option<String>, usize> = std::collections::HashMap::new();
    for tensor in std::mem::take(&mut graph.initializer) {
        match places.get(&tensor.name) {
            Some(place) if kept[*place] == tensor => {}
            Some(_) => {
                let reason = format!(
                    "two different weights have the name \"{}\"; export it again",
                    tensor.name.unwrap_or_default()
                );
                return Err(onnx::Error::NotAModel { reason }.into());
            }
            None => {
                places.insert(tensor.name.clone(), kept.len());
                kept.push(tensor);
            }
        }
    }
    graph.initializer = kept;
    Ok(())
}

/// The CPU provider computes float16 in float32 anyway, and refuses bfloat16 convolutions.
struct Widen;

/// Attributes that hold the number of an element type.
const TYPES: [&str; 3] = ["to", "dtype", "output_dtype"];

impl visit::Visitor for Widen {
    type Stop = Error;

    fn tensor(&mut self, tensor: &mut TensorProto) -> Result<(), Error> {
        onnx::check_tensor(tensor)?;
        if ElementType::from_number(tensor.data_type.unwrap_or(0)).is_half() {
            let name = tensor.name.clone();
            *tensor = Array::decode(tensor)?.encode("");
            tensor.name = name;
        }
        Ok(())
    }

    fn node(&mut self, node: &mut NodeProto) -> Result<(), Error> {
        for name in TYPES {
            if node.is_standard()
                && ElementType::from_number(i32::try_from(node.int(name, 0)).unwrap_or(0)).is_half()
            {
                node.set(name, i64::from(ElementType::Float.number()));
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &mut ValueInfoProto) -> Result<(), Error> {
        if ElementType::from_number(value.element()).is_half()
            && let Some(tensor) = value.r#type.as_mut().and_then(|t| t.tensor_type.as_mut())
        {
            tensor.elem_type = Some(ElementType::Float.number());
        }
        Ok(())
    }
}

/// How many channels the Conv takes that reads the tensor first: where exporters leave that axis open, as Optimum does.
fn read_channels(graph: &GraphProto, input: &str) -> Option<usize> {
    let reads = |n: &&NodeProto| n.op() == "Conv" && n.is_standard() && n.input(0) == Some(input);
    let conv = graph.node.iter().find(reads)?;
    let weight = graph
        .initializer
        .iter()
        .find(|t| t.name.as_deref() == conv.input(1))?;
    let per_group = usize::try_from(*weight.dims.get(1)?).ok()?;
    per_group.checked_mul(usize::try_from(conv.int("group", 1)).ok()?)
}

/// `channels`: how many the graph takes, should the input not state it.
fn fixed_shape(
    input: &ValueInfoProto,
    channels: Option<usize>,
    options: &Options,
) -> Result<Vec<usize>, Error> {
    let dims = input.dims().unwrap_or_default();
    let refuse = |reason: &str| Error::InputShape {
        name: input.name.clone().unwrap_or_default(),
        shape: dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        reason: reason.into(),
    };
    let known = |d: &DimensionProto| d.known();
    let [batch, a, b, c] = dims else {
        return Err(refuse(match dims.len() {
            0 => "its axes are not stated; export with a stated shape, such as [1,3,H,W] with H and W open",
            3 => "it has no axis of pictures in a batch; export with one, [1,C,H,W] or [1,H,W,C]",
            5 => "it takes clips of several frames; export it for a single frame, as [1,C,H,W]",
            _ => "a picture's input has four axes, [N,C,H,W] or [N,H,W,C]",
        }));
    };
    if known(batch).is_some_and(|n| n > 1) {
        return Err(refuse(
            "the batch is fixed at more than 1; export with batch 1 or a dynamic one",
        ));
    }
    let is_channels = |d: &DimensionProto| matches!(known(d), Some(1 | 3 | 4));
    let channels_last = options.channels_last.unwrap_or(!is_channels(a) && is_channels(c));
    let (stated, height, width) = if channels_last { (c, a, b) } else { (a, b, c) };
    let Some(channels) = known(stated).or(channels).filter(|n| *n > 0) else {
        return Err(refuse(
            "the number of channels is not fixed; export with a fixed one",
        ));
    };
    let extent = |d: &DimensionProto, wanted: Option<usize>, axis: &str| match (known(d), wanted) {
        (Some(n), Some(w)) if n != w => {
            Err(refuse(&format!("its {axis} is fixed at {n}, {w} was asked for")))
        }
        (Some(n), _) | (None, Some(n)) if n > 0 => Ok(n),
        _ => Err(refuse(
            "height or width is open; give the size with input-size HxW",
        )),
    };
    let height = extent(height, options.input_size.map(|s| s.0), "height")?;
    let width = extent(width, options.input_size.map(|s| s.1), "width")?;
    let shape = if channels_last {
        vec![1, height, width, channels]
    } else {
        vec![1, channels, height, width]
    };
    if size::check(&shape, size::MAX_INPUT).is_none() {
        return Err(refuse(&format!(
            "{channels} x {height} x {width} elements are more than {} (2^26), more than any picture here may have",
            size::MAX_INPUT
        )));
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Optimum leaves every axis of `pixel_values` open.
    #[test]
    fn an_open_axis_of_channels_is_read_from_the_first_conv() {
        let weight = |channels: usize| Array::real([2, channels, 1, 1], vec![0.5; 2 * channels]).encode("w");
        let graph = |channels: usize, group: i64| GraphProto {
            node: vec![NodeProto::new("Conv", "patches", &["x", "w"], &["y"]).with("group", group)],
            initializer: vec![weight(channels)],
            ..Default::default()
        };
        assert_eq!(read_channels(&graph(3, 1), "x"), Some(3));
        assert_eq!(read_channels(&graph(2, 2), "x"), Some(4));
        assert_eq!(read_channels(&graph(3, 1), "z"), None);
    }
}
