//! Names of scopes: one that is known is printed as it was read.
#![no_main]
use keyfob_rbac::Catalogue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let catalogue = Catalogue::built_in();
    if let Ok(scope) = catalogue.requestable_scope(text) {
        assert_eq!(catalogue.scope(scope.as_str()).ok(), Some(scope));
    }
});
