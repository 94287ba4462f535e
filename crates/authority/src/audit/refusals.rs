//! Refusals are gathered before they are recorded: equal ones become one record. How many different ones are told apart
//! is bounded for every key, user, account and network by itself, so that no client can fill the disk by being refused,
//! or hide the refusals of others behind its own. What is left out is counted, with the name of whose it was.
mod whose;

pub use whose::Whose;

use std::{
    collections::{HashMap, hash_map::Entry},
    mem::{Discriminant, discriminant},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use keyfob_store::{KeyId, OrganizationId, UserId};
use uuid::Uuid;

use self::whose::{Place, bounds};

/// A refusal, as far as refusals are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The user who was refused; without a key, the one whose account it was about; none where there is neither.
    pub user: Option<UserId>,
    /// The key of the request.
    pub key: Option<KeyId>,
    /// The address of the client.
    pub address: IpAddr,
    /// `login`, `create`, `read`, ….
    pub action: String,
    /// The type of the object.
    pub resource_type: String,
    /// The organization of the object, where it is known.
    pub organization: Option<OrganizationId>,
    /// The status that the front answered.
    pub status: u16,
}

/// What is counted in one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Equal refusals.
    Equal(Refusal),
    /// Refusals that were too many to be told apart.
    LeftOut(Whose),
}

/// Refusals that become one record.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// What is counted.
    pub counted: Counted,
    /// How many there were.
    pub count: u64,
    /// When the first one was.
    pub first: Timestamp,
    /// When the last one was.
    pub last: Timestamp,
    /// The id of the first request.
    pub request_id: Uuid,
    /// The client's program in the first request.
    pub user_agent: String,
}

impl Gathered {
    /// Counts others of the same in this.
    fn join(&mut self, others: Self) {
        self.count = self.count.saturating_add(others.count);
        self.last = self.last.max(others.last);
        if others.first < self.first {
            let Self { first, request_id, user_agent, .. } = others;
            (self.first, self.request_id, self.user_agent) = (first, request_id, user_agent);
        }
    }
}

/// Refusals that are not recorded yet.
#[derive(Debug, Default)]
pub struct GatheredRefusals(Mutex<Table>);

impl GatheredRefusals {
    /// Counts a refusal.
    pub(crate) fn add(&self, refusal: Refusal, now: Timestamp, request_id: Uuid, user_agent: &str) {
        self.lock().enter(Gathered {
            counted: Counted::Equal(refusal),
            count: 1,
            first: now,
            last: now,
            request_id,
            user_agent: user_agent.to_owned(),
        });
    }

    /// Takes what was gathered, in the order in which it began.
    pub fn take(&self) -> Vec<Gathered> {
        let mut gathered: Vec<_> = std::mem::take(&mut *self.lock()).gathered.into_values().collect();
        gathered.sort_by_key(|gathered| (gathered.first, gathered.request_id));
        gathered
    }

    /// Puts back what could not be recorded; what has come since is added to it.
    pub fn put_back(&self, taken: Vec<Gathered>) {
        let mut table = self.lock();
        for older in taken {
            table.enter(older);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is gathered, and how many places of it are taken.
#[derive(Debug, Default)]
struct Table {
    gathered: HashMap<Counted, Gathered>,
    different: HashMap<Place, usize>,
    named: HashMap<Discriminant<Whose>, usize>,
}

impl Table {
    fn enter(&mut self, gathered: Gathered) {
        let counted = match gathered.counted.clone() {
            Counted::Equal(refusal) => self.place_of(refusal),
            Counted::LeftOut(whose) => self.named(whose, None),
        };
        match self.gathered.entry(counted.clone()) {
            Entry::Occupied(mut known) => known.get_mut().join(gathered),
            Entry::Vacant(free) => drop(free.insert(Gathered { counted, ..gathered })),
        }
    }

    /// Where a refusal is counted: by itself while there is room, otherwise with others of the same client.
    fn place_of(&mut self, refusal: Refusal) -> Counted {
        let client = refusal.address;
        let bounds = bounds(&refusal);
        let one = Counted::Equal(refusal);
        if self.gathered.contains_key(&one) {
            return one;
        }
        let is_full = |place: &Place, most| self.different.get(place).is_some_and(|taken| *taken >= most);
        if let Some(full) = bounds.iter().find(|bound| is_full(&bound.place, bound.most)) {
            return self.named(full.names.clone(), Some(client));
        }
        for bound in bounds {
            *self.different.entry(bound.place).or_default() += 1;
        }
        one
    }

    /// Whose refusals are named as left out: theirs, or those of more where too many are named already.
    fn named(&mut self, mut whose: Whose, client: Option<IpAddr>) -> Counted {
        loop {
            let named = self.named.entry(discriminant(&whose)).or_default();
            let counted = Counted::LeftOut(whose.clone());
            if self.gathered.contains_key(&counted) {
                return counted;
            }
            if *named < whose.most() || whose == Whose::Others {
                *named += 1;
                return counted;
            }
            whose = whose.wider(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    /// More than may ever be gathered at a time: the bounds on all, and a hundred of each who are named.
    const MOST: usize = 300 + 300 + 1_000 + 5 * 100 + 1;

    fn refusal(address: IpAddr, status: u16) -> Refusal {
        let (action, resource_type) = ("read".to_owned(), "user".to_owned());
        Refusal { user: None, key: None, address, action, resource_type, organization: None, status }
    }

    fn add(refusals: &GatheredRefusals, refusal: Refusal) {
        refusals.add(refusal, Timestamp::UNIX_EPOCH, Uuid::nil(), "");
    }

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn key(number: usize) -> KeyId {
        KeyId::parse(&format!("{number:010}")).unwrap()
    }

    /// How many refusals each one has whose were left out.
    fn left_out(gathered: &[Gathered]) -> HashMap<Whose, u64> {
        let of = |gathered: &Gathered| match &gathered.counted {
            Counted::LeftOut(whose) => Some((whose.clone(), gathered.count)),
            Counted::Equal(_) => None,
        };
        gathered.iter().filter_map(of).collect()
    }

    /// A disk that stays full must not fill the memory.
    #[test]
    fn what_cannot_be_recorded_stays_bounded_and_counted() {
        let refusals = GatheredRefusals::default();
        let mut sent = 0;
        for round in 0..5_u16 {
            let taken = refusals.take();
            for number in 0..2_000_u16 {
                let address = IpAddr::V4(Ipv4Addr::from_bits(u32::from(number) << 8 | u32::from(round)));
                let one = refusal(address, round);
                let number = usize::from(number);
                add(&refusals, one.clone());
                add(&refusals, Refusal { user: Some(user(number as u128)), ..one.clone() });
                add(&refusals, Refusal { user: Some(user(number as u128)), key: Some(key(number)), ..one });
                sent += 3;
            }
            refusals.put_back(taken);
        }
        let kept = refusals.take();
        assert!(kept.len() <= MOST, "{}", kept.len());
        assert_eq!(kept.iter().map(|gathered| gathered.count).sum::<u64>(), sent);
    }

    #[test]
    fn a_key_is_bounded_by_itself_and_so_are_all_keys_of_a_user() {
        let refusals = GatheredRefusals::default();
        let of = |number: u128, with: usize, status| {
            let with_key =
                Refusal { user: Some(user(number)), key: Some(key(with)), ..refusal([192, 0, 2, 1].into(), status) };
            add(&refusals, with_key);
        };
        (0..210).for_each(|status| of(1, 1, status));
        of(1, 2, 0);
        (0..100).for_each(|number| of(2, 10 + number, 0));
        of(3, 200, 0);
        let gathered = refusals.take();
        let of_key = |with| {
            let is_its =
                |gathered: &&Gathered| matches!(&gathered.counted, Counted::Equal(one) if one.key == Some(key(with)));
            gathered.iter().filter(is_its).count()
        };
        assert_eq!((of_key(1), of_key(2), of_key(200)), (20, 1, 1));
        let expected = [(Whose::Key(user(1), key(1)), 190), (Whose::User(user(2)), 60)];
        assert_eq!(left_out(&gathered), expected.into());
    }

    /// A network is the /24 or /48 of a client. Many of them are counted in larger ones, and strangers never take the
    /// place of guesses at an account, nor those that of users.
    #[test]
    fn a_network_is_bounded_by_itself_and_many_networks_are_counted_in_larger_ones() {
        let refusals = GatheredRefusals::default();
        for host in 0..214 {
            add(&refusals, refusal([198, 51, 100, host].into(), 401));
            add(&refusals, refusal(Ipv6Addr::from_bits(0x2001_0db8_0007 << 80 | u128::from(host) << 64).into(), 401));
        }
        let network = |text: &str| Whose::Network(text.parse().unwrap());
        let expected = [(network("198.51.100.0/24"), 204), (network("2001:db8:7::/48"), 204)];
        assert_eq!(left_out(&refusals.take()), expected.into());

        for number in 0..2_000_u32 {
            add(&refusals, refusal(Ipv4Addr::from_bits(0xcb00_0000 | number << 8).into(), 401));
        }
        let guess = Refusal { user: Some(user(1)), ..refusal([203, 0, 0, 1].into(), 401) };
        add(&refusals, guess.clone());
        let gathered = refusals.take();
        assert!(gathered.iter().any(|gathered| gathered.counted == Counted::Equal(guess.clone())));
        let left_out = left_out(&gathered);
        assert_eq!(left_out.len(), 100 + 8, "{left_out:?}");
        let larger = Whose::LargerNetwork("203.7.0.0/16".parse().unwrap());
        assert_eq!(left_out.get(&larger), Some(&208), "{left_out:?}");
    }

    /// Guesses at one account from many networks, and at many accounts from one.
    #[test]
    fn guesses_are_counted_for_the_account_or_for_the_network_that_they_come_from() {
        let refusals = GatheredRefusals::default();
        let guess = |number, address: IpAddr| {
            add(&refusals, Refusal { user: Some(user(number)), ..refusal(address, 401) });
        };
        (0..=255).for_each(|net| guess(1, [198, 51, net, 1].into()));
        (2..202).for_each(|number| guess(number, [203, 0, 113, 1].into()));
        let expected = [(Whose::Account(user(1)), 246), (Whose::Network("203.0.113.0/24".parse().unwrap()), 150)];
        assert_eq!(left_out(&refusals.take()), expected.into());
    }
}
