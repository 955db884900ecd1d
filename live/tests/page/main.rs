// SPDX-License-Identifier: MPL-2.0
//! The page's server from outside: a client that speaks HTTP by hand, and a real browser where one is installed.

mod browser;
mod chromium;
mod client;
mod glass;
mod server;
