// SPDX-License-Identifier: MPL-2.0
//! The page's server from outside: a client that speaks HTTP by hand, and a real browser where one is installed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what helps a test may fail it; what is skipped or measured is told"
)]

mod browser;
mod chromium;
mod client;
mod glass;
mod server;
mod window;
