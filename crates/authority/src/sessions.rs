//! Sessions: beginning, listing and deleting them.
mod own;
mod password;
mod sign_out;

pub use own::CurrentSession;
pub use password::{Login, RightPassword, SignIn, SignInError};
