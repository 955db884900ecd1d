// SPDX-License-Identifier: MPL-2.0
//! What runs a model: ONNX Runtime's execution providers (docs/gstreamer.md 3.6).

use crate::settings::choice;
use std::path::PathBuf;

use ort::ep;
use ort::session::builder::SessionBuilder;

use super::{Error, Runtime};
use crate::guard::guard;

choice! {
    pub enum Provider = "execution-provider", Cpu, "What runs the model; one that cannot be had is an error" {
        Cpu = "cpu": "The processor",
        Cuda = "cuda": "An NVIDIA graphics processor, with a library that was built for it",
    }
}

impl Provider {
    /// Its name, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// Puts the provider before the processor.
    pub(super) fn register(
        self,
        device: u32,
        builder: SessionBuilder,
        runtime: &Runtime,
    ) -> Result<SessionBuilder, Error> {
        let dispatch = match self {
            Self::Cpu => return Ok(builder),
            Self::Cuda => ep::CUDA::default()
                .with_device_id(i32::try_from(device).unwrap_or(i32::MAX))
                .build(),
        };
        // Without this, a provider that fails is the processor with a line in the log.
        let only = [dispatch.error_on_failure()];
        guard(|| Ok::<_, ort::Error>(builder.with_execution_providers(only)?))
            .map_err(|reason| self.refused(runtime, reason))
    }

    /// The error of a provider that cannot be had.
    pub(super) fn refused(self, runtime: &Runtime, reason: String) -> Error {
        Error::Provider {
            provider: self.name(),
            version: runtime.version().to_owned(),
            path: PathBuf::from(runtime.path()),
            // A sentence of its own, which goes on here.
            reason: reason.trim_end_matches('.').to_owned(),
        }
    }
}
