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
    /// Gets a user.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// println!("signed in as {}", keyfob.user(ME).await?.username);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn user(&self, user: &str) -> Result<User, Error> {
        self.get("/users/{user}", &[user]).send().await?.json()
    }

    /// Lists the users that match a search, by username, as far as the caller may read them. An empty search matches
    /// all.
    ///
    /// # Errors
    /// 400 for an invalid search.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::Paging;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let page = Paging { limit: Some(25), ..Paging::default() };
    /// for user in keyfob.list_users("status:active", &page).await?.users {
    ///     println!("{} {}", user.username, user.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_users(&self, search: &str, paging: &Paging) -> Result<UserList, Error> {
        let mut query = vec![("q", search.to_owned())];
        paging.add_to(&mut query);
        self.get("/users", &[]).query(&query).send().await?.json()
    }

    /// Deletes a user, with their keys and memberships.
    ///
    /// # Errors
    /// 403 for the caller's own user, 403 or 404 when the caller may not, 417 while the user owns workspaces.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.delete_user("amy").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_user(&self, user: &str) -> Result<(), Error> {
        self.delete("/users/{user}", &[user]).send().await?;
        Ok(())
    }

    /// Gets the roles that a user was given.
    ///
    /// # Errors
    /// 404 when the caller may not read them.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let roles = keyfob.user_roles("amy").await?.roles;
    /// println!("{}", roles.join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn user_roles(&self, user: &str) -> Result<UserRoles, Error> {
        self.get("/users/{user}/roles", &[user]).send().await?.json()
    }

    /// Lists the deployment-wide roles, and whether the caller may assign each of them.
    ///
    /// # Errors
    /// 403 when the caller may not read them.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for role in keyfob.list_site_roles().await? {
    ///     println!("{}: {}", role.role.name, role.role.display_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_site_roles(&self) -> Result<Vec<AssignableRole>, Error> {
        self.get("/users/roles", &[]).send().await?.json()
    }

    /// Lists the organizations that a user is a member of, as far as the caller may read them.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for organization in keyfob.list_user_organizations("amy").await? {
    ///     println!("{}", organization.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_user_organizations(&self, user: &str) -> Result<Vec<Organization>, Error> {
        self.get("/users/{user}/organizations", &[user]).send().await?.json()
    }

    /// Creates a user.
    ///
    /// # Errors
    /// 400 for invalid fields, 403 when the caller may not, 409 when the username or the e-mail address is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{DEFAULT_ORGANIZATION, api::users::CreateUserRequest};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let organization = keyfob.organization(DEFAULT_ORGANIZATION).await?.id;
    /// let deployer = CreateUserRequest {
    ///     username: "deployer".to_owned(),
    ///     service_account: true,
    ///     organization_ids: vec![organization],
    ///     ..CreateUserRequest::default()
    /// };
    /// keyfob.create_user(&deployer).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_user(&self, user: &CreateUserRequest) -> Result<User, Error> {
        self.post("/users", &[]).json(user).send().await?.json()
    }

    /// Suspends a user: the server refuses all their keys from now on.
    ///
    /// # Errors
    /// 400 for the caller's own user and for owners, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.suspend_user("amy").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn suspend_user(&self, user: &str) -> Result<User, Error> {
        self.put("/users/{user}/status/suspend", &[user]).send().await?.json()
    }

    /// Activates a user who was suspended.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.activate_user("amy").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn activate_user(&self, user: &str) -> Result<User, Error> {
        self.put("/users/{user}/status/activate", &[user]).send().await?.json()
    }

    /// Gives a user these deployment-wide roles, in place of all earlier ones.
    ///
    /// # Errors
    /// 400 for unknown roles and for the caller's own roles, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::users::UpdateRoles;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.update_user_roles("amy", &UpdateRoles { roles: vec!["auditor".to_owned()] }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_user_roles(&self, user: &str, roles: &UpdateRoles) -> Result<User, Error> {
        self.put("/users/{user}/roles", &[user]).json(roles).send().await?.json()
    }

    /// Changes a user's username and full name.
    ///
    /// # Errors
    /// 400 for invalid names, 409 for a username that is taken, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{ME, api::users::UpdateUserProfileRequest};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let names = UpdateUserProfileRequest { username: "amy".to_owned(), name: "Amy Pond".to_owned() };
    /// keyfob.update_profile(ME, &names).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_profile(&self, user: &str, profile: &UpdateUserProfileRequest) -> Result<User, Error> {
        self.put("/users/{user}/profile", &[user]).json(profile).send().await?.json()
    }

    /// Gets which notices a user receives by mail.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let choices = keyfob.notice_choices(ME).await?;
    /// println!("before a token expires: {}", choices.token_ending);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn notice_choices(&self, user: &str) -> Result<NoticeChoices, Error> {
        self.get("/users/{user}/notices", &[user]).send().await?.json()
    }

    /// Changes which notices the caller receives by mail, and returns all choices.
    ///
    /// # Errors
    /// 403 or 404 when the user is not the caller, or the key is not full.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{ME, api::users::UpdateNoticeChoices};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let change = UpdateNoticeChoices { token_minted: Some(false), ..UpdateNoticeChoices::default() };
    /// keyfob.update_notice_choices(ME, &change).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_notice_choices(
        &self,
        user: &str,
        change: &UpdateNoticeChoices,
    ) -> Result<NoticeChoices, Error> {
        self.put("/users/{user}/notices", &[user]).json(change).send().await?.json()
    }
}
