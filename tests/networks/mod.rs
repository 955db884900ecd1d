// SPDX-License-Identifier: MPL-2.0
//! Classifiers built by code, as exporters write them, with weights of noise.
//!
//! They have the operators, shapes and costs of the networks they are named after, for any input whose height and
//! width are a multiple of 32. Weights are scaled so that activations keep their size from layer to layer.

mod convolutional;
pub(crate) mod graph;
mod mobile;
mod transformer;

use steerlens::onnx::ModelProto;

/// A network that can be built.
pub(crate) struct Network {
    /// Whose shapes it has.
    pub(crate) name: &'static str,
    /// Builds it for an input of `[1, 3, size, size]`, with 1000 classes.
    pub(crate) build: fn(usize) -> ModelProto,
}

/// All of them, the largest first.
pub(crate) const NETWORKS: &[Network] = &[
    network("ResNet-50", convolutional::resnet50),
    network("ResNet-18", convolutional::resnet18),
    network("ConvNeXt-tiny", transformer::convnext_tiny),
    network("ViT-tiny", transformer::vit_tiny),
    network("EfficientNet-Lite0", mobile::efficientnet_lite0),
    network("MobileNetV2", mobile::mobilenet_v2),
    network("EfficientNet-B0", mobile::efficientnet_b0),
    network("MobileNetV3-small", mobile::mobilenet_v3_small),
    network("SqueezeNet", convolutional::squeezenet),
];

const fn network(name: &'static str, build: fn(usize) -> ModelProto) -> Network {
    Network { name, build }
}
