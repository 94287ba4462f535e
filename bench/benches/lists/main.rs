//! What a list and a check cost in a deployment of some size, for who is in one organization and in many.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measures, and may fail where it stands"
)]

mod report;
mod world;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use criterion::Criterion;
use serde_json::{Map, Value, json};

use report::Report;
use world::{CHECKED, Person, World};

const LIST: &str = "/api/v2/workspaces?limit=50";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let mut criterion = Criterion::default().configure_from_args();
    let report = Report::default();
    for person in &world.people {
        let body = checks(person);
        let allowed = runtime.block_on(check(&world, person, &body));
        let allowed = serde_json::from_slice::<Map<String, Value>>(&allowed).unwrap();
        let allowed = allowed.values().filter(|answer| **answer == true).count();
        let name = format!("{}, check of {CHECKED} ids, {allowed} allowed", person.name);
        report.measure(&mut criterion, report::CHECK, person.name, &name, || {
            runtime.block_on(check(&world, person, &body))
        });
    }
    for person in &world.people {
        let seen = runtime.block_on(world.ask(&person.key, Method::GET, LIST, None, StatusCode::OK));
        assert_eq!(seen["workspaces"].as_array().unwrap().len(), 50);
        let name = format!("{}, 50 of {} workspaces", person.name, seen["count"]);
        report.measure(&mut criterion, report::LIST, person.name, &name, || {
            runtime.block_on(world.send(&person.key, Method::GET, LIST, Body::empty(), StatusCode::OK))
        });
    }
    criterion.final_summary();
    println!("{report}");
}

/// Whether this person may read these workspaces, as a body.
fn checks(person: &Person) -> String {
    assert_eq!(person.asked.len(), CHECKED);
    let check = |id: &uuid::Uuid| {
        let object = json!({"resource_type": "workspace", "resource_id": id});
        (id.to_string(), json!({"action": "read", "object": object}))
    };
    json!({"checks": person.asked.iter().map(check).collect::<Map<String, Value>>()}).to_string()
}

async fn check(world: &World, person: &Person, body: &str) -> Vec<u8> {
    world.send(&person.key, Method::POST, "/api/v2/authcheck", Body::from(body.to_owned()), StatusCode::OK).await
}
