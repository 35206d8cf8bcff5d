//! A manifest of models from somebody else: it is read or refused.

#![no_main]

use interview_models::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::parse(text) {
        for name in manifest.model.keys() {
            manifest.entry(name).unwrap();
        }
    }
});
