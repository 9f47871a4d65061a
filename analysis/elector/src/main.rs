//! The command `elector`.

use std::process::ExitCode;

/// It backs what it hands out with huge pages. The actors of a server's accelerator lie in some twenty megabytes that the events
/// visit at random, and with small pages a fifth to a quarter of the time goes into finding them: 27 and 25 s of CPU for a
/// training step of two layers of BERT-Base with the system's allocator, 20 and 18 s with this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    elector::command::main()
}
