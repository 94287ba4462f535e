//! Measures what a decision costs.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its results, and may panic")]

mod cedar;
mod ideal;
mod report;

use std::{hint::black_box, process::ExitCode};

use criterion::Criterion;
use keyfob_bench::Scene;
use keyfob_rbac::{Action, Id, authorize};

use report::{Engine, Report};

/// Aligns a value to a cache line, so that runs do not differ by the addresses of their values.
#[repr(align(64))]
struct Aligned<T>(T);

/// A decision that both engines make.
struct Question {
    name: &'static str,
    organizations: u64,
    /// How many workspaces the key's allow list has; `None` is `*:*`.
    listed: Option<u64>,
}

const QUESTIONS: [Question; 3] = [
    Question { name: report::COMMON, organizations: 1, listed: None },
    Question { name: report::MANY_ORGANIZATIONS, organizations: 50, listed: None },
    Question { name: report::LONG_LIST, organizations: 1, listed: Some(128) },
];

fn main() -> ExitCode {
    let mut criterion = Criterion::default().configure_from_args();
    let report = Report::default();
    yardsticks(&mut criterion, &report);
    for question in &QUESTIONS {
        keyfob(&mut criterion, &report, question);
    }
    let compiled = [(report::COMPILE_FEW, 50), (report::COMPILE, 1_000), (report::COMPILE_TWICE_AS_MANY, 2_000)];
    for (name, organizations) in compiled {
        compile(&mut criterion, &report, name, organizations);
    }
    for question in &QUESTIONS {
        cedar(&mut criterion, &report, question);
    }
    criterion.final_summary();
    println!("{report}");
    if report.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn yardsticks(criterion: &mut Criterion, report: &Report) {
    let scene = Scene::new(1);
    let (ideal, object) = (Aligned(ideal::Ideal::of(&scene)), Aligned(ideal::Object::of(&scene)));
    assert!(ideal.0.bit_test(ideal::READ, &object.0));
    report.measure(criterion, report::BIT_TEST, Engine::Keyfob, || {
        black_box(&ideal.0).bit_test(black_box(ideal::READ), black_box(&object.0))
    });
    assert!(ideal.0.look_up_and_bit_test(ideal::READ, &object.0));
    report.measure(criterion, report::LOOK_UP, Engine::Keyfob, || {
        black_box(&ideal.0).look_up_and_bit_test(black_box(ideal::READ), black_box(&object.0))
    });
}

fn keyfob(criterion: &mut Criterion, report: &Report, question: &Question) {
    let scene = Scene::new(question.organizations);
    let subject = Aligned(scene.subject(question.listed).unwrap());
    let object = Aligned(scene.own_workspace());
    assert!(authorize(&subject.0, Action::READ, &object.0).is_allowed());
    report.measure(criterion, question.name, Engine::Keyfob, || {
        authorize(black_box(&subject.0), black_box(Action::READ), black_box(&object.0)).is_allowed()
    });
}

fn compile(criterion: &mut Criterion, report: &Report, name: &'static str, organizations: u64) {
    let scene = Scene::new(organizations);
    let roles = scene.different_roles().unwrap();
    report.measure(criterion, name, Engine::Keyfob, || {
        scene.compile(black_box(&roles)).is_member_of(Id::from(scene.organization))
    });
}

fn cedar(criterion: &mut Criterion, report: &Report, question: &Question) {
    let input = cedar::Input::of(&Scene::new(question.organizations), question.listed);
    assert!(input.allows());
    report.measure(criterion, question.name, Engine::Cedar, || black_box(&input).allows());
}
