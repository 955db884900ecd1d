// SPDX-License-Identifier: MPL-2.0
//! The command line.
fn main() {}
