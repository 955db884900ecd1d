// SPDX-License-Identifier: MPL-2.0
//! The scaling that a graph itself does to its input before anything else, and the values that it must expect there.
//!
//! `/ 255`, `(x - mean) / std`, Keras' Rescaling, a BatchNormalization: each is an affine map per channel. Where 0..1
//! or 0..255 lands in the range of a normalised picture, that is what the graph takes.

use super::scale::IMAGENET;
use super::{InputFormat, Range};
use crate::onnx::{Array, GraphProto, NodeProto, Values};
use crate::size;

/// Elements of a constant that is looked at, and axes of a tensor that is followed: both are few where a picture is
/// scaled.
const FEW: usize = 64;

/// What a graph's first nodes say of its input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GraphScaling {
    /// What black and white must become.
    pub(super) range: Expected,
    /// The order of channels, where the constants are ImageNet's.
    pub(super) channels: InputFormat,
}

/// Values that graphs expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// 0..1
    Unit,
    /// 0..255
    Byte,
    /// -1..1
    Signed,
    /// ImageNet's means and standard deviations, in the order RGB.
    Imagenet,
}

impl Expected {
    /// What black and white are, for each channel.
    pub(super) fn ranges(self, channels: usize) -> Vec<Range> {
        match self {
            Self::Unit => vec![Range { min: 0.0, max: 1.0 }; channels],
            Self::Byte => vec![Range { min: 0.0, max: 255.0 }; channels],
            Self::Signed => vec![Range { min: -1.0, max: 1.0 }; channels],
            Self::Imagenet => IMAGENET
                .0
                .iter()
                .zip(IMAGENET.1)
                .filter_map(|(mean, std)| Range::from_mean_std(*mean, std))
                .collect(),
        }
    }

    /// The value of `normalization` that gives it.
    pub(super) fn nick(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Byte => "byte",
            Self::Signed => "signed",
            Self::Imagenet => "imagenet",
        }
    }
}

/// What the nodes right after the input `[1, C, H, W]` or `[1, H, W, C]` say of it; `None` where they scale nothing,
/// or in no way that tells.
pub(super) fn evidence(
    graph: &GraphProto,
    input: &str,
    shape: &[usize],
    channels_last: bool,
) -> Option<GraphScaling> {
    let axis = if channels_last { 3 } else { 1 };
    let channels = *shape.get(axis)?;
    let map = Leading {
        scale: vec![1.0; channels],
        offset: vec![0.0; channels],
        order: (0..channels).collect(),
        axis,
        rank: shape.len(),
    }
    .follow(graph, input);
    map.expected()
}

/// An affine map per channel, and where the channels are after it.
#[derive(Debug)]
struct Leading {
    /// By the input's channels.
    scale: Vec<f64>,
    offset: Vec<f64>,
    /// The input's channel at each place of the channels' axis.
    order: Vec<usize>,
    axis: usize,
    rank: usize,
}

impl Leading {
    /// Goes on from node to node as long as each is affine and the only one.
    fn follow(mut self, graph: &GraphProto, input: &str) -> Self {
        let mut at = input;
        // A graph has no cycles; the bound is for one that is none.
        for _ in 0..graph.node.len() {
            let mut readers = graph.node.iter().filter(|node| {
                node.input.iter().any(|name| name == at) && !matches!(node.op(), "Shape" | "Size")
            });
            let (Some(node), None) = (readers.next(), readers.next()) else {
                break;
            };
            let Some(output) = node.output(0).filter(|_| self.apply(node, at, graph).is_some()) else {
                break;
            };
            at = output;
        }
        self
    }

    /// Puts a node behind the map; `None`, and nothing changed, where it is not affine per channel.
    fn apply(&mut self, node: &NodeProto, at: &str, graph: &GraphProto) -> Option<()> {
        if !node.is_standard() {
            return None;
        }
        let first = node.input(0) == Some(at);
        let constant = |index: usize| constant(graph, node.input(index)?);
        match node.op() {
            "Identity" | "Cast" | "Dropout" | "Clip" | "QuantizeLinear" | "DequantizeLinear" if first => {}
            // The picture as a whole gets another size; its values stay.
            "Resize" | "Upsample" | "Pad" | "AveragePool" if first && self.rank == 4 => {}
            "Add" | "Sub" | "Mul" | "Div" => {
                let other = self.per_channel(&constant(usize::from(first))?)?;
                let (a, b): (Vec<f64>, Vec<f64>) = match (node.op(), first) {
                    ("Add", _) => other.iter().map(|c| (1.0, *c)).unzip(),
                    ("Sub", true) => other.iter().map(|c| (1.0, -c)).unzip(),
                    ("Sub", false) => other.iter().map(|c| (-1.0, *c)).unzip(),
                    ("Mul", _) => other.iter().map(|c| (*c, 0.0)).unzip(),
                    ("Div", true) => other.iter().map(|c| (1.0 / c, 0.0)).unzip(),
                    _ => return None,
                };
                self.then(&a, &b);
            }
            "BatchNormalization" if first && self.axis == 1 => {
                let each = |index| Some(reals(&constant(index)?)).filter(|v| v.len() == self.order.len());
                let (scale, bias, mean, variance) = (each(1)?, each(2)?, each(3)?, each(4)?);
                let epsilon = f64::from(node.float("epsilon", 1e-5));
                let a: Vec<f64> = scale
                    .iter()
                    .zip(&variance)
                    .map(|(s, v)| s / (v + epsilon).sqrt())
                    .collect();
                let b: Vec<f64> = a
                    .iter()
                    .zip(bias.iter().zip(&mean))
                    .map(|(a, (b, m))| b - m * a)
                    .collect();
                self.then(&a, &b);
            }
            // One weight for each channel.
            "Conv" if first && self.axis == 1 => {
                let weights = constant(1)?;
                let own = weights.shape.iter().skip(1).all(|extent| *extent == 1);
                let padded = node
                    .ints("pads")
                    .is_some_and(|pads| pads.iter().any(|pad| *pad != 0));
                let a = Some(reals(&weights)).filter(|a| own && !padded && a.len() == self.order.len())?;
                let b = match node.input(2) {
                    Some(_) => Some(reals(&constant(2)?)).filter(|b| b.len() == a.len())?,
                    None => vec![0.0; a.len()],
                };
                self.then(&a, &b);
            }
            "Transpose" if first => {
                let last_first: Vec<i64> = (0..self.rank as i64).rev().collect();
                let permutation = node.ints("perm").unwrap_or(&last_first);
                if permutation.len() != self.rank {
                    return None;
                }
                self.axis = permutation
                    .iter()
                    .position(|p| usize::try_from(*p).ok() == Some(self.axis))?;
            }
            "Unsqueeze" | "Squeeze" if first => {
                let axes = match node.ints("axes") {
                    Some(axes) => axes.to_vec(),
                    None => constant(1)?.as_whole()?.to_vec(),
                };
                let wider = node.op() == "Unsqueeze";
                let rank = if wider { self.rank + axes.len() } else { self.rank };
                let mut axes: Vec<usize> = axes.iter().map(|a| axis_of(*a, rank)).collect::<Option<_>>()?;
                axes.sort_unstable();
                if rank > FEW || axes.windows(2).any(|pair| pair[0] == pair[1]) {
                    return None;
                }
                if wider {
                    let mut axis = self.axis;
                    for a in &axes {
                        axis += usize::from(*a <= axis);
                    }
                    (self.axis, self.rank) = (axis, rank);
                } else if axes.contains(&self.axis) {
                    return None;
                } else {
                    self.axis -= axes.iter().filter(|a| **a < self.axis).count();
                    self.rank -= axes.len();
                }
            }
            // Channels that change places: RGB to BGR.
            "Gather" if first => {
                let indices = constant(1)?.as_whole()?.to_vec();
                if axis_of(node.int("axis", 0), self.rank)? != self.axis || indices.len() != self.order.len()
                {
                    return None;
                }
                let order: Vec<usize> = indices
                    .iter()
                    .map(|i| self.order.get(usize::try_from(*i).ok()?).copied())
                    .collect::<Option<_>>()?;
                self.order = order;
            }
            "Slice" if first => {
                let [starts, ends, axes, steps] =
                    [1, 2, 3, 4].map(|index| constant(index).and_then(|c| c.as_whole().map(<[i64]>::to_vec)));
                let (axes, steps, starts, ends) = (axes?, steps?, starts?, ends?);
                let (&[axis], &[-1], &[start], &[end]) = (&axes[..], &steps[..], &starts[..], &ends[..])
                else {
                    return None;
                };
                let channels = self.order.len() as i64;
                let all = axis_of(axis, self.rank)? == self.axis
                    && (start == -1 || start >= channels - 1)
                    && end < -channels;
                if !all {
                    return None;
                }
                self.order.reverse();
            }
            _ => return None,
        }
        Some(())
    }

    /// A constant's values for the places of the channels' axis: one for all, or one each along that axis alone.
    fn per_channel(&self, array: &Array) -> Option<Vec<f64>> {
        let values = reals(array);
        let channels = self.order.len();
        if let [one] = values[..] {
            return Some(vec![one; channels]);
        }
        let from_the_end = self.rank.checked_sub(self.axis)?;
        let own = array.shape.len().checked_sub(from_the_end)?;
        let fits = array
            .shape
            .iter()
            .enumerate()
            .all(|(axis, extent)| *extent == if axis == own { channels } else { 1 });
        fits.then_some(values)
    }

    /// Puts `a x + b` behind the map, by the places of the channels' axis.
    fn then(&mut self, a: &[f64], b: &[f64]) {
        for ((channel, a), b) in self.order.iter().zip(a).zip(b) {
            self.scale[*channel] *= a;
            self.offset[*channel] = self.offset[*channel] * a + b;
        }
    }

    /// The values that the map brings into a range that networks work in.
    fn expected(&self) -> Option<GraphScaling> {
        let finite = self.scale.iter().chain(&self.offset).all(|x| x.is_finite());
        let same =
            self.scale.iter().all(|a| (a - 1.0).abs() < 0.1) && self.offset.iter().all(|b| b.abs() < 0.1);
        if !finite || same {
            return None;
        }
        let lands = |expected: Expected, wanted: &dyn Fn(f64, f64) -> bool| {
            let ranges = expected.ranges(self.scale.len());
            let channels = self.scale.iter().zip(&self.offset).zip(&ranges);
            ranges.len() == self.scale.len()
                && channels.into_iter().all(|((a, b), range)| {
                    let (black, white) = (a * range.min + b, a * range.max + b);
                    wanted(black.min(white), black.max(white))
                })
        };
        let near = |x: f64, y: f64, span: f64| (x - y).abs() < 0.02 * span;
        let exactly = |low: f64, high: f64| {
            [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)]
                .iter()
                .any(|(l, h)| near(low, *l, h - l) && near(high, *h, h - l))
        };
        let range = [
            // 0..1, -1..1, -.5...5, ImageNet's -2.2..2.7, MNIST's -.5..2.9 and their like.
            (Expected::Unit, &normalised as &dyn Fn(f64, f64) -> bool),
            (Expected::Byte, &normalised),
            // Networks of Caffe's age: bytes, less their mean.
            (Expected::Unit, &bytes),
            (Expected::Byte, &bytes),
            (Expected::Signed, &exactly),
            (Expected::Imagenet, &exactly),
        ]
        .into_iter()
        .find(|(expected, wanted)| lands(*expected, wanted))?
        .0;
        Some(GraphScaling {
            range,
            channels: self.channels(range),
        })
    }

    /// The order of channels that the means of the map give away.
    fn channels(&self, range: Expected) -> InputFormat {
        let white = match range {
            Expected::Unit => 1.0,
            Expected::Byte => 255.0,
            Expected::Signed | Expected::Imagenet => return InputFormat::Auto,
        };
        let means: Vec<f64> = self
            .scale
            .iter()
            .zip(&self.offset)
            .map(|(a, b)| -b / a / white)
            .collect();
        let like = |order: [usize; 3]| {
            means.len() == 3
                && order
                    .iter()
                    .zip(&means)
                    .all(|(k, mean)| (IMAGENET.0[*k] - mean).abs() < 0.015)
        };
        match () {
            () if like([0, 1, 2]) => InputFormat::Rgb,
            () if like([2, 1, 0]) => InputFormat::Bgr,
            () => InputFormat::Auto,
        }
    }
}

/// An axis of a tensor of so many; a negative one counts from the end.
fn axis_of(axis: i64, rank: usize) -> Option<usize> {
    let from_the_start = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(from_the_start).ok().filter(|axis| *axis < rank)
}

/// Where a normalised picture lies; standard deviations of .14 and more.
fn normalised(low: f64, high: f64) -> bool {
    (-3.5..=0.05).contains(&low) && (0.45..=7.0).contains(&high) && high - low >= 0.9
}

/// Where bytes lie, less a mean or not.
fn bytes(low: f64, high: f64) -> bool {
    (-140.0..=1.0).contains(&low) && (200.0..=260.0).contains(&(high - low))
}

/// A constant of the graph, if it is small.
fn constant(graph: &GraphProto, name: &str) -> Option<Array> {
    let initializer = graph.initializer.iter().find(|t| t.name.as_deref() == Some(name));
    let made = || {
        let node = graph.node.iter().find(|node| node.output(0) == Some(name))?;
        (node.op() == "Constant").then(|| node.attribute("value")?.t.as_ref())?
    };
    let tensor = initializer.or_else(made)?;
    let extents: Option<Vec<usize>> = tensor.dims.iter().map(|d| usize::try_from(*d).ok()).collect();
    size::check(&extents?, FEW)?;
    Array::decode(tensor).ok()
}

fn reals(array: &Array) -> Vec<f64> {
    match &array.values {
        Values::Real(values) => values.iter().map(|v| f64::from(*v)).collect(),
        Values::Whole(values) => values.iter().map(|v| *v as f64).collect(),
    }
}

#[cfg(test)]
mod tests;
