//! Whose refusals are bounded together, and how many different ones are told apart.
use std::net::IpAddr;

use ipnet::IpNet;
use keyfob_store::{KeyId, UserId};

use super::Refusal;

/// How many different refusals of one key are told apart at a time, and of all keys of one user.
const OF_KEY: usize = 20;
const OF_USER: usize = 40;
/// The same for failed sign-ins to one account, and for those from one network to any accounts.
const TO_ACCOUNT: usize = 10;
const TO_ACCOUNTS_FROM: usize = 50;
/// The same for a network whose requests have neither a valid key nor a known account, and for a larger one.
const OF_STRANGERS: usize = 10;
const OF_MANY_STRANGERS: usize = 100;
/// The same for all users, all accounts and all networks: this is what memory and disk are bounded by.
const OF_ALL_USERS: usize = 1_000;
const TO_ALL_ACCOUNTS: usize = 300;
const OF_ALL_STRANGERS: usize = 300;
/// How many of a kind are named at a time as those whose refusals were left out.
const NAMED: usize = 100;

/// Whose refusals were too many to be told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Those of a user's key.
    Key(UserId, KeyId),
    /// Those of a user, with any of their keys.
    User(UserId),
    /// Failed sign-ins to this user's account, whoever tried.
    Account(UserId),
    /// Those of a network (IPv4 /24, IPv6 /48).
    Network(IpNet),
    /// Those of a larger network (IPv4 /16, IPv6 /32), where there were too many networks.
    LargerNetwork(IpNet),
    /// All others.
    Others,
}

impl Whose {
    /// The user, where it is one's.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Key(user, _) | Self::User(user) | Self::Account(user) => Some(*user),
            Self::Network(_) | Self::LargerNetwork(_) | Self::Others => None,
        }
    }

    /// The key, where it is one's.
    pub fn key(&self) -> Option<&KeyId> {
        match self {
            Self::Key(_, key) => Some(key),
            Self::User(_) | Self::Account(_) | Self::Network(_) | Self::LargerNetwork(_) | Self::Others => None,
        }
    }

    /// The network, where it is one's.
    pub fn network(&self) -> Option<IpNet> {
        match self {
            Self::Network(network) | Self::LargerNetwork(network) => Some(*network),
            Self::Key(..) | Self::User(_) | Self::Account(_) | Self::Others => None,
        }
    }

    /// What it is, in a word, as records name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Key(..) => "key",
            Self::User(_) => "user",
            Self::Account(_) => "account",
            Self::Network(_) | Self::LargerNetwork(_) => "network",
            Self::Others => "others",
        }
    }

    /// How many such are named at a time.
    pub(super) fn most(&self) -> usize {
        match self {
            Self::Others => 1,
            _ => NAMED,
        }
    }

    /// What is named in its place where there are too many such. The address is that of the client, if it is known.
    pub(super) fn wider(self, client: Option<IpAddr>) -> Self {
        match self {
            Self::Key(user, _) => Self::User(user),
            Self::User(_) | Self::Account(_) => client.map_or(Self::Others, |client| Self::Network(network(client))),
            Self::Network(of) => Self::LargerNetwork(cut(of.addr(), 16, 32)),
            Self::LargerNetwork(_) | Self::Others => Self::Others,
        }
    }
}

/// What has a bound on how many different refusals are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Of(Whose),
    ToAccountsFrom(IpNet),
    OfAllUsers,
    ToAllAccounts,
    OfAllStrangers,
}

/// A bound that a refusal falls under, and who is named where it is reached.
pub(super) struct Bound {
    pub(super) place: Place,
    pub(super) most: usize,
    pub(super) names: Whose,
}

/// All bounds that a refusal falls under. Whoever is refused with a key takes no place of those who are not, and whoever
/// tries to sign in to an account, or to find one, takes none of those who have a key.
pub(super) fn bounds(refusal: &Refusal) -> [Bound; 3] {
    let network = network(refusal.address);
    let bound = |place, most, names: &Whose| Bound { place, most, names: names.clone() };
    let of = |whose: &Whose, most| bound(Place::Of(whose.clone()), most, whose);
    let from_network = Whose::Network(network);
    match (refusal.user, &refusal.key) {
        (Some(id), Some(key)) => {
            let (key, user) = (Whose::Key(id, key.clone()), Whose::User(id));
            [of(&key, OF_KEY), of(&user, OF_USER), bound(Place::OfAllUsers, OF_ALL_USERS, &user)]
        }
        (Some(id), None) => {
            let account = Whose::Account(id);
            let together = bound(Place::ToAccountsFrom(network), TO_ACCOUNTS_FROM, &from_network);
            [of(&account, TO_ACCOUNT), together, bound(Place::ToAllAccounts, TO_ALL_ACCOUNTS, &account)]
        }
        (None, _) => {
            let larger = Place::Of(from_network.clone().wider(None));
            let together = bound(larger, OF_MANY_STRANGERS, &from_network);
            [of(&from_network, OF_STRANGERS), together, bound(Place::OfAllStrangers, OF_ALL_STRANGERS, &from_network)]
        }
    }
}

/// The network that a client has to itself, as a rule.
fn network(client: IpAddr) -> IpNet {
    cut(client.to_canonical(), 24, 48)
}

fn cut(address: IpAddr, of_v4: u8, of_v6: u8) -> IpNet {
    let length = if address.is_ipv4() { of_v4 } else { of_v6 };
    IpNet::new(address, length).map_or_else(|_| IpNet::from(address), |network| network.trunc())
}
