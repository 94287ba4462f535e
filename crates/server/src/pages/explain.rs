//! Why something is allowed or not: a question, and the engine's own answer with every vote.
mod answer;
mod object;
mod remedy;
mod subject;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, ListError,
    authcheck::{Check, CheckError},
    data::{ApiKey, KeyOrder, Page},
    response_timing::TimeSlot,
    tokens::ListTokens,
};
use keyfob_rbac::{Action, Catalogue, ResourceType};

use self::{
    answer::Answer,
    object::{Match, Target},
};
use super::{
    failure::Failure,
    frame::Frame,
    navigation::EXPLAIN,
    page,
    parts::Choice,
    scopes::plural,
    session::{PageError, SignedIn},
};
use crate::{
    app::App,
    http::{
        error::ApiError,
        extract::ApiQuery,
        routes::{Handlers, RouteFacts, Routes},
    },
};

/// The fields of the form.
const FIELDS: [&str; 4] = ["subject", "other", "permission", "object"];
/// The person, with the session that they look with.
const ME: &str = "me";
/// How many tokens there are to pick.
const MOST_TOKENS: u64 = 100;

pub(super) fn routes() -> Routes {
    Routes::new().route("/explain", Handlers::new().get(RouteFacts::PAGE, show))
}

#[derive(Template)]
#[template(path = "pages/explain/explain.html")]
struct Explain {
    frame: Frame,
    subjects: Vec<Choice>,
    /// Another subject, as it was typed.
    other: String,
    /// Whether the person may see others than themselves.
    asks_about_others: bool,
    permissions: Vec<Group>,
    object: String,
    /// The objects that the name could mean; none where that is clear.
    matches: Vec<Match>,
    answer: Option<Answer>,
}

/// The actions on objects of a type.
struct Group {
    title: String,
    permissions: Vec<Choice>,
}

/// A question as it was asked.
struct Question<'a> {
    subject: &'a str,
    /// The name of another user, or the id of a token: it counts before the subject that is picked.
    other: &'a str,
    permission: &'a str,
    object: &'a str,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let text = |key| query.text(key).unwrap_or_default().trim();
    let question = Question {
        subject: query.text("subject").unwrap_or(ME),
        other: text("other"),
        permission: text("permission"),
        object: text("object"),
    };
    let tokens = tokens(&store).await?;
    let asked = match (question.permission, question.object) {
        ("", _) => Ok(Asked::Nothing),
        (_, "") => ask(&app, &store, &tokens, &question).await,
        _ => {
            // An object that may not be read looks like one that is not there; the time of the answer tells of neither.
            let slot = TimeSlot::of_object();
            let asked = ask(&app, &store, &tokens, &question).await;
            slot.end().await;
            asked
        }
    };
    let frame = frame.at(&EXPLAIN);
    let (status, frame, asked) = match asked {
        Ok(asked) => (StatusCode::OK, frame, asked),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &FIELDS);
            (status, frame, Asked::Nothing)
        }
    };
    let (answer, matches) = match asked {
        Asked::Nothing => (None, Vec::new()),
        Asked::Which(matches) => (None, matches),
        Asked::Answered(answer) => (Some(*answer), Vec::new()),
    };
    let explain = Explain {
        frame,
        subjects: subjects(&tokens, question.subject),
        other: question.other.to_owned(),
        asks_about_others: !question.other.is_empty()
            || store.caller().could_to_all(Action::READ_PERSONAL, ResourceType::USER),
        permissions: permissions(app.catalogue(), question.permission),
        object: question.object.to_owned(),
        matches,
        answer,
    };
    Ok(page(status, &explain)?)
}

/// What came of a question.
enum Asked {
    /// There was none.
    Nothing,
    /// Several objects have the name.
    Which(Vec<Match>),
    Answered(Box<Answer>),
}

fn unfit(field: &str, words: &str) -> Failure {
    Failure::bad_request("This cannot be answered.").field(field, words)
}

async fn ask(app: &App, store: &AuthorizedStore, tokens: &[ApiKey], question: &Question<'_>) -> Result<Asked, Failure> {
    let (of, action) = permission(app.catalogue(), question.permission)
        .ok_or_else(|| unfit("permission", "There is no such action. Pick one from the list."))?;
    let subject = subject::find(store, tokens, question).await?;
    let (entry, object) = match object::find(app, store, of, question.object).await? {
        Target::Any => (String::new(), String::new()),
        Target::One { id, name } => (id, name),
        Target::Several(found) => {
            let link = |(id, name): (String, String)| Match::new(question, of, app, &id, name);
            return Ok(Asked::Which(found.into_iter().map(link).collect()));
        }
    };
    let check = Check {
        action: app.catalogue().action_name(action).to_owned(),
        resource_type: app.catalogue().type_name(of).to_owned(),
        // Without a single object: one of one's own, wherever it may be.
        owner: if entry.is_empty() { ME.to_owned() } else { String::new() },
        any_organization: entry.is_empty(),
        resource_id: entry.clone(),
        ..Check::default()
    };
    let answers = store.explain_checks(&subject.whose, [(String::new(), check)].into()).await;
    let answers = answers.map_err(|error| {
        let failure = Failure::from(error);
        if question.other.is_empty() { failure } else { subject::hidden(failure) }
    })?;
    let Some(explained) = answers.into_values().next().map(|answer| answer.why) else {
        return Err(unfit("subject", "Your session may not ask about other tokens."));
    };
    let answer = Answer::new(app, store, &subject, (of, action), (&entry, &object), explained).await?;
    Ok(Asked::Answered(Box::new(answer)))
}

/// The tokens that the person can ask about.
async fn tokens(store: &AuthorizedStore) -> Result<Vec<ApiKey>, ApiError> {
    let Some(own) = store.caller().user().filter(|_| store.caller().has_full_key()) else { return Ok(Vec::new()) };
    let list = ListTokens {
        of: Some(own.id),
        name_contains: None,
        finding: None,
        include_expired: false,
        order: KeyOrder::NewestFirst,
        page: Page { limit: Some(MOST_TOKENS), ..Page::default() },
    };
    Ok(store.incidental().list_tokens(list).await?)
}

fn subjects(tokens: &[ApiKey], chosen: &str) -> Vec<Choice> {
    let me = Choice::new(ME, "me, as I am signed in", chosen == ME);
    let token = |key: &ApiKey| {
        let id = key.id.as_str();
        Choice::new(id, format!("my token {}", key.token_name), id == chosen)
    };
    std::iter::once(me).chain(tokens.iter().map(token)).collect()
}

/// All actions, by the type of their objects.
fn permissions(catalogue: &Catalogue, chosen: &str) -> Vec<Group> {
    let group = |of: ResourceType| {
        let name = catalogue.type_name(of);
        let choice = |action: Action| {
            let action = catalogue.action_name(action);
            let value = format!("{name}:{action}");
            Choice::new(&value, &value, value == chosen)
        };
        Group { title: plural(name), permissions: catalogue.actions_of(of).map(choice).collect() }
    };
    catalogue.resource_types().map(group).filter(|group| !group.permissions.is_empty()).collect()
}

fn permission(catalogue: &Catalogue, text: &str) -> Option<(ResourceType, Action)> {
    let (of, action) = text.split_once(':')?;
    let of = catalogue.resource_type(of)?;
    let action = catalogue.actions_of(of).find(|known| catalogue.action_name(*known) == action)?;
    Some((of, action))
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let wrong = |words: &str| Self::bad_request("This cannot be answered.").field("object", words);
        match error {
            CheckError::NoLookup { .. } => {
                wrong("Single objects of this type are not known here. Leave this empty to ask about all of them.")
            }
            CheckError::InvalidId { .. } => wrong("This is no id."),
            CheckError::TooManyIds { .. } | CheckError::TooManyToExplain | CheckError::NoResourceType { .. } => {
                wrong("This is no object.")
            }
            CheckError::Refused(refused) => refused.into(),
        }
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NothingToComeAfter => Self::bad_request("The list has changed meanwhile. Try again."),
            ListError::Refused(refused) => refused.into(),
        }
    }
}
