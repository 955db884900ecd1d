// SPDX-License-Identifier: MPL-2.0
//! Classifiers built by code, as exporters write them, with weights of noise.
//!
//! They have the operators, shapes and costs of the networks they are named after, for any input whose height and
//! width are a multiple of 32. Weights are scaled so that activations keep their size from layer to layer.

mod convolutional;
mod graph;
mod mobile;
mod transformer;

use steerlens::onnx::ModelProto;

/// A network that can be built.
pub struct Network {
    /// Whose shapes it has.
    pub name: &'static str,
    /// Whether its gradient is continuous: no Relu, no maximum.
    pub smooth: bool,
    /// Builds it for an input of `[1, 3, size, size]`, with 1000 classes.
    pub build: fn(usize) -> ModelProto,
}

/// All of them, the largest first.
pub const NETWORKS: &[Network] = &[
    network("ResNet-50", false, convolutional::resnet50),
    network("ResNet-18", false, convolutional::resnet18),
    network("ConvNeXt-tiny", true, transformer::convnext_tiny),
    network("ViT-tiny", true, transformer::vit_tiny),
    network("EfficientNet-Lite0", false, mobile::efficientnet_lite0),
    network("MobileNetV2", false, mobile::mobilenet_v2),
    network("EfficientNet-B0", true, mobile::efficientnet_b0),
    network("MobileNetV3-small", false, mobile::mobilenet_v3_small),
    network("SqueezeNet", false, convolutional::squeezenet),
];

const fn network(name: &'static str, smooth: bool, build: fn(usize) -> ModelProto) -> Network {
    Network { name, smooth, build }
}
