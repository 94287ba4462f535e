//! Roles: which there are to give, giving and taking them, and those that organizations make for themselves.
mod assign;
mod custom;

pub use assign::AssignError;
pub(crate) use assign::{each_once, own_role_names, role_names_of};
pub use custom::{AssignableRole, CustomRoleChange, CustomRoleError};
