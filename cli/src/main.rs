// SPDX-License-Identifier: MPL-2.0
//! `steerlens`, the program.

use std::process::ExitCode;

fn main() -> ExitCode {
    steerlens_cli::main(std::env::args_os()).into()
}
