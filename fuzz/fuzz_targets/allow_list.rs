//! Allow lists: what is read is read again from its own text.
#![no_main]
use keyfob_rbac::{AllowEntry, AllowList, Catalogue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let catalogue = Catalogue::built_in();
    let texts: Vec<&str> = text.split('\n').collect();
    for text in &texts {
        if let Ok(entry) = AllowEntry::parse(&catalogue, text) {
            assert_eq!(AllowEntry::parse(&catalogue, &entry.to_string()).ok(), Some(entry));
        }
    }
    if let Ok(list) = AllowList::parse(&catalogue, &texts) {
        let again: Vec<String> = list.entries().iter().map(ToString::to_string).collect();
        let again: Vec<&str> = again.iter().map(String::as_str).collect();
        assert_eq!(AllowList::parse(&catalogue, &again).unwrap().entries(), list.entries());
    }
});
