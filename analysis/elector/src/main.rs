//! The command `elector`.

use std::process::ExitCode;

/// This allocator backs its memory with huge pages. The actors of a server's accelerator occupy some twenty megabytes that the
/// events visit at random, and with small pages a fifth to a quarter of the time goes into address translation: 27 and 25 s of
/// CPU for a training step of two layers of BERT-Base with the system's allocator, 20 and 18 s with this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    elector::command::main()
}
