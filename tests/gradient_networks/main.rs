// SPDX-License-Identifier: MPL-2.0
//! Both ways of writing the reverse half give the same gradient, on networks built by code.
//!
//! The plain profile is held to references of another program (tests/gradient.rs) and to central differences; here
//! the CPU profile is held to the plain one, on shapes that those references do not have.

#![expect(clippy::print_stdout, reason = "a test tells its figures")]

mod fused;
#[path = "../networks/mod.rs"]
mod networks;
mod patterns;
mod portable;
mod profiles;
