//! `keyfob completion`: scripts for shells, which ask the program itself what can come next.
mod line;
mod values;

use std::{ffi::OsString, time::Duration};

use clap::ValueEnum;
use clap_complete::Shell as StaticShell;

use self::line::{Line, Wanted};
use crate::{
    invocation::{Invocation, Outcome},
    terminal::text::printable,
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "In bash, zsh and fish, the scripts ask the program, which asks the server: scopes, types, and the \
names of tokens, users, organizations and objects are completed, too, as far as the key in use may see them. Without a \
server they complete commands and options.

Examples:
  source <(keyfob completion bash)    in ~/.bashrc
  source <(keyfob completion zsh)     in ~/.zshrc, behind compinit
  keyfob completion fish > ~/.config/fish/completions/keyfob.fish"
)]
pub(crate) struct CompletionArgs {
    /// Shell to print the script for
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    Power,
    Zsh,
}

/// The arguments of the hidden command that the scripts run.
#[derive(clap::Args)]
pub(crate) struct CompleteArgs {
    /// Shell that asks
    shell: Shell,
    /// The words so far, the last of which is to be completed; in bash, the line so far
    #[arg(last = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

const BASH: &str = r#"_keyfob() {
    mapfile -t COMPREPLY < <(command keyfob complete bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:@] ]] && compopt -o nospace
}
complete -o default -F _keyfob keyfob
"#;

const ZSH: &str = r#"#compdef keyfob
_keyfob() {
    local -a found open whole
    found=("${(@f)$(command keyfob complete zsh -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    open=(${(M)found:#*[:@]})
    whole=(${found:#*[:@]})
    (( $#open )) && compadd -S '' -- $open
    (( $#whole )) && compadd -- $whole
    (( $#open + $#whole )) || _files
}
if [[ $funcstack[1] == _keyfob ]]; then _keyfob "$@"; else compdef _keyfob keyfob; fi
"#;

const FISH: &str = r"function __keyfob_complete
    set -l found (command keyfob complete fish -- (commandline -opc) (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c keyfob -f -a '(__keyfob_complete)'
";

/// Prints the script.
pub(crate) fn run(invocation: &Invocation, args: &CompletionArgs, program: &mut clap::Command) -> anyhow::Result<()> {
    let shell = match args.shell {
        Shell::Bash => return Ok(invocation.out.result(BASH)?),
        Shell::Zsh => return Ok(invocation.out.result(ZSH)?),
        Shell::Fish => return Ok(invocation.out.result(FISH)?),
        Shell::Elvish => StaticShell::Elvish,
        Shell::Power => StaticShell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, program, "keyfob", &mut script);
    Ok(invocation.out.result(&String::from_utf8_lossy(&script))?)
}

/// How long a person waits for names of the server.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints what the last word can be, one candidate a line. Whatever fails, fails quietly: there are fewer candidates.
pub(crate) async fn complete(
    invocation: &Invocation,
    args: CompleteArgs,
    mut program: clap::Command,
) -> anyhow::Result<Outcome> {
    program.build();
    let words: Vec<String> = args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let words = match (args.shell, words.as_slice()) {
        (Shell::Bash, [line]) => line::split(line),
        _ => words,
    };
    let line = Line::read(&program, &words);
    let (wanted, settled) = line.wanted();
    let typed = line.word().get(settled.len()..).unwrap_or_default();
    let asked = values::of(invocation, &line, &wanted, typed);
    let mut candidates = tokio::time::timeout(PATIENCE, asked).await.unwrap_or_default();
    // A name of the server must not become an option.
    candidates.retain(|name| !(settled.is_empty() && name.starts_with('-')));
    if let Wanted::Words(words) = wanted {
        candidates.extend(words);
    }
    candidates.retain(|candidate| candidate.starts_with(typed));
    candidates.sort();
    candidates.dedup();
    for candidate in candidates {
        let whole = format!("{settled}{candidate}");
        // Bash replaces only what comes behind the last character that breaks words for it.
        let kept = match args.shell {
            Shell::Bash => line.word().rfind([':', '=', '@']).map_or(0, |at| at + 1),
            _ => 0,
        };
        invocation.out.line(printable(whole.get(kept..).unwrap_or(&whole)))?;
    }
    Ok(Outcome::Done)
}
