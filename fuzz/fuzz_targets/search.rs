//! Searches of all lists.
#![no_main]
use keyfob_fuzz::target;
use libfuzzer_sys::fuzz_target;

const LISTS: [&str; 6] = [
    "/api/v2/users",
    "/api/v2/audit",
    "/api/v2/workspaces",
    "/api/v2/templates",
    "/api/v2/resources",
    "/api/v2/organizations/default/paginated-members",
];

fuzz_target!(|text: &str| {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    for list in LISTS {
        target().get(&format!("{list}?q={encoded}"));
    }
});
