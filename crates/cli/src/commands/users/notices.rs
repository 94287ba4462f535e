//! `keyfob users notices`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::users::{NoticeChoices, UpdateNoticeChoices};

use crate::{arguments::name::parse_name, invocation::Invocation, terminal::printing::Format};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Without an option, the settings are shown. Only your own can be changed, and not with a \
narrow key.

Examples:
  keyfob users notices
  keyfob users notices --token-ending off")]
pub(crate) struct NoticesArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", default_value = "me", value_parser = parse_name)]
    user: String,
    /// Notice that the password was changed
    #[arg(long, value_name = "on|off")]
    password_changed: Option<Switch>,
    /// Notice that another user minted a token for this user
    #[arg(long, value_name = "on|off")]
    token_minted: Option<Switch>,
    /// Notice that a token in use expires soon, sent 14, 7 and 1 days before
    #[arg(long, value_name = "on|off")]
    token_ending: Option<Switch>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
enum Switch {
    On,
    Off,
}

/// Changes the given settings, and prints all.
pub(crate) async fn run(invocation: &Invocation, args: &NoticesArgs) -> anyhow::Result<()> {
    let is_on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::On);
    let change = UpdateNoticeChoices {
        password_changed: is_on(args.password_changed),
        token_minted: is_on(args.token_minted),
        token_ending: is_on(args.token_ending),
    };
    let client = invocation.connect()?;
    let chosen = if change == UpdateNoticeChoices::default() {
        client.notice_choices(&args.user).await.context("cannot get the notices")?
    } else {
        client.update_notice_choices(&args.user, &change).await.context("cannot change the notices")?
    };
    print(invocation, args.output, chosen)
}

fn print(invocation: &Invocation, format: Format, chosen: NoticeChoices) -> anyhow::Result<()> {
    if format == Format::Json {
        return invocation.out.json(&chosen);
    }
    let choices = [
        ("password-changed", chosen.password_changed),
        ("token-minted", chosen.token_minted),
        ("token-ending", chosen.token_ending),
    ];
    for (name, is_on) in choices {
        invocation.out.line(format!("{name:<18}{}", if is_on { "on" } else { "off" }))?;
    }
    Ok(())
}
