// SPDX-License-Identifier: MPL-2.0
//! Converter.
fn main() {}
