// SPDX-License-Identifier: MPL-2.0
//! Opening a model takes seconds; it is announced.

use std::time::Duration;

use super::declare::{fields, named};

fields! {
    /// A model is about to be opened: the element message `classmorph-loading`.
    Loading {
        /// The model file, as it was set.
        model_file: String = "model-file",
        /// The ONNX Runtime library that was asked for, if any.
        runtime: Option<String> = "runtime",
    }
}

named!(Loading, "classmorph-loading");

fields! {
    /// A model has been opened: the element message `classmorph-loaded`.
    Loaded {
        /// Wall time of opening it.
        time: Duration = "time",
        /// Nodes of the forward half, constants folded.
        nodes: u64 = "nodes",
        /// Nodes of the reverse half.
        gradient_nodes: u64 = "gradient-nodes",
        /// What runs it: the nick of `execution-provider`.
        provider: String = "provider",
        /// Whether it was open already, for another element with the same `model-instance-id`.
        shared: bool = "shared",
    }
}

named!(Loaded, "classmorph-loaded");
