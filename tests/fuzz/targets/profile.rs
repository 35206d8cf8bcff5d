//! A profile from a tenant: it is refused with reasons, or its weights are numbers that can be used.

#![no_main]

use interview_pipeline::score::load;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = load::from_toml("fuzz.toml", text) {
        assert!(!error.to_string().is_empty());
    }
});
