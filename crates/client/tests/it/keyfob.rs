//! A Keyfob server, in the test's process and with its data in a folder of its own.
use std::future::pending;

use clap::Parser;
use keyfob_client::{
    Client, DEFAULT_ORGANIZATION,
    api::{
        resources::CreateResourceRequest,
        secret::SecretText,
        users::{CreateFirstUserRequest, LoginRequest},
    },
};
use keyfob_server::ServerArgs;
use tempfile::TempDir;
use tokio::sync::oneshot;
use uuid::Uuid;

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "Sup3rSecret!pw";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    server: ServerArgs,
}

/// A server that runs until the test ends.
pub(crate) struct Keyfob {
    /// A client with a session of the first user, an owner.
    pub(crate) owner: Client,
    _data: TempDir,
}

impl Keyfob {
    /// Starts a server, creates its first user, and signs in.
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let flags = ["server", "--http-address", "127.0.0.1:0", "--data-dir", data.path().to_str().unwrap()];
        let settings = Settings::parse_from(flags).server;
        let (ready, url) = oneshot::channel();
        tokio::spawn(async move {
            let on_ready = Box::new(|server: &keyfob_server::Ready| ready.send(server.url.clone()).unwrap());
            keyfob_server::serve(settings, on_ready, Box::pin(pending())).await.unwrap();
        });
        let owner = sign_in(&Client::builder(url.await.unwrap()).build().unwrap()).await;
        Self { owner, _data: data }
    }

    /// Registers a workspace of the owner.
    pub(crate) async fn workspace(&self, name: &str) -> Uuid {
        let new = CreateResourceRequest {
            resource_type: "workspace".to_owned(),
            name: name.to_owned(),
            organization_id: Some(self.owner.organization(DEFAULT_ORGANIZATION).await.unwrap().id),
            ..CreateResourceRequest::default()
        };
        self.owner.create_resource(&new).await.unwrap().id
    }
}

async fn sign_in(anonymous: &Client) -> Client {
    let user = CreateFirstUserRequest {
        email: EMAIL.to_owned(),
        username: "owner".to_owned(),
        password: SecretText::new(PASSWORD),
        ..CreateFirstUserRequest::default()
    };
    anonymous.create_first_user(&user).await.unwrap();
    let login = LoginRequest { email: EMAIL.to_owned(), password: SecretText::new(PASSWORD) };
    let session = anonymous.login_with_password(&login).await.unwrap().session_token;
    anonymous.with_session_token(&session).unwrap()
}
