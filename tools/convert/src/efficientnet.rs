// SPDX-License-Identifier: MPL-2.0
//! EfficientNet-Lite as an ONNX graph, each BatchNormalization folded into the convolution before it.
//!
//! Tan & Le 2019, in TensorFlow's "Lite" form: no squeeze-and-excitation, ReLU6; stem, head and the number of blocks in
//! the first and the last stage unscaled.
//! TensorFlow pads SAME, which for stride 2 and even sizes pads only below and to the right.

use anyhow::{Context, Result};
use steerlens::onnx::{
    Array, ElementType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto,
};

use crate::weights::Weights;

/// One network of the family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    /// Its number in the family's name.
    pub(crate) number: u32,
    /// Height and width of the input.
    pub(crate) size: usize,
    /// What the channels of the stages are multiplied by.
    width: f64,
    /// What the blocks of the inner stages are multiplied by.
    depth: f64,
}

/// The networks that are converted; their scales are those of TensorFlow's EfficientNet-Lite.
pub(crate) const VARIANTS: [Variant; 3] = [
    variant(0, 224, 1.0, 1.0),
    variant(1, 240, 1.0, 1.1),
    variant(2, 260, 1.1, 1.2),
];

const fn variant(number: u32, size: usize, width: f64, depth: f64) -> Variant {
    Variant {
        number,
        size,
        width,
        depth,
    }
}

impl Variant {
    /// The stages, scaled: channels to the nearest multiple of 8 that takes away less than a tenth, blocks rounded up.
    fn stages(self) -> [Stage; 7] {
        let last = STAGES.len() - 1;
        let mut stages = STAGES;
        for (index, stage) in stages.iter_mut().enumerate() {
            let wanted = stage.channels as f64 * self.width;
            let rounded = (wanted / 8.0 + 0.5).floor() * 8.0;
            stage.channels = (if rounded < 0.9 * wanted {
                rounded + 8.0
            } else {
                rounded
            }) as usize;
            if index != 0 && index != last {
                stage.blocks = (stage.blocks as f64 * self.depth).ceil() as usize;
            }
        }
        stages
    }
}

/// Number of classes.
pub(crate) const CLASSES: usize = 1000;

const STEM: usize = 32;
const HEAD: usize = 1280;
const BATCH_NORM_EPSILON: f64 = 1e-3;

/// Blocks that share their shape; the first of them has the stride.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stage {
    blocks: usize,
    kernel: usize,
    stride: usize,
    expansion: usize,
    channels: usize,
}

const fn stage(blocks: usize, kernel: usize, stride: usize, expansion: usize, channels: usize) -> Stage {
    Stage {
        blocks,
        kernel,
        stride,
        expansion,
        channels,
    }
}

const STAGES: [Stage; 7] = [
    stage(1, 3, 1, 1, 16),
    stage(2, 3, 2, 6, 24),
    stage(2, 5, 2, 6, 40),
    stage(3, 3, 2, 6, 80),
    stage(3, 5, 1, 6, 112),
    stage(4, 5, 2, 6, 192),
    stage(1, 3, 1, 6, 320),
];

/// The model: `input` [1, 3, size, size] to `logits` [1, 1000], opset 13.
///
/// # Errors
/// When a weight is missing, has another shape, or is left over.
pub(crate) fn build(variant: Variant, weights: Weights) -> Result<ModelProto> {
    let mut graph = Builder {
        weights,
        nodes: Vec::new(),
        constants: Vec::new(),
        size: variant.size,
    };
    graph.constant("zero", &[], vec![0.0]);
    graph.constant("six", &[], vec![6.0]);

    let stem = Conv {
        name: "_conv_stem",
        norm: "_bn0",
        kernel: 3,
        stride: 2,
        from: 3,
        to: STEM,
        depthwise: false,
    };
    let x = graph.conv(&stem, "input")?;
    let (mut x, mut channels, mut block) = (graph.relu6(x), STEM, 0);
    for stage in &variant.stages() {
        for repeat in 0..stage.blocks {
            let stride = if repeat == 0 { stage.stride } else { 1 };
            x = graph.block(block, stage, stride, channels, x)?;
            (channels, block) = (stage.channels, block + 1);
        }
    }
    let head = Conv {
        name: "_conv_head",
        norm: "_bn1",
        kernel: 1,
        stride: 1,
        from: channels,
        to: HEAD,
        depthwise: false,
    };
    let x = graph.conv(&head, &x)?;
    let x = graph.relu6(x);
    graph.classify(&x)?;

    graph.weights.finish()?;
    let float = ElementType::Float.number();
    Ok(ModelProto {
        ir_version: Some(8),
        producer_name: Some("steerlens-convert".into()),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(13),
        }],
        graph: Some(GraphProto {
            name: Some(format!("efficientnet_lite{}", variant.number)),
            node: graph.nodes,
            initializer: graph.constants,
            input: vec![ValueInfoProto::tensor(
                "input",
                float,
                &[1, 3, variant.size, variant.size],
            )],
            output: vec![ValueInfoProto::tensor("logits", float, &[1, CLASSES])],
            ..Default::default()
        }),
        ..Default::default()
    })
}

/// A convolution with the BatchNormalization behind it, by their names in the state dict.
struct Conv<'a> {
    name: &'a str,
    norm: &'a str,
    kernel: usize,
    stride: usize,
    from: usize,
    to: usize,
    depthwise: bool,
}

struct Builder {
    weights: Weights,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    /// Height and width of the newest tensor.
    size: usize,
}

impl Builder {
    /// Inverted bottleneck: expand, filter each channel, project; added to its input where shapes agree.
    fn block(
        &mut self,
        index: usize,
        stage: &Stage,
        stride: usize,
        from: usize,
        input: String,
    ) -> Result<String> {
        let part = |name: &str| format!("_blocks.{index}.{name}");
        let wide = from * stage.expansion;
        let mut x = input.clone();
        if stage.expansion != 1 {
            let (name, norm) = (part("_expand_conv"), part("_bn0"));
            let expand = Conv {
                name: &name,
                norm: &norm,
                kernel: 1,
                stride: 1,
                from,
                to: wide,
                depthwise: false,
            };
            x = self.conv(&expand, &x)?;
            x = self.relu6(x);
        }
        let (name, norm, kernel) = (part("_depthwise_conv"), part("_bn1"), stage.kernel);
        let filter = Conv {
            name: &name,
            norm: &norm,
            kernel,
            stride,
            from: wide,
            to: wide,
            depthwise: true,
        };
        x = self.conv(&filter, &x)?;
        x = self.relu6(x);
        let (name, norm, to) = (part("_project_conv"), part("_bn2"), stage.channels);
        let project = Conv {
            name: &name,
            norm: &norm,
            kernel: 1,
            stride: 1,
            from: wide,
            to,
            depthwise: false,
        };
        x = self.conv(&project, &x)?;
        if stride == 1 && from == to {
            let sum = format!("block{index}_sum");
            self.nodes.push(NodeProto::new(
                "Add",
                &format!("block{index}_add"),
                &[&x, &input],
                &[&sum],
            ));
            x = sum;
        }
        Ok(x)
    }

    /// One Conv node with folded normalization; gives its output's name.
    fn conv(&mut self, conv: &Conv<'_>, input: &str) -> Result<String> {
        let Conv {
            name,
            norm,
            kernel,
            stride,
            ..
        } = *conv;
        let fan_in = if conv.depthwise { 1 } else { conv.from };
        let shape = [conv.to, fan_in, kernel, kernel];
        let weight = self.weights.take(&format!("{name}.weight"), &shape)?;
        let mut of_norm = |part: &str| self.weights.take(&format!("{norm}.{part}"), &[conv.to]);
        let (gamma, beta) = (of_norm("weight")?, of_norm("bias")?);
        let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);

        // gamma (w x - mean) / sqrt(variance + eps) + beta, in double precision, rounded once.
        let scale: Vec<f64> = gamma
            .iter()
            .zip(&variance)
            .map(|(g, v)| f64::from(*g) / (f64::from(*v) + BATCH_NORM_EPSILON).sqrt())
            .collect();
        let filters = weight.chunks_exact(fan_in * kernel * kernel).zip(&scale);
        let folded = filters
            .flat_map(|(filter, s)| filter.iter().map(move |w| (f64::from(*w) * s) as f32))
            .collect();
        let bias = beta
            .iter()
            .zip(&mean)
            .zip(&scale)
            .map(|((b, m), s)| (f64::from(*b) - f64::from(*m) * s) as f32)
            .collect();
        let (weight_name, bias_name) = (format!("{name}.weight"), format!("{name}.bias"));
        self.constant(&weight_name, &shape, folded);
        self.constant(&bias_name, &[conv.to], bias);

        let (before, after) = same_padding(self.size, kernel, stride);
        self.size = self.size.div_ceil(stride);
        let whole = |n: usize| i64::try_from(n).context("an extent is too large");
        let (k, s, lo, hi) = (whole(kernel)?, whole(stride)?, whole(before)?, whole(after)?);
        let output = format!("{}_out", name.replace("._", ".").trim_start_matches('_'));
        let node = NodeProto::new("Conv", name, &[input, &weight_name, &bias_name], &[&output])
            .with("group", if conv.depthwise { whole(conv.to)? } else { 1 })
            .with("kernel_shape", vec![k, k])
            .with("pads", vec![lo, lo, hi, hi])
            .with("strides", vec![s, s]);
        self.nodes.push(node);
        Ok(output)
    }

    fn relu6(&mut self, input: String) -> String {
        let output = format!("{input}_relu6");
        self.nodes.push(NodeProto::new(
            "Clip",
            &format!("{input}_clip"),
            &[&input, "zero", "six"],
            &[&output],
        ));
        output
    }

    fn classify(&mut self, input: &str) -> Result<()> {
        let weight = self.weights.take("_fc.weight", &[CLASSES, HEAD])?;
        let bias = self.weights.take("_fc.bias", &[CLASSES])?;
        self.constant("fc.weight", &[CLASSES, HEAD], weight);
        self.constant("fc.bias", &[CLASSES], bias);
        self.nodes.extend([
            NodeProto::new("GlobalAveragePool", "pool", &[input], &["pool_out"]),
            NodeProto::new("Flatten", "flatten", &["pool_out"], &["flat"]).with("axis", 1),
            NodeProto::new("Gemm", "fc", &["flat", "fc.weight", "fc.bias"], &["logits"]).with("transB", 1),
        ]);
        Ok(())
    }

    fn constant(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        self.constants.push(Array::real(shape, values).encode(name));
    }
}

/// Padding before and after an axis, as TensorFlow's SAME has it.
fn same_padding(size: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let total = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
    (total / 2, total - total / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_blocks_are_scaled_as_tensorflow_does() {
        let [zero, one, two] = VARIANTS.map(Variant::stages);
        assert_eq!(zero, STAGES);
        assert_eq!(one.map(|s| s.channels), STAGES.map(|s| s.channels));
        assert_eq!(two.map(|s| s.channels), [16, 24, 48, 88, 120, 208, 352]);
        assert_eq!(
            [one, two].map(|n| n.map(|s| s.blocks)),
            [[1, 3, 3, 4, 4, 5, 1]; 2]
        );
    }

    #[test]
    fn same_padding_is_asymmetric_where_tensorflow_has_it_so() {
        assert_eq!(same_padding(224, 3, 2), (0, 1));
        assert_eq!(same_padding(112, 5, 2), (1, 2));
        assert_eq!(same_padding(7, 3, 2), (1, 1));
        assert_eq!(same_padding(14, 5, 1), (2, 2));
        assert_eq!(same_padding(7, 1, 1), (0, 0));
    }
}
