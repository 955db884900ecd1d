// SPDX-License-Identifier: MPL-2.0
//! The command line from outside: the built program, real models, real pictures.

mod common;

mod audit;
mod help;
mod model;
mod morph;
mod recipes;
mod refusals;
mod reports;
