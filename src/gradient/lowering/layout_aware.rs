// SPDX-License-Identifier: MPL-2.0
//! What has two forms: a plain one, and one that stays in the blocked layout where its tensors are.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::signed;
use crate::gradient::options::Profile;
use crate::onnx::{Array, AttributeValue};

/// Attributes of a Resize that repeats every element.
pub(in crate::gradient) fn repeats() -> [(&'static str, AttributeValue); 3] {
    [
        ("mode", "nearest".into()),
        ("coordinate_transformation_mode", "asymmetric".into()),
        ("nearest_mode", "floor".into()),
    ]
}

impl Emit<'_> {
    /// A lazily broadcast cotangent in full.
    pub(in crate::gradient) fn full(&mut self, a: &Value, shape: &[usize]) -> Value {
        if *a.shape == *shape {
            return a.clone();
        }
        if self.is_blocked(a) && matches!(*a.shape, [_, _, 1, 1]) && a.shape[..2] == shape[..2] {
            return self.enlarged(a, shape);
        }
        let to = self.extents(shape);
        self.op("Expand", &[a, &to], &[], shape)
    }

    /// The cotangent of an operand that was broadcast: summed down to the operand's shape. `full` is the shape of
    /// the result it was broadcast to.
    pub(in crate::gradient) fn unbroadcast(&mut self, a: &Value, full: &[usize], shape: &[usize]) -> Value {
        if full == shape {
            return a.clone();
        }
        // Every axis that is summed must be there in full, or the sum would be short.
        let a = self.full(a, full);
        let offset = full.len() - shape.len();
        let axes: Vec<usize> = (0..full.len())
            .filter(|k| *k < offset || (shape[k - offset] == 1 && full[*k] != 1))
            .collect();
        let summed = self.sum_over(&a, &axes);
        self.reshape(&summed, shape)
    }

    /// A cotangent in the blocked layout, where the tensor it belongs to is: a depthwise 1x1 Conv with weights 1.
    /// One plain cotangent would make every later sum and product of the residual stream plain.
    pub(in crate::gradient) fn in_layout_of(&mut self, ct: &Value, y: &Value) -> Value {
        if !self.is_blocked(y) {
            return ct.clone();
        }
        let ct = self.full(ct, &y.shape);
        if self.is_blocked(&ct) {
            return ct;
        }
        self.per_channel(&ct, &vec![1.0; y.shape[1]])
    }

    /// `ct * factor`, `factor` being in full; in its layout.
    pub(in crate::gradient) fn weighted(&mut self, ct: &Value, factor: &Value) -> Value {
        let ct = self.in_layout_of(ct, factor);
        self.mul(&ct, factor)
    }

    /// The sum of all cotangents of a tensor, pairwise: Conv and Add fuse, a Sum of three does not. Where one is in the
    /// blocked layout, so are all: a sum of both kinds would be plain.
    pub(in crate::gradient) fn sum_of(&mut self, tensor: &str, mut all: Vec<Value>) -> Option<Value> {
        if all.len() > 1
            && let Some(tensor) = self.forward(tensor)
            && all.iter().any(|ct| self.is_blocked(ct))
        {
            all = all.iter().map(|ct| self.in_layout_of(ct, &tensor)).collect();
        }
        all.into_iter()
            .reduce(|sum, next| self.binary("Add", &sum, &next))
    }

    /// Whether the tensor is expected to be in the blocked layout.
    pub(in crate::gradient) fn is_blocked(&self, v: &Value) -> bool {
        self.layout.is_blocked(&v.name)
    }

    /// `a[n,c,..] * factor[c]`, as a depthwise 1x1 Conv on pictures of the CPU profile, which stays blocked.
    pub(in crate::gradient) fn per_channel(&mut self, a: &Value, factor: &[f32]) -> Value {
        if self.profile == Profile::Cpu && a.rank() == 4 {
            let weight = self.constant(Array::real([factor.len(), 1, 1, 1], factor));
            let group = ("group", signed(&[factor.len()])[0].into());
            return self.op(
                "Conv",
                &[a, &weight],
                &[group, ("kernel_shape", vec![1, 1].into())],
                &a.shape.clone(),
            );
        }
        let mut shape = vec![1; a.rank()];
        shape[1] = factor.len();
        let factor = self.constant(Array::real(shape, factor));
        self.mul(a, &factor)
    }

    /// `v` of `[N,C,h,w]`, every element repeated to make `[N,C,H,W]`, multiples of h and w.
    pub(super) fn enlarged(&mut self, v: &Value, shape: &[usize]) -> Value {
        if *v.shape == *shape {
            return v.clone();
        }
        let factors: Vec<f32> = shape
            .iter()
            .zip(&*v.shape)
            .map(|(to, from)| (to / from) as f32)
            .collect();
        let factors = self.constant(Array::real([4], factors));
        self.op_by_name("Resize", &[&v.name, "", &factors.name], &repeats(), shape)
    }
}
