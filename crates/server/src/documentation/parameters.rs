//! Parameters of queries, as the document describes them: each group once.
use utoipa::{
    IntoParams,
    openapi::{
        KnownFormat, Object, ObjectBuilder, Required, SchemaFormat,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
    },
};

fn parameter(name: &str, about: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}

fn string(name: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(most_characters(name)))
}

fn text(name: &str, about: &str) -> Parameter {
    parameter(name, about, string(name))
}

fn uuid(name: &str, about: &str) -> Parameter {
    parameter(name, about, string(name).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))))
}

fn flag(name: &str, about: &str) -> Parameter {
    parameter(name, about, Object::builder().schema_type(Type::Boolean))
}

fn number(name: &str, about: &str) -> Parameter {
    parameter(name, about, Object::builder().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(i32::MAX)))
}

use crate::http::extract::most_characters;

macro_rules! parameters {
    ($($(#[$about:meta])+ $name:ident => [$($parameter:expr),+ $(,)?];)+) => {$(
        $(#[$about])+
        pub(crate) struct $name;

        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                vec![$($parameter),+]
            }
        }
    )+};
}

parameters! {
    /// Which part of a list.
    PagedByNumber => [
        number("limit", "The largest number of entries to answer; 100 by default."),
        number("offset", "How many entries to leave out at the beginning."),
    ];
    /// Which part of a list, also by where another ended.
    Paged => [
        number("limit", "The largest number of entries to answer; all by default."),
        number("offset", "How many entries to leave out at the beginning."),
        uuid("after_id", "Only what comes after this one, which must still be there."),
    ];
    /// The same for keys.
    PagedKeys => [
        number("limit", "The largest number of entries to answer; all by default."),
        number("offset", "How many entries to leave out at the beginning."),
        text("after_id", "Only what comes after the key with this id, which must still be there."),
    ];
    /// A search.
    Searched => [text("q", "A search: words, and `key:value` pairs. An unknown key is refused.")];
    /// A search among members.
    SearchedMembers => [text("q", "A search: `user_id:<uuid>`.")];
    /// A search among records.
    SearchedAudit => [text(
        "q",
        "A search: `resource_type:`, `resource_id:`, `api_key_id:`, `resource_target:`, `action:`, `username:`, \
         `email:`, `date_from:`, `date_to:`, `build_reason:`, `organization:`, `request_id:`.",
    )];
    /// Which groups.
    SearchedGroups => [
        text("organization", "Only those of this organization: an id or a name."),
        text("has_member", "Only those that this user is in: an id or a username."),
        text("group_ids", "Only these, separated by commas."),
    ];
    /// Which registered resources.
    SearchedResources => [
        text("type", "Only those of this type."),
        uuid("organization", "Only those of this organization."),
        uuid("owner", "Only those of this owner."),
        text("name", "Only those with this name, whatever its case."),
        text("q", "Only those whose name holds this text."),
    ];
    /// Which tokens.
    ListedKeys => [
        flag("include_all", "Also those of others, as far as they may be seen."),
        flag("include_expired", "Also those that no longer work."),
    ];
    /// What ends together with a key.
    Descendants => [flag(
        "descendants",
        "Whether the keys that were minted with it end, too. Unless it is said, those of a narrow key do.",
    )];
    /// Whether to wait for other replicas.
    Waited => [flag(
        "wait",
        "Whether the answer waits until all replicas have confirmed it: the lease (`--revocation-lease`) and a second at \
         most, and 20 seconds.",
    )];
    /// The way to a provider, and back.
    OnTheWay => [
        text("redirect", "Where to go after signing in: a path here."),
        text("oidc_merge_state", "The state of a conversion that was begun."),
        text("code", "What the provider sends people back with."),
        text("state", "The state that they were sent with."),
        text("error", "Why the provider refused."),
        text("error_description", "What it says about it."),
        text("error_uri", "Where it says more about it."),
    ];
    /// Whether the session in use stays.
    KeepCurrent => [flag("keep_current", "Whether the session in use goes on.")];
    /// Whether to leave members out.
    WithoutMembers => [flag("exclude_members", "Whether to leave the members out.")];
    /// Whether to say why.
    Explained => [flag("explain", "Whether to say why, and what is missing.")];
}
