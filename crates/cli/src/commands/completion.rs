//! `keyfob completion`: scripts for shells.
use clap_complete::Shell;

use crate::invocation::Invocation;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob completion bash > /etc/bash_completion.d/keyfob
  keyfob completion zsh > ~/.zfunc/_keyfob
  keyfob completion fish > ~/.config/fish/completions/keyfob.fish")]
pub(crate) struct CompletionArgs {
    /// Shell to print the script for
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(invocation: &Invocation, args: &CompletionArgs, program: &mut clap::Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, program, "keyfob", &mut script);
    Ok(invocation.out.result(&String::from_utf8_lossy(&script))?)
}
