//! The names of roles.
use std::fmt;

use uuid::Uuid;

/// A role's name, with its organization if it belongs to one: `owner`, `organization-admin:<uuid>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleName {
    /// The name itself.
    pub name: String,
    /// The organization; none for roles of the deployment.
    pub organization: Option<Uuid>,
}

/// Why a text is not the name of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoleName {
    /// It is empty, or has no name before the colon.
    #[error("role cannot be the empty string")]
    Empty,
    /// There is more than an organization after the name.
    #[error("too many colons in role name")]
    TooManyColons,
    /// The text after the name is not the id of an organization.
    #[error("{text:?} not a valid uuid: {problem}")]
    NotAUuid {
        /// The text.
        text: String,
        /// The problem.
        problem: String,
    },
}

impl RoleName {
    /// A role of the deployment.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::RoleName;
    ///
    /// assert_eq!(RoleName::site("owner").to_string(), "owner");
    /// ```
    pub fn site(name: &str) -> Self {
        Self { name: name.to_owned(), organization: None }
    }

    /// A role of an organization. The nil UUID stands for none.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::RoleName;
    /// use uuid::Uuid;
    ///
    /// let organization = Uuid::from_u128(2);
    /// let name = RoleName::in_organization("organization-admin", organization);
    /// assert_eq!(name.to_string(), format!("organization-admin:{organization}"));
    /// assert_eq!(RoleName::in_organization("owner", Uuid::nil()), RoleName::site("owner"));
    /// ```
    pub fn in_organization(name: &str, organization: Uuid) -> Self {
        Self { name: name.to_owned(), organization: Some(organization).filter(|id| !id.is_nil()) }
    }

    /// Parses the name of a role.
    ///
    /// # Errors
    /// [`InvalidRoleName`] when the text is not the name of a role.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{InvalidRoleName, RoleName};
    ///
    /// assert_eq!(RoleName::parse("auditor")?, RoleName::site("auditor"));
    /// let name = RoleName::parse("organization-admin:2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11")?;
    /// assert!(name.organization.is_some());
    /// assert_eq!(RoleName::parse("a:b:c"), Err(InvalidRoleName::TooManyColons));
    /// # Ok::<(), InvalidRoleName>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidRoleName> {
        let mut parts = text.split(':');
        let name = parts.next().filter(|name| !name.is_empty()).ok_or(InvalidRoleName::Empty)?;
        let organization = parts.next();
        if parts.next().is_some() {
            return Err(InvalidRoleName::TooManyColons);
        }
        let Some(organization) = organization else { return Ok(Self::site(name)) };
        match Uuid::try_parse(organization) {
            Ok(id) => Ok(Self::in_organization(name, id)),
            Err(error) => {
                let usual = [32, 36, 38, 45].contains(&organization.len());
                let problem =
                    if usual { error.to_string() } else { format!("invalid UUID length: {}", organization.len()) };
                Err(InvalidRoleName::NotAUuid { text: organization.to_owned(), problem })
            }
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.organization {
            None => f.write_str(&self.name),
            Some(id) => write!(f, "{}:{id}", self.name),
        }
    }
}
