//! `keyfob completion`: scripts for shells.
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{app::App, args::Cli};

/// Which shell.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob completion bash > /etc/bash_completion.d/keyfob
  keyfob completion zsh > ~/.zfunc/_keyfob
  keyfob completion fish > ~/.config/fish/completions/keyfob.fish")]
pub(crate) struct CompletionArgs {
    /// The shell that will read the script
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(app: &App, args: &CompletionArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "keyfob", &mut script);
    app.out.result(&String::from_utf8_lossy(&script));
}
