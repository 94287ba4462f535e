//! Clients that mint, use and revoke keys at all replicas, and write down what they were answered.
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use keyfob_testkit::history::{Event, History};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::{io::BufReader, time::timeout};
use turmoil::net::TcpStream;

use super::{
    LENGTH, REPLICAS,
    database::{receive, send},
    rows::{Answered, Claim},
    server::{Answer, PORT, Request},
};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What clients know together.
#[derive(Default)]
pub(super) struct Load {
    pub(super) history: Mutex<History>,
    /// What was answered of the ends of keys.
    pub(super) ends: Mutex<Vec<Answered>>,
    /// Keys that were minted, and acknowledged.
    keys: Mutex<Vec<String>>,
    minted: AtomicU64,
}

fn now() -> Duration {
    turmoil::sim_elapsed().unwrap()
}

async fn ask(replica: usize, request: &Request) -> Answer {
    let asked = async {
        let mut stream = BufReader::new(TcpStream::connect((REPLICAS[replica], PORT)).await.ok()?);
        send(&mut stream, request).await?;
        receive(&mut stream).await
    };
    timeout(PATIENCE, asked).await.ok().flatten().unwrap_or(Answer::Unavailable)
}

impl Load {
    /// Works until the end.
    pub(super) async fn work(self: Arc<Self>, seed: u64) -> turmoil::Result {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        while now() < LENGTH {
            let replica = random.random_range(0..REPLICAS.len());
            let key = {
                let keys = self.keys.lock().unwrap();
                // Mostly one of the last; of the others, most have ended or been revoked.
                let from = keys.len().saturating_sub(if random.random_ratio(1, 5) { 20 } else { 4 });
                (!keys.is_empty()).then(|| keys[random.random_range(from..keys.len())].clone())
            };
            match (key, random.random_range(0..100)) {
                (None, _) | (_, 0..5) => self.mint(replica, random.random()).await,
                (Some(key), 5..10) => {
                    self.revoke(replica, key.clone(), random.random()).await;
                    // Mostly there is nothing left to do for the second.
                    let other = random.random_range(0..REPLICAS.len());
                    self.revoke(other, key, random.random()).await;
                }
                (Some(key), _) => self.use_key(replica, key).await,
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(0..10))).await;
        }
        Ok(())
    }

    fn add(&self, key: &str, event: Event) {
        self.history.lock().unwrap().add(key, event);
    }

    fn claim(&self, key: &str, invoked: Duration, what: Claim) {
        self.ends.lock().unwrap().push(Answered { key: key.to_owned(), invoked, until: now(), what });
    }

    async fn mint(&self, replica: usize, slides: bool) {
        let invoked = now();
        let key = format!("k{:09}", self.minted.fetch_add(1, Ordering::SeqCst));
        if matches!(ask(replica, &Request::Mint(key.clone(), slides)).await, Answer::Done) {
            self.add(&key, Event::Minted { acknowledged: now() });
            self.claim(&key, invoked, Claim::Unknown);
            self.keys.lock().unwrap().push(key);
        }
    }

    async fn use_key(&self, replica: usize, key: String) {
        let invoked = now();
        let answer = ask(replica, &Request::Use(key.clone())).await;
        match answer {
            Answer::Ended => return self.claim(&key, invoked, Claim::Ended),
            Answer::Accepted => self.claim(&key, invoked, Claim::Lives),
            Answer::Unavailable => self.claim(&key, invoked, Claim::Unknown),
            _ => {}
        }
        self.add(&key, Event::Used { replica, invoked, outcome: answer.outcome() });
    }

    async fn revoke(&self, replica: usize, key: String, waits: bool) {
        let invoked = now();
        let answer = ask(replica, &Request::Revoke(key.clone(), waits)).await;
        let acknowledged = matches!(answer, Answer::Done | Answer::Everywhere).then(now);
        let everywhere = matches!(answer, Answer::Everywhere);
        self.add(&key, Event::Revoked { replica, invoked, acknowledged, everywhere });
    }
}
