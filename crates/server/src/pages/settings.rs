//! The settings of the deployment that are in effect.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    frame::Frame,
    navigation::SETTINGS,
    page,
    session::{PageError, SignedIn},
};
use crate::{
    app::App,
    config::{Setting, Source, Value},
    http::routes::{Handlers, RouteFacts, Routes},
};

pub(super) fn routes() -> Routes {
    Routes::new().route("/deployment/settings", Handlers::new().get(RouteFacts::PAGE, show))
}

#[derive(Template)]
#[template(path = "pages/settings.html")]
struct Settings {
    frame: Frame,
    access_url: String,
    groups: Vec<Group>,
}

/// Settings under a heading.
struct Group {
    heading: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    about: String,
    value: Value,
    /// Where the value comes from, if somebody set it.
    source: Option<&'static str>,
    /// The variable that it comes from.
    variable: Option<String>,
}

impl Group {
    /// Where a link leads to it.
    fn anchor(&self) -> String {
        self.heading.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    }
}

impl Row {
    /// What the setting is for: text, and between backticks code.
    fn about(&self) -> impl Iterator<Item = (bool, &str)> {
        self.about.split('`').enumerate().map(|(place, part)| (place % 2 == 1, part))
    }

    fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::Secret | Value::Unset => "",
        }
    }

    fn is_secret(&self) -> bool {
        self.value == Value::Secret
    }
}

async fn show(State(app): State<App>, SignedIn { store, frame }: SignedIn) -> Result<Response, PageError> {
    store.require_deployment_config()?;
    let mut groups: Vec<Group> = Vec::new();
    for setting in app.settings().given.iter() {
        let row = row(setting);
        match groups.iter_mut().find(|group| group.heading == setting.heading) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { heading: setting.heading.clone(), rows: vec![row] }),
        }
    }
    let access_url = app.access_url().to_owned();
    Ok(page(StatusCode::OK, &Settings { frame: frame.at(&SETTINGS), access_url, groups })?)
}

fn row(setting: &Setting) -> Row {
    Row {
        name: setting.name.clone(),
        about: setting.about.replace(" [default: none]", ""),
        value: setting.value.clone(),
        source: match setting.source {
            Source::Default => None,
            Source::Flag => Some("flag"),
            Source::Variable => Some("variable"),
            Source::File => Some("settings file"),
        },
        variable: Some(setting.variable.clone()).filter(|_| setting.source == Source::Variable),
    }
}
