//! Users.
use keyfob_api::{
    organizations::Organization,
    roles::AssignableRole,
    users::{
        CreateUserRequest, NoticeChoices, UpdateNoticeChoices, UpdateRoles, UpdateUserProfileRequest, User, UserList,
        UserRoles,
    },
};

use crate::{Paging, client::Client, error::Error};

impl Client {
    /// A user.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    pub async fn user(&self, user: &str) -> Result<User, Error> {
        self.get("/users/{user}", &[user]).send().await?.json()
    }

    /// The users that the caller may read, by username: all that the search names (contract, section 5.10), or a page.
    ///
    /// # Errors
    /// 400 for a search that cannot be read.
    pub async fn users(&self, search: &str, paging: &Paging) -> Result<UserList, Error> {
        let mut query = vec![("q", search.to_owned())];
        paging.add_to(&mut query);
        self.get("/users", &[]).query(&query).send().await?.json()
    }

    /// Removes a user, with their keys and memberships.
    ///
    /// # Errors
    /// 403 for oneself, 403 or 404 when the caller may not, 417 while they own workspaces.
    pub async fn delete_user(&self, user: &str) -> Result<(), Error> {
        self.delete("/users/{user}", &[user]).send().await?;
        Ok(())
    }

    /// The roles that a user was given.
    ///
    /// # Errors
    /// 404 when the caller may not read them.
    pub async fn user_roles(&self, user: &str) -> Result<UserRoles, Error> {
        self.get("/users/{user}/roles", &[user]).send().await?.json()
    }

    /// The deployment-wide roles that there are to give.
    ///
    /// # Errors
    /// 403 when the caller may not read them.
    pub async fn site_roles(&self) -> Result<Vec<AssignableRole>, Error> {
        self.get("/users/roles", &[]).send().await?.json()
    }

    /// The organizations that a user is a member of, as far as the caller may read them.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    pub async fn organizations_of(&self, user: &str) -> Result<Vec<Organization>, Error> {
        self.get("/users/{user}/organizations", &[user]).send().await?.json()
    }

    /// Makes a user.
    ///
    /// # Errors
    /// 400 for what is wrong with the request, 403 when the caller may not, 409 when name or e-mail address is taken.
    pub async fn create_user(&self, user: &CreateUserRequest) -> Result<User, Error> {
        self.post("/users", &[]).json(user).send().await?.json()
    }

    /// Refuses every key of a user from now on.
    ///
    /// # Errors
    /// 400 for oneself and for owners, 403 or 404 when the caller may not.
    pub async fn suspend_user(&self, user: &str) -> Result<User, Error> {
        self.put("/users/{user}/status/suspend", &[user]).send().await?.json()
    }

    /// Lets a user act again.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    pub async fn activate_user(&self, user: &str) -> Result<User, Error> {
        self.put("/users/{user}/status/activate", &[user]).send().await?.json()
    }

    /// Gives a user these deployment-wide roles, in place of all earlier ones.
    ///
    /// # Errors
    /// 400 for unknown roles and for oneself, 403 or 404 when the caller may not.
    pub async fn update_user_roles(&self, user: &str, roles: &UpdateRoles) -> Result<User, Error> {
        self.put("/users/{user}/roles", &[user]).json(roles).send().await?.json()
    }

    /// Changes a user's names.
    ///
    /// # Errors
    /// 400 for impossible names, 409 for a username that is taken, 403 or 404 when the caller may not.
    pub async fn update_profile(&self, user: &str, profile: &UpdateUserProfileRequest) -> Result<User, Error> {
        self.put("/users/{user}/profile", &[user]).json(profile).send().await?.json()
    }

    /// What a user is told by mail.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    pub async fn notice_choices(&self, user: &str) -> Result<NoticeChoices, Error> {
        self.get("/users/{user}/notices", &[user]).send().await?.json()
    }

    /// Changes what a user is told by mail, and gives all of it.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    pub async fn update_notice_choices(
        &self,
        user: &str,
        change: &UpdateNoticeChoices,
    ) -> Result<NoticeChoices, Error> {
        self.put("/users/{user}/notices", &[user]).json(change).send().await?.json()
    }
}
