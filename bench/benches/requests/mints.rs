//! What minting a token costs beside a bare durable insert on the same disk, for one client and for many at once; and what
//! expiring one costs.
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{load::Client, servers::Running};

/// How many of each are measured, in turn.
const ROUNDS: usize = 300;
/// How many clients mint at once, and for how long.
const CLIENTS: u32 = 32;
const TOGETHER: Duration = Duration::from_secs(3);
/// How often the costs of an insert one mint may have, beside those of a request that changes nothing.
const MOST_INSERTS: f64 = 1.5;
/// How often the rate of one client, or of single inserts, many clients must reach.
const LEAST_TOGETHER: f64 = 3.0;

/// Prints both, and says whether the goals are met.
pub(crate) fn measure() -> bool {
    let keyfob = Running::keyfob_on_all_cores();
    let disk = tempfile::tempdir().unwrap();
    let mut inserts = Inserts::new(&disk.path().join("inserts.db"));
    let mut client = Client::new(&keyfob.address, &keyfob.key);
    let mut taken = [const { Vec::new() }; 3];
    let mut keys = Vec::new();
    for round in 0..ROUNDS {
        taken[0].push(timed(|| drop(client.send("GET", "/api/v2/users/me", ""))));
        taken[1].push(timed(|| inserts.insert(round)));
        taken[2].push(timed(|| keys.push(mint(&mut client, &format!("one-{round}")))));
    }
    let [get, insert, minted] = taken.map(median);
    let inserted = (minted - get) / insert;
    println!("a GET {get:.0} µs, a durable insert {insert:.0} µs, a mint {minted:.0} µs");
    println!("a mint costs {inserted:.1} inserts more than a GET (goal {MOST_INSERTS})");

    let one = rate(&keyfob, 1);
    let many = rate(&keyfob, CLIENTS);
    let single = one.min(1e6 / insert);
    let together = many / single;
    println!("{CLIENTS} clients mint {many:.0} tokens a second, one mints {one:.0}");
    println!("together {together:.1} times the rate of one, or of single inserts (goal {LEAST_TOGETHER})");

    // After the others: what is remembered of its owner ends with each, and is read again.
    let expired = keys.iter().map(|key| {
        let minted: Value = serde_json::from_str(key).unwrap();
        let (id, _) = minted["key"].as_str().and_then(|key| key.split_once('-')).unwrap();
        let expire = format!("/api/v2/users/me/keys/{id}/expire");
        timed(|| drop(client.send("PUT", &expire, "")))
    });
    let expired = median(expired.collect());
    println!("expiring takes {expired:.0} µs, {:.1} inserts more than a GET", (expired - get) / insert);
    inserted <= MOST_INSERTS && together >= LEAST_TOGETHER
}

fn mint(client: &mut Client, name: &str) -> String {
    let new = json!({"token_name": name, "scopes": ["workspace:read"]}).to_string();
    client.send("POST", "/api/v2/users/me/keys/tokens", &new)
}

/// How many tokens so many clients mint in a second.
fn rate(keyfob: &Running, clients: u32) -> f64 {
    let begun = Instant::now();
    let minted: u32 = thread::scope(|scope| {
        let minting = (0..clients).map(|number| {
            scope.spawn(move || {
                let mut client = Client::new(&keyfob.address, &keyfob.key);
                let mut minted = 0_u32;
                while begun.elapsed() < TOGETHER {
                    mint(&mut client, &format!("{clients}-{number}-{minted}"));
                    minted += 1;
                }
                minted
            })
        });
        minting.collect::<Vec<_>>().into_iter().map(|client| client.join().unwrap()).sum()
    });
    f64::from(minted) / begun.elapsed().as_secs_f64()
}

/// Microseconds.
fn timed(act: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    act();
    begun.elapsed().as_secs_f64() * 1e6
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Single rows, each durable before the next, in a database as Keyfob opens its own.
struct Inserts {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

impl Inserts {
    fn new(file: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let connection = runtime.block_on(async {
            let mut connection = options.connect().await.unwrap();
            let table = "CREATE TABLE keys (id TEXT PRIMARY KEY, hash BLOB, name TEXT)";
            sqlx::query(table).execute(&mut connection).await.unwrap();
            connection.ping().await.unwrap();
            connection
        });
        Self { runtime, connection }
    }

    fn insert(&mut self, number: usize) {
        let insert = sqlx::query("INSERT INTO keys VALUES ($1, $2, $3)");
        let insert = insert.bind(format!("{number:010}")).bind(vec![7_u8; 32]).bind("a name");
        self.runtime.block_on(insert.execute(&mut self.connection)).unwrap();
    }
}
