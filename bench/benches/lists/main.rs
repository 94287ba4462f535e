//! Measures what lists and checks cost in a large deployment, for members of one organization and of many.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its results, and may panic"
)]

mod deployment;
mod report;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use criterion::Criterion;
use serde_json::{Map, Value, json};

use deployment::{CHECKED, Deployment, Requester};
use report::Report;

const LIST: &str = "/api/v2/workspaces?limit=50";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let deployment = runtime.block_on(Deployment::new());
    let mut criterion = Criterion::default().configure_from_args();
    let report = Report::default();
    for requester in &deployment.requesters {
        let body = checks(requester);
        let allowed = runtime.block_on(check(&deployment, requester, &body));
        let allowed = serde_json::from_slice::<Map<String, Value>>(&allowed).unwrap();
        let allowed = allowed.values().filter(|decision| **decision == true).count();
        let name = format!("{}, check of {CHECKED} ids, {allowed} allowed", requester.name);
        report.measure(&mut criterion, report::CHECK, requester.name, &name, || {
            runtime.block_on(check(&deployment, requester, &body))
        });
    }
    for requester in &deployment.requesters {
        let page = runtime.block_on(deployment.call(&requester.key, Method::GET, LIST, None, StatusCode::OK));
        assert_eq!(page["workspaces"].as_array().unwrap().len(), 50);
        let name = format!("{}, 50 of {} workspaces", requester.name, page["count"]);
        report.measure(&mut criterion, report::LIST, requester.name, &name, || {
            runtime.block_on(deployment.send(&requester.key, Method::GET, LIST, Body::empty(), StatusCode::OK))
        });
    }
    criterion.final_summary();
    println!("{report}");
}

/// The body of a request that checks whether this user may read the workspaces of [`Requester::checked`].
fn checks(requester: &Requester) -> String {
    assert_eq!(requester.checked.len(), CHECKED);
    let check = |id: &uuid::Uuid| {
        let object = json!({"resource_type": "workspace", "resource_id": id});
        (id.to_string(), json!({"action": "read", "object": object}))
    };
    json!({"checks": requester.checked.iter().map(check).collect::<Map<String, Value>>()}).to_string()
}

async fn check(deployment: &Deployment, requester: &Requester, body: &str) -> Vec<u8> {
    deployment
        .send(&requester.key, Method::POST, "/api/v2/authcheck", Body::from(body.to_owned()), StatusCode::OK)
        .await
}
