// SPDX-License-Identifier: MPL-2.0
//! The compiled half of the Python package `steerlens`: the library's calls, with numpy arrays in and out.
//!
//! What users see, with its documentation, is in `steerlens/*.py`; nothing here is theirs.

mod audit;
mod call;
mod error;
mod lens;
mod model;
mod picture;
mod settings;

use pyo3::prelude::*;

#[pymodule]
mod _steerlens {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::audit::{audit, audit_settings};
    #[pymodule_export]
    use super::lens::Lens;
    #[pymodule_export]
    use super::model::{differentiate, inspect, main, runtime};
    #[pymodule_export]
    use super::picture::png;
    #[pymodule_export]
    use super::settings::{presets, settings};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
