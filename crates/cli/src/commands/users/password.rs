//! `keyfob users password`.
use anyhow::{Context as _, ensure};
use keyfob_api::{secret::SecretText, users::UpdatePasswordRequest};
use keyfob_client::ME;

use crate::{
    arguments::{name::parse_name, secret::parse_secret},
    invocation::Invocation,
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "All other keys of the user end, sessions and tokens. Your own password takes the old one.

Without a terminal, the passwords are read from standard input, one a line: for your own the old one first, then the new \
one twice.

Examples:
  keyfob users password
  keyfob users password amy
  printf '%s\\n%s\\n' \"$NEW\" \"$NEW\" | keyfob users password amy")]
pub(crate) struct PasswordArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", default_value = ME, value_parser = parse_name)]
    user: String,
    /// New password; asked for if omitted
    #[arg(short, long, value_name = "PASSWORD", value_parser = parse_secret)]
    password: Option<SecretText>,
}

/// Changes the password.
pub(crate) async fn run(invocation: &Invocation, args: PasswordArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let own = client.user(ME).await.context("cannot get the user")?;
    let user =
        if args.user == ME { own.clone() } else { client.user(&args.user).await.context("cannot get the user")? };
    let prompt = invocation.prompt();
    let old_password = if user.id == own.id {
        prompt.hidden("Enter your old password:", "the old password on standard input")?
    } else {
        SecretText::default()
    };
    let password = match args.password {
        Some(password) => password,
        None => prompt.new_password("--password")?,
    };
    ensure!(!password.reveal().is_empty(), "the new password is empty");
    let change = UpdatePasswordRequest { old_password, password };
    client.update_password(&user.id.to_string(), &change).await.context("cannot change the password")?;
    let name = invocation.out.bold(&user.username);
    invocation.out.remark(format!("The password of {name} has been changed. All their other keys have ended."));
    Ok(())
}
