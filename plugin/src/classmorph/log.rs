// SPDX-License-Identifier: MPL-2.0
//! The library's log in GStreamer's: `GST_DEBUG=steerlens:5,steerlens-ort:4`.

use std::sync::LazyLock;

use gst::log::DebugCategoryLogger;
use log::{Log, Metadata, Record};

/// ONNX Runtime's own log: the `log` target under which the library passes it on.
const ORT_TARGET: &str = "steerlens-ort";

struct Bridge {
    library: DebugCategoryLogger,
    runtime: DebugCategoryLogger,
}

impl Bridge {
    fn category(&self, metadata: &Metadata<'_>) -> &DebugCategoryLogger {
        if metadata.target() == ORT_TARGET {
            &self.runtime
        } else {
            &self.library
        }
    }
}

impl Log for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.category(metadata).enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        self.category(record.metadata()).log(record);
    }

    fn flush(&self) {}
}

/// Leads the `log` facade into the debug categories `steerlens` and `steerlens-ort`; an application that has a
/// logger of its own already keeps it.
pub(super) fn install() {
    static BRIDGE: LazyLock<Bridge> = LazyLock::new(|| {
        let category = |name, about| {
            let colour = gst::DebugColorFlags::empty();
            DebugCategoryLogger::new(gst::DebugCategory::new(name, colour, Some(about)))
        };
        Bridge {
            library: category("steerlens", "Class morph library"),
            runtime: category(ORT_TARGET, "ONNX Runtime, as seen by the class morph library"),
        }
    });
    if log::set_logger(&*BRIDGE).is_ok() {
        // The categories' thresholds decide, and they may change while the program runs.
        log::set_max_level(log::LevelFilter::Trace);
    }
}
