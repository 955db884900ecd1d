// SPDX-License-Identifier: MPL-2.0
//! Small models written here, whose answers are plain arithmetic.

use std::path::Path;

use steerlens::onnx::{
    self, Array, DimensionProto, ElementType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    ValueInfoProto,
};

/// A model whose score of class `c` is the mean of the input's channel `c`, and 0 for the classes beyond.
pub(crate) struct Means {
    /// Of the input; 0 is a symbol.
    pub(crate) shape: Vec<usize>,
    pub(crate) channels_last: bool,
    pub(crate) element: ElementType,
}

impl Default for Means {
    fn default() -> Self {
        Self {
            shape: vec![1, 3, 8, 8],
            channels_last: false,
            element: ElementType::Float,
        }
    }
}

impl Means {
    pub(crate) const CLASSES: usize = 4;

    /// Writes the model into `folder` and says where.
    pub(crate) fn write(&self, folder: &Path) -> String {
        let fixed: Vec<usize> = self.shape.iter().map(|n| (*n).max(1)).collect();
        let channels = match (self.channels_last, fixed.len()) {
            (true, rank) => fixed[rank - 1],
            (false, rank) => fixed[rank.saturating_sub(3)],
        };
        // Averages over height and width, then one row of weights for each class.
        let mut weights = vec![0.0; channels * Self::CLASSES];
        for channel in 0..channels {
            weights[channel * Self::CLASSES + channel] = 1.0;
        }
        let axes = if self.channels_last { [1, 2] } else { [-2i64, -1] };
        let float = i64::from(ElementType::Float.number());
        let nodes = vec![
            NodeProto::new("Cast", "cast", &["picture"], &["real"]).with("to", float),
            NodeProto::new("ReduceMean", "mean", &["real"], &["means"])
                .with("axes", axes.to_vec())
                .with("keepdims", 0i64),
            NodeProto::new("MatMul", "scores", &["means", "weights"], &["logits"]),
        ];
        let mut input = ValueInfoProto::tensor("picture", self.element.number(), &self.shape);
        let shape = input
            .r#type
            .as_mut()
            .and_then(|t| t.tensor_type.as_mut())
            .and_then(|t| t.shape.as_mut())
            .unwrap();
        for dim in &mut shape.dim {
            if dim.dim_value == Some(0) {
                *dim = DimensionProto {
                    dim_value: None,
                    dim_param: Some("N".into()),
                };
            }
        }
        let graph = GraphProto {
            name: Some("means".into()),
            node: nodes,
            initializer: vec![Array::real(vec![channels, Self::CLASSES], weights).encode("weights")],
            input: vec![input],
            output: vec![ValueInfoProto::untyped("logits")],
            ..Default::default()
        };
        let model = ModelProto {
            ir_version: Some(8),
            opset_import: vec![OperatorSetIdProto {
                version: Some(13),
                ..Default::default()
            }],
            graph: Some(graph),
            ..Default::default()
        };
        let path = folder.join("means.onnx");
        std::fs::write(&path, onnx::encode(&model)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}
