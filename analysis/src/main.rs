//! The command `elector`.

use std::process::ExitCode;

fn main() -> ExitCode {
    analysis::command::main()
}
