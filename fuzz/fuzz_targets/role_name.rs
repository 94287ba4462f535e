//! Names of roles: what is read is read again from its own text.
#![no_main]
use keyfob_rbac::RoleName;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(name) = RoleName::parse(text) {
        assert_eq!(RoleName::parse(&name.to_string()), Ok(name));
    }
});
