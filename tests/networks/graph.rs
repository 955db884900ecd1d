// SPDX-License-Identifier: MPL-2.0
//! A graph under construction: nodes, constants of noise, and the shape of every tensor.

use steerlens::onnx::{Array, AttributeValue, GraphProto, ModelProto, NodeProto, OperatorSetIdProto};
use steerlens::onnx::{TensorProto, ValueInfoProto};

/// A tensor of the graph.
#[derive(Debug, Clone)]
pub(crate) struct T {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
}

impl T {
    pub(crate) fn channels(&self) -> usize {
        self.shape[1]
    }
}

/// A classifier under construction, its input `image`, its output `logits`, opset 17.
pub(crate) struct Graph {
    input: T,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    state: u64,
}

pub(crate) fn ints(v: &[usize]) -> Vec<i64> {
    v.iter().map(|d| i64::try_from(*d).unwrap_or(i64::MAX)).collect()
}

impl Graph {
    pub(crate) fn new(size: usize) -> (Self, T) {
        let input = T {
            name: "image".into(),
            shape: vec![1, 3, size, size],
        };
        let graph = Self {
            input: input.clone(),
            nodes: Vec::new(),
            constants: Vec::new(),
            state: 1,
        };
        (graph, input)
    }

    /// The finished model; `logits` is its output.
    pub(crate) fn finish(mut self, logits: &T) -> ModelProto {
        self.nodes
            .push(NodeProto::new("Identity", "head", &[&logits.name], &["logits"]));
        let float = 1;
        let graph = GraphProto {
            name: Some("network".into()),
            input: vec![ValueInfoProto::tensor(&self.input.name, float, &self.input.shape)],
            output: vec![ValueInfoProto::tensor("logits", float, &logits.shape)],
            node: self.nodes,
            initializer: self.constants,
            ..Default::default()
        };
        let import = OperatorSetIdProto {
            domain: None,
            version: Some(17),
        };
        ModelProto {
            ir_version: Some(8),
            graph: Some(graph),
            opset_import: vec![import],
            ..Default::default()
        }
    }

    /// A node with one output.
    pub(crate) fn op(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: &[(&str, AttributeValue)],
        shape: &[usize],
    ) -> T {
        let name = format!("t{}", self.nodes.len());
        let mut node = NodeProto::new(op, &name, inputs, &[&name]);
        for (key, value) in attributes {
            node.set(key, value.clone());
        }
        self.nodes.push(node);
        T {
            name,
            shape: shape.to_vec(),
        }
    }

    pub(crate) fn constant(&mut self, array: &Array) -> T {
        let name = format!("c{}", self.constants.len());
        self.constants.push(array.encode(&name));
        T {
            name,
            shape: array.shape.clone(),
        }
    }

    pub(crate) fn scalar(&mut self, x: f32) -> T {
        self.constant(&Array::real([], [x]))
    }

    /// A constant of noise around `centre`, of the given standard deviation.
    pub(crate) fn noise(&mut self, shape: &[usize], centre: f32, deviation: f32) -> T {
        let width = deviation * 12f32.sqrt();
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| centre + width * self.next()).collect();
        self.constant(&Array::real(shape, values))
    }

    /// Uniform in -0.5..0.5.
    fn next(&mut self) -> f32 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }

    pub(crate) fn unary(&mut self, op: &str, x: &T) -> T {
        self.op(op, &[&x.name], &[], &x.shape)
    }

    /// An elementwise operator; the result has the shape of `a`.
    pub(crate) fn binary(&mut self, op: &str, a: &T, b: &T) -> T {
        self.op(op, &[&a.name, &b.name], &[], &a.shape)
    }

    pub(crate) fn reshape(&mut self, x: &T, shape: &[usize]) -> T {
        let to = self.constant(&Array::whole(ints(shape)));
        self.op("Reshape", &[&x.name, &to.name], &[], shape)
    }

    pub(crate) fn transpose(&mut self, x: &T, permutation: &[usize]) -> T {
        let shape: Vec<usize> = permutation.iter().map(|p| x.shape[*p]).collect();
        self.op(
            "Transpose",
            &[&x.name],
            &[("perm", ints(permutation).into())],
            &shape,
        )
    }

    /// A Conv with bias, padded so that stride 1 keeps the size; weights of variance `gain`/fan-in.
    pub(crate) fn conv(&mut self, x: &T, out: usize, kernel: usize, stride: usize, gain: f32) -> T {
        self.conv_with(x, out, [kernel, stride, (kernel - 1) / 2], 1, gain)
    }

    /// A depthwise Conv, as [`Graph::conv`].
    pub(crate) fn depthwise(&mut self, x: &T, kernel: usize, stride: usize, gain: f32) -> T {
        let channels = x.channels();
        self.conv_with(x, channels, [kernel, stride, (kernel - 1) / 2], channels, gain)
    }

    pub(crate) fn conv_with(
        &mut self,
        x: &T,
        out: usize,
        [kernel, stride, pad]: [usize; 3],
        group: usize,
        gain: f32,
    ) -> T {
        let inner = x.channels() / group;
        let deviation = (gain / (inner * kernel * kernel) as f32).sqrt();
        let weight = self.noise(&[out, inner, kernel, kernel], 0.0, deviation);
        let bias = self.noise(&[out], 0.0, 0.1);
        let extent = |d: usize| (d + 2 * pad - kernel) / stride + 1;
        let shape = [x.shape[0], out, extent(x.shape[2]), extent(x.shape[3])];
        let attributes = [
            ("kernel_shape", ints(&[kernel, kernel]).into()),
            ("strides", ints(&[stride, stride]).into()),
            ("pads", ints(&[pad; 4]).into()),
            ("group", ints(&[group])[0].into()),
        ];
        self.op("Conv", &[&x.name, &weight.name, &bias.name], &attributes, &shape)
    }

    pub(crate) fn max_pool(&mut self, x: &T, kernel: usize, stride: usize, pad: usize) -> T {
        let extent = |d: usize| (d + 2 * pad - kernel) / stride + 1;
        let shape = [1, x.channels(), extent(x.shape[2]), extent(x.shape[3])];
        let attributes = [
            ("kernel_shape", ints(&[kernel, kernel]).into()),
            ("strides", ints(&[stride, stride]).into()),
            ("pads", ints(&[pad; 4]).into()),
        ];
        self.op("MaxPool", &[&x.name], &attributes, &shape)
    }

    pub(crate) fn global_average(&mut self, x: &T) -> T {
        let shape = [1, x.channels(), 1, 1];
        self.op("GlobalAveragePool", &[&x.name], &[], &shape)
    }

    /// `GlobalAveragePool, Flatten, Gemm` to 1000 classes.
    pub(crate) fn head(&mut self, x: &T) -> T {
        let channels = x.channels();
        let pooled = self.global_average(x);
        let flat = self.op("Flatten", &[&pooled.name], &[], &[1, channels]);
        self.gemm(&flat, 1000)
    }

    pub(crate) fn gemm(&mut self, x: &T, out: usize) -> T {
        let inner = x.shape[1];
        let weight = self.noise(&[out, inner], 0.0, (1.0 / inner as f32).sqrt());
        let bias = self.noise(&[out], 0.0, 0.1);
        let transposed = [("transB", 1.into())];
        self.op(
            "Gemm",
            &[&x.name, &weight.name, &bias.name],
            &transposed,
            &[x.shape[0], out],
        )
    }

    /// `MatMul, Add` on the last axis, as a linear layer of a sequence is exported.
    pub(crate) fn linear(&mut self, x: &T, out: usize, gain: f32) -> T {
        let inner = x.shape[x.shape.len() - 1];
        let weight = self.noise(&[inner, out], 0.0, (gain / inner as f32).sqrt());
        let bias = self.noise(&[out], 0.0, 0.1);
        let mut shape = x.shape.clone();
        shape.pop();
        shape.push(out);
        let product = self.op("MatMul", &[&x.name, &weight.name], &[], &shape);
        self.op("Add", &[&bias.name, &product.name], &[], &shape)
    }

    pub(crate) fn layer_norm(&mut self, x: &T) -> T {
        let width = x.shape[x.shape.len() - 1];
        let scale = self.noise(&[width], 1.0, 0.2);
        let bias = self.noise(&[width], 0.0, 0.1);
        let attributes = [("axis", (-1).into()), ("epsilon", 1e-6f32.into())];
        self.op(
            "LayerNormalization",
            &[&x.name, &scale.name, &bias.name],
            &attributes,
            &x.shape,
        )
    }

    /// GELU as PyTorch writes it: `Div, Erf, Add, Mul, Mul`.
    pub(crate) fn gelu(&mut self, x: &T) -> T {
        let (root, one, half) = (self.scalar(2f32.sqrt()), self.scalar(1.0), self.scalar(0.5));
        let scaled = self.binary("Div", x, &root);
        let erf = self.unary("Erf", &scaled);
        let twice = self.binary("Add", &erf, &one);
        let product = self.binary("Mul", x, &twice);
        self.binary("Mul", &product, &half)
    }

    /// `x * Sigmoid(x)`.
    pub(crate) fn silu(&mut self, x: &T) -> T {
        let gate = self.unary("Sigmoid", x);
        self.binary("Mul", x, &gate)
    }

    pub(crate) fn relu(&mut self, x: &T) -> T {
        self.unary("Relu", x)
    }

    pub(crate) fn relu6(&mut self, x: &T) -> T {
        let (low, high) = (self.scalar(0.0), self.scalar(6.0));
        self.op("Clip", &[&x.name, &low.name, &high.name], &[], &x.shape)
    }

    pub(crate) fn hard_swish(&mut self, x: &T) -> T {
        self.unary("HardSwish", x)
    }
}
