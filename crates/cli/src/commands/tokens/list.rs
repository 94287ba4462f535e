//! `keyfob tokens list`.
use std::cmp::Reverse;

use anyhow::Context as _;
use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use keyfob_api::{keys::ApiKeyWithOwner, time::Nanoseconds};
use keyfob_client::{Client, ME, TokensFilter};
use keyfob_server::Clock;

use super::columns::{Row, TokenColumn, is_unused};
use crate::{
    arguments::{lifetime, name::parse_name},
    hidden_keys,
    invocation::Invocation,
    names::Names,
    pages::{PAGE, TokenPages, is_too_long},
    terminal::{
        printing::{ListFormat, TimeOption},
        progress::Progress,
        table::{self, Chosen},
        text::printable,
    },
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "On a terminal, times are relative, ids of the allow list are shown as names, and columns that \
do not fit are left out; a column of STATUS says which tokens are live. The filters add up: a token is listed if it \
fits all of them.

Examples:
  keyfob tokens list
  keyfob tokens list --all --unused-for 90d -c owner,name,\"last used\"
  keyfob tokens list --user robot --expiring-within 14d
  keyfob tokens list --search ci --sort expiry --limit 10
  keyfob tokens list --all --unused-for 90d -o name | xargs -r -n 1 keyfob tokens remove
  keyfob tokens list --include-expired -o json"
)]
pub(crate) struct ListArgs {
    /// List the tokens of all users, as far as you may read them
    #[arg(short, long)]
    all: bool,
    /// List the tokens of this user: a username or an id
    #[arg(short, long, value_name = "USER", conflicts_with = "all", default_value = ME, hide_default_value = true, value_parser = parse_name)]
    user: String,
    /// List expired tokens, too
    #[arg(long)]
    include_expired: bool,
    /// Only tokens with this text in their name, id, scopes or owner
    #[arg(short, long, value_name = "TEXT")]
    search: Option<String>,
    /// Only tokens that were not used for this long, or never and are older, such as 30d
    #[arg(long, value_name = "DURATION", value_parser = lifetime::parse)]
    unused_for: Option<Nanoseconds>,
    /// Only tokens that expire within this time, such as 14d
    #[arg(long, value_name = "DURATION", value_parser = lifetime::parse)]
    expiring_within: Option<Nanoseconds>,
    /// Order of the tokens
    #[arg(long, value_name = "ORDER", default_value = "created")]
    sort: Order,
    /// Maximum number of tokens
    #[arg(short, long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Columns of the table, separated by commas [default: all but `parent`; `status` on a terminal, `owner` with --all
    /// or --user]
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true)]
    column: Vec<TokenColumn>,
    /// Output format; a name is the id of a token
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: ListFormat,
    #[command(flatten)]
    time: TimeOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The oldest first
    Created,
    /// By name
    Name,
    /// What expires first
    Expiry,
    /// What was used last
    Used,
}

/// Prints the tokens.
pub(crate) async fn run(invocation: &Invocation, args: ListArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let filter = TokensFilter { include_all: args.all, include_expired: args.include_expired };
    let now = Clock::System.now();
    let mut tokens = read(invocation, &client, &args, filter, now).await?;
    sort(&mut tokens, args.sort);
    tokens.truncate(args.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
    match args.output {
        ListFormat::Json => invocation.out.json(&tokens.into_iter().map(|token| token.key).collect::<Vec<_>>())?,
        ListFormat::Name => tokens.iter().try_for_each(|token| invocation.out.line(printable(&token.key.id)))?,
        ListFormat::Table if tokens.is_empty() => invocation.out.remark("No tokens found."),
        ListFormat::Table => {
            let is_for_people = invocation.out.is_for_people();
            let names = Names::new(&client);
            let mut rows = Vec::new();
            for token in tokens {
                let row = Row::new(token.key, token.username, now);
                rows.push(if is_for_people { row.named(&names).await? } else { row });
            }
            let with_owner = args.all || args.user != ME;
            let (columns, chosen) = if args.column.is_empty() {
                (TokenColumn::usual(is_for_people, with_owner), Chosen::ByDefault)
            } else {
                (args.column, Chosen::ByName)
            };
            invocation.out.result(&table::render(&columns, chosen, &rows, invocation.out.looks(args.time.time)))?;
        }
    }
    Ok(())
}

/// The tokens that are wanted, and perhaps more of them than are shown.
async fn read(
    invocation: &Invocation,
    client: &Client,
    args: &ListArgs,
    filter: TokensFilter,
    now: Timestamp,
) -> anyhow::Result<Vec<ApiKeyWithOwner>> {
    if args.limit.is_none() && args.is_whole() {
        match client.list_tokens(&args.user, filter).await {
            Err(error) if is_too_long(&error) => {}
            tokens => {
                let tokens = tokens.context("cannot list tokens")?;
                invocation.refuse_unseen(&tokens, "tokens")?;
                hidden_keys::refuse(invocation, client, &args.user, &tokens, "tokens").await?;
                return Ok(tokens);
            }
        }
    }
    // As many as are shown are enough where the server has the order.
    let enough = args.limit.filter(|_| args.sort == Order::Created).and_then(|limit| usize::try_from(limit).ok());
    let most = args.limit.filter(|limit| args.is_whole() && *limit < PAGE).unwrap_or(PAGE);
    let progress = Progress::new(invocation.out, "tokens");
    let (mut wanted, mut done) = (Vec::new(), 0);
    let mut pages = TokenPages::new(client, &args.user, filter);
    loop {
        let page = pages.next(most).await.context("cannot list tokens")?;
        if done == 0 {
            invocation.refuse_unseen(&page, "tokens")?;
            hidden_keys::refuse(invocation, client, &args.user, &page, "tokens").await?;
        }
        let length = u64::try_from(page.len()).unwrap_or(u64::MAX);
        progress.at(done, done + length, None);
        done += length;
        wanted.extend(page.into_iter().filter(|token| args.takes(token, now)));
        if length == 0 || enough.is_some_and(|enough| wanted.len() >= enough) {
            return Ok(wanted);
        }
    }
}

impl ListArgs {
    /// Whether all tokens are wanted that the server lists.
    fn is_whole(&self) -> bool {
        self.search.is_none() && self.unused_for.is_none() && self.expiring_within.is_none()
    }

    fn takes(&self, token: &ApiKeyWithOwner, now: Timestamp) -> bool {
        let key = &token.key;
        let is_found = self.search.as_deref().is_none_or(|text| {
            let text = text.to_lowercase();
            let mut texts = [&key.id, &key.token_name, &token.username].into_iter().chain(&key.scopes);
            texts.any(|own| own.to_lowercase().contains(&text))
        });
        let last = if is_unused(key) { key.created_at.0 } else { key.last_used.0 };
        let is_idle = self.unused_for.is_none_or(|length| last <= now - long(length));
        let ends_soon =
            self.expiring_within.is_none_or(|length| key.expires_at.0 > now && key.expires_at.0 <= now + long(length));
        is_found && is_idle && ends_soon
    }
}

fn long(length: Nanoseconds) -> SignedDuration {
    SignedDuration::from_nanos(length.0)
}

/// Sorts by what was asked for; what is equal in that, by when it was made.
fn sort(tokens: &mut [ApiKeyWithOwner], order: Order) {
    tokens.sort_by(|one, other| (one.key.created_at, &one.key.id).cmp(&(other.key.created_at, &other.key.id)));
    match order {
        Order::Created => {}
        Order::Name => tokens.sort_by_key(|token| token.key.token_name.to_lowercase()),
        Order::Expiry => tokens.sort_by_key(|token| token.key.expires_at),
        Order::Used => tokens.sort_by_key(|token| Reverse(token.key.last_used)),
    }
}
