// SPDX-License-Identifier: MPL-2.0
//! Squeeze-excite `y = x s`, `s` of `[N,C,1,1]`, and other steps between a picture and one number per channel.
//!
//! A product that broadcasts, Expand and ReduceSum all leave the blocked layout; a nearest Resize to the picture's
//! size, and GlobalAveragePool, its adjoint but for a factor, do not. So the forward half gets `Resize(s)` before the
//! product, and the rules of Mul and Resize do the rest.

use super::chain::Chain;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::facts::Facts;
use crate::gradient::index::Index;
use crate::gradient::layout::Layout;
use crate::gradient::lowering::repeats;
use crate::gradient::rule::{Call, Stop};
use crate::onnx::{Array, NodeProto, TensorProto};

/// Makes the product of a blocked picture and a blocked gate one of equal shapes; returns the node that enlarges the
/// gate.
pub(super) fn with_full_gate(
    node: &mut NodeProto,
    facts: &mut Facts,
    layout: &Layout,
    constants: &mut Vec<TensorProto>,
) -> Option<NodeProto> {
    if node.op() != "Mul" {
        return None;
    }
    let [n, channels, h, w] = *facts.shape(node.output(0)?)? else {
        return None;
    };
    let (a, b) = (node.input(0)?, node.input(1)?);
    let is_gate = |t: &str, x: &str| {
        h * w > 1
            && facts.shape(t) == Some(&[n, channels, 1, 1])
            && facts.shape(x) == Some(&[n, channels, h, w])
            && layout.is_blocked(t)
            && layout.is_blocked(x)
    };
    let at = [(a, b), (b, a)].iter().position(|(t, x)| is_gate(t, x))?;
    let gate = [a, b][at].to_owned();
    let (name, factors) = (facts.fresh(&gate, "full"), facts.fresh(&gate, "factors"));
    let scales = Array::real([4], [1.0, 1.0, h as f32, w as f32]).encode(&factors);
    facts.insert_constant(scales.clone());
    constants.push(scales);
    facts.insert(&name, vec![n, channels, h, w]);
    let mut resize = NodeProto::new("Resize", &name, &[&gate, "", &factors], &[&name]);
    repeats()
        .into_iter()
        .for_each(|(key, value)| resize.set(key, value));
    node.input[at] = name;
    Some(resize)
}

/// A Resize of one number per channel.
pub(super) fn find<'a>(index: &Index<'a>, node: &'a NodeProto) -> Option<Chain<'a>> {
    let x = node.input(0).filter(|_| node.op() == "Resize")?;
    let ([n, c, 1, 1], [m, d, ..]) = (index.shape(x)?, index.shape(node.output(0)?)?) else {
        return None;
    };
    let crops = node.string("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
    let repeats = node.string("mode", "nearest") == "nearest" && (n, c) == (m, d) && !crops;
    repeats.then_some(Chain {
        xs: vec![x],
        inner: None,
        apply: summed,
    })
}

/// The sum over height and width, as a mean times their number.
fn summed(e: &mut Emit<'_>, _: &Chain<'_>, c: &Call<'_>) -> Result<Vec<Value>, Stop> {
    let y = c.y()?.clone();
    let ct = e.full(&c.ct, &y.shape);
    let (channels, pixels) = (y.shape[1], y.shape[2] * y.shape[3]);
    let mean = e.op("GlobalAveragePool", &[&ct], &[], &[y.shape[0], channels, 1, 1]);
    Ok(vec![e.per_channel(&mean, &vec![pixels as f32; channels])])
}
