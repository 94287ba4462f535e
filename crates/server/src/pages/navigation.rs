//! The one navigation: every place of the console, in its order.
use keyfob_authority::{AuthorizedStore, resources::registrable};
use keyfob_rbac::{Action, ResourceType};

/// A place of the console that the navigation leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its path.
    pub(super) path: &'static str,
    /// What links to it say.
    pub(super) name: &'static str,
    /// What one does there, in a sentence.
    pub(super) about: &'static str,
    /// The heading that it stands under.
    pub(super) section: &'static str,
    /// What a person must be able to do for it to be of use.
    pub(super) needs: Needs,
}

/// What a person must be able to do for a place to be of use to them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing.
    Nothing,
    /// That, to at least one object of the type.
    One(Action, ResourceType),
    /// That, to all objects of the type: everybody may do it to their own.
    All(Action, ResourceType),
    /// That, to at least one object of a type that can be registered.
    Registered(Action),
}

impl Needs {
    fn are_met(&self, store: &AuthorizedStore) -> bool {
        let caller = store.caller();
        match *self {
            Self::Nothing => true,
            Self::One(action, of) => caller.could(action, of),
            Self::All(action, of) => caller.could_to_all(action, of),
            Self::Registered(action) => {
                registrable(store.authority().catalogue()).into_iter().any(|of| caller.could(action, of))
            }
        }
    }
}

const YOURS: &str = "Yours";
const ADMINISTRATION: &str = "Administration";

/// One's own tokens.
pub(super) static TOKENS: Place = Place {
    path: "/settings/tokens",
    name: "Tokens",
    about: "Mint, look at and end the tokens that your programs use.",
    section: YOURS,
    needs: Needs::Nothing,
};

/// Why something is allowed or not.
pub(super) static EXPLAIN: Place = Place {
    path: "/explain",
    name: "Why?",
    about: "See why you or a token may do something, or may not, and what would change it.",
    section: YOURS,
    needs: Needs::Nothing,
};

/// How one is called, and how pages look.
pub(super) static ACCOUNT: Place = Place {
    path: "/settings/account",
    name: "Profile",
    about: "Your names, and whether pages are light or dark.",
    section: YOURS,
    needs: Needs::Nothing,
};

/// How one signs in.
pub(super) static SECURITY: Place = Place {
    path: "/settings/security",
    name: "Security",
    about: "Change your password, or how you sign in.",
    section: YOURS,
    needs: Needs::Nothing,
};

/// Where one is signed in.
pub(super) static SESSIONS: Place = Place {
    path: "/settings/sessions",
    name: "Sessions",
    about: "See where you are signed in, and sign out there.",
    section: YOURS,
    needs: Needs::Nothing,
};

/// What one is told by mail.
pub(super) static NOTICES: Place = Place {
    path: "/settings/notifications",
    name: "Notices",
    about: "Choose what you are told by mail.",
    section: YOURS,
    needs: Needs::Nothing,
};

/// What was done.
pub(super) static AUDIT: Place = Place {
    path: "/audit",
    name: "Audit",
    about: "See what was done, by whom and when, and take it with you.",
    section: ADMINISTRATION,
    needs: Needs::One(Action::READ, ResourceType::AUDIT_LOG),
};

/// All users.
pub(super) static USERS: Place = Place {
    path: "/deployment/users",
    name: "Users",
    about: "Find, make, suspend and delete users and service accounts, and give them roles.",
    section: ADMINISTRATION,
    needs: Needs::All(Action::READ, ResourceType::USER),
};

/// The tokens of everyone.
pub(super) static ALL_TOKENS: Place = Place {
    path: "/deployment/tokens",
    name: "All tokens",
    about: "See which tokens are worth a look, find one, and expire those that nobody needs.",
    section: ADMINISTRATION,
    needs: Needs::All(Action::READ, ResourceType::API_KEY),
};

/// Organizations, their members and groups.
pub(super) static ORGANIZATIONS: Place = Place {
    path: "/organizations",
    name: "Organizations",
    about: "Organizations, who is in them, with which roles, and their groups.",
    section: ADMINISTRATION,
    needs: Needs::One(Action::READ, ResourceType::ORGANIZATION),
};

/// Registered objects, and with whom they are shared.
pub(super) static RESOURCES: Place = Place {
    path: "/resources",
    name: "Resources",
    about: "Find the objects that tokens are for, and share them with users and groups.",
    section: ADMINISTRATION,
    needs: Needs::Registered(Action::READ),
};

/// How the deployment is set up.
pub(super) static SETTINGS: Place = Place {
    path: "/deployment/settings",
    name: "Settings",
    about: "See with which settings the server runs, and where each comes from.",
    section: ADMINISTRATION,
    needs: Needs::One(Action::READ, ResourceType::DEPLOYMENT_CONFIG),
};

/// All places, in their order. Those of one section stand together.
static PLACES: [&Place; 12] = [
    &TOKENS,
    &EXPLAIN,
    &ACCOUNT,
    &SECURITY,
    &SESSIONS,
    &NOTICES,
    &USERS,
    &ALL_TOKENS,
    &ORGANIZATIONS,
    &RESOURCES,
    &AUDIT,
    &SETTINGS,
];

/// Places under one heading.
pub(super) struct Section {
    /// The heading.
    pub(super) name: &'static str,
    /// The places, in their order.
    pub(super) places: Vec<&'static Place>,
}

/// What the navigation shows to a person: places that are of no use to them are left out. Each place decides for
/// itself what it shows and refuses.
pub(super) fn sections(store: &AuthorizedStore) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for place in PLACES.iter().copied().filter(|place| place.needs.are_met(store)) {
        match sections.last_mut().filter(|section| section.name == place.section) {
            Some(section) => section.places.push(place),
            None => sections.push(Section { name: place.section, places: vec![place] }),
        }
    }
    sections
}
