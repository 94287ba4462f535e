//! The tour of the README and the guides work as written.
use std::{fs, path::PathBuf};

use crate::page::Page;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The part under the heading of the tour; the lines before it are left empty, so that line numbers stay.
fn tour(readme: &str) -> String {
    let heading = readme.lines().position(|line| line == "## A tour").expect("the heading of the tour");
    let below = readme.lines().skip(heading).take_while(|line| *line != "## What to know next");
    "\n".repeat(heading) + &below.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_tour_of_the_readme_works_as_it_is_written() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let page = Page::new("README.md", &tour(&readme));
    assert!(page.len() >= 5, "the tour is under the heading `## A tour`, in a block that begins with ```sh");
    page.follow();
}

/// The guides by name; the index is not among them.
fn guides() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|it| it == "md") && !path.ends_with("README.md"));
    let read =
        |path: PathBuf| (format!("docs/{}", path.file_name().unwrap().display()), fs::read_to_string(path).unwrap());
    let mut guides: Vec<_> = pages.map(read).collect();
    guides.sort();
    guides
}

#[test]
fn every_guide_works_as_it_is_written() {
    let guides = guides();
    assert!(guides.len() >= 5, "the guides are in docs, and not {} of them", guides.len());
    for (name, text) in guides {
        let page = Page::new(&name, &text);
        assert!(page.len() > 0, "{name} has no block ```sh that runs");
        page.follow();
    }
}

#[test]
fn every_guide_is_in_the_index_and_every_link_between_pages_leads_somewhere() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for (name, _) in guides() {
        let file = name.trim_start_matches("docs/");
        assert!(index.contains(&format!("]({file})")), "docs/README.md does not link to {file}");
    }
    for (name, text) in guides().into_iter().chain([("docs/README.md".to_owned(), index)]) {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap();
            let is_there = file.is_empty() || file.contains("://") || root().join("docs").join(file).exists();
            assert!(is_there, "{name} links to {link}");
        }
    }
}
