//! Tasks around the code: `cargo xtask <task>`.

fn main() {}
