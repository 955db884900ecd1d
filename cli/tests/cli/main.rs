// SPDX-License-Identifier: MPL-2.0
//! The command line from outside: the built program, real models, real pictures.
#![expect(clippy::unwrap_used, reason = "what helps a test may fail it")]

mod common;

mod audit;
mod audit_files;
mod audit_inputs;
mod audit_models;
mod audit_resume;
mod fetch;
mod help;
mod labels;
mod live;
mod model;
mod morph;
mod outputs;
mod packages;
mod recipes;
mod refusals;
mod reports;
