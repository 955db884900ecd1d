// SPDX-License-Identifier: MPL-2.0
//! Records element messages.
fn main() {}
