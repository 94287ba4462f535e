//! The parameters of the API's paths. What they name is looked up, and authorized, by the handler's call.
use keyfob_authority::{data::KeyId, resources::is_registrable};
use keyfob_rbac::ResourceType;
use utoipa::{
    IntoParams,
    openapi::{
        KnownFormat, ObjectBuilder, Required, SchemaFormat,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
    },
};
use uuid::Uuid;

use super::{MOST_SEGMENT_CHARACTERS, PathParameter};
use crate::{app::App, http::error::ApiError};

/// How the document describes a parameter.
fn described(name: &str, about: &str, format: Option<KnownFormat>) -> Vec<Parameter> {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(format.map(SchemaFormat::KnownFormat))
        .max_length(Some(MOST_SEGMENT_CHARACTERS));
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(schema));
    vec![parameter.build()]
}

/// Declares parameters: their type, their name in routes, their format, and their description in the document.
macro_rules! path_parameters {
    ($($(#[$doc:meta])+ $type:ident($value:ty) = $name:literal, $format:expr, $about:literal, $parse:expr;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Debug)]
        pub(crate) struct $type(pub(crate) $value);

        impl PathParameter for $type {
            const NAME: &'static str = $name;

            fn parse(segment: &str, app: &App) -> Result<Self, ApiError> {
                let parse: fn(&str, &App) -> Result<$value, ApiError> = $parse;
                parse(segment, app).map(Self)
            }
        }

        impl IntoParams for $type {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                described($name, $about, $format)
            }
        }
    )+};
}

path_parameters! {
    /// A user.
    UserRef(String) = "user", None, "`me`, an id, or a username.", text;
    /// The key of a session; none where the text is the id of no key.
    SessionRef(Option<KeyId>) = "id", None, "The id of the session's key.", key_id;
    /// A key; none where the text is the id of no key.
    KeyRef(Option<KeyId>) = "keyid", None, "The part of the key before the hyphen.", key_id;
    /// The name of a token.
    TokenName(String) = "keyname", None, "The name of a token.", text;
    /// An organization.
    OrganizationRef(String) = "organization", None, "`default`, an id, or a name.", text;
    /// An organization of a user.
    UserOrganizationRef(String) = "organizationname", None, "`default`, an id, or a name.", text;
    /// The name of a role that an organization made.
    RoleName(String) = "rolename", None, "The name of a role that the organization made.", text;
    /// A group.
    GroupRef(Uuid) = "group", Some(KnownFormat::Uuid), "The group's id.", uuid;
    /// The name of a group.
    GroupName(String) = "groupname", None, "The group's name.", text;
    /// A type of which resources are registered.
    RegistrableType(ResourceType) = "type", None, "The type's name, as `GET /resource-types` lists it.", registrable;
    /// A registered resource.
    ResourceRef(Uuid) = "id", Some(KnownFormat::Uuid), "The resource's id.", uuid;
    /// The name of a guide.
    GuideRef(String) = "guide", None, "The guide's name.", text;
    /// A workspace.
    WorkspaceRef(Uuid) = "workspace", Some(KnownFormat::Uuid), "The workspace's id.", uuid;
    /// The name of a workspace.
    WorkspaceName(String) = "workspacename", None, "The workspace's name.", text;
    /// A template.
    TemplateRef(Uuid) = "template", Some(KnownFormat::Uuid), "The template's id.", uuid;
    /// The name of a template.
    TemplateName(String) = "templatename", None, "The template's name.", text;
}

#[expect(clippy::unnecessary_wraps, reason = "what all parsers return")]
fn text(segment: &str, _app: &App) -> Result<String, ApiError> {
    Ok(segment.to_owned())
}

/// Of what stands where an id must; the text follows.
pub(crate) const INVALID_ID: &str = "Invalid UUID ";

fn uuid(segment: &str, _app: &App) -> Result<Uuid, ApiError> {
    Uuid::try_parse(segment).map_err(|_| ApiError::bad_request(format!("{INVALID_ID}{segment:?}.")))
}

#[expect(clippy::unnecessary_wraps, reason = "what all parsers return")]
fn key_id(segment: &str, _app: &App) -> Result<Option<KeyId>, ApiError> {
    Ok(KeyId::parse(segment))
}

/// A type without registered resources is like one that the catalogue does not have.
fn registrable(segment: &str, app: &App) -> Result<ResourceType, ApiError> {
    app.catalogue().resource_type(segment).filter(|of| is_registrable(*of)).ok_or_else(ApiError::not_found)
}

impl UserRef {
    /// Whether it is the caller's alias.
    pub(crate) fn is_me(&self) -> bool {
        self.0 == "me"
    }
}
