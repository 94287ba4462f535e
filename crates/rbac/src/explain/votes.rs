//! The votes of one side, roles or scopes, level by level.
use super::Standing;
use crate::{
    Action, Level, Object, Subject, Vote,
    table::{Pair, Sides},
};

/// The votes at all levels; none for a level that does not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Votes {
    pub(super) site: Vote,
    pub(super) user: Option<Vote>,
    pub(super) org: Option<Vote>,
    pub(super) member: Option<Vote>,
}

impl Votes {
    pub(super) fn of(
        subject: &Subject,
        standing: Standing<'_>,
        side: impl Fn(&Sides) -> Pair,
        action: Action,
        object: &Object<'_>,
    ) -> Self {
        let outside = side(&subject.outside.cell(object.resource_type).votes);
        let there = side(&standing.cell.votes);
        let user_counts = standing.is_own && !standing.in_organization;
        let member_counts = standing.is_own && standing.is_member && !object.owner.is_none();
        Self {
            site: outside.all.vote(action),
            user: user_counts.then(|| outside.own.vote(action)),
            org: standing.is_member.then(|| there.all.vote(action)),
            member: member_counts.then(|| there.own.vote(action)),
        }
    }

    /// The result of the votes.
    pub(super) fn allow(self) -> bool {
        match self.site {
            Vote::Allow => true,
            Vote::Deny => false,
            Vote::Abstain => {
                self.user == Some(Vote::Allow)
                    || self.org == Some(Vote::Allow)
                    || self.org != Some(Vote::Deny) && self.member == Some(Vote::Allow)
            }
        }
    }

    /// Whether a level that counts votes no.
    pub(super) fn any_denies(self) -> bool {
        self.counted().any(|(_, vote)| vote == Vote::Deny)
    }

    /// The levels that count, with their votes.
    pub(super) fn counted(self) -> impl Iterator<Item = (Level, Vote)> {
        let levels = [
            (Level::Site, Some(self.site)),
            (Level::User, self.user),
            (Level::Organization, self.org),
            (Level::Member, self.member),
        ];
        levels.into_iter().filter_map(|(level, vote)| vote.map(|vote| (level, vote)))
    }
}
