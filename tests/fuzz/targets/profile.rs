//! A profile or a norm table from a tenant: it is refused with reasons, or gives scores from 0 to 100.
//!
//! The first byte says what it is: `n` a norm table in YAML, `y` a profile in YAML, all others a profile in TOML.

#![no_main]

use std::sync::LazyLock;

use interview_pipeline::score::norms::Norms;
use interview_pipeline::score::source::{Format, Source};
use interview_pipeline::score::{Library, score};
use interview_schemas::features::FeatureSet;
use libfuzzer_sys::fuzz_target;

static FEATURES: LazyLock<FeatureSet> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../schemas/tests/documents/features.json")).unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let format = if matches!(kind, b'y' | b'n') { Format::Yaml } else { Format::Toml };
    let source = Source::new("fuzz", text, format);
    if kind == b'n' {
        if let Err(error) = Norms::load(&source) {
            assert!(!error.to_string().is_empty());
        }
        return;
    }
    match Library::shipped().resolve(source) {
        Ok(resolved) => {
            let card = score(&resolved.profile, &FEATURES);
            assert!(card.score.is_none_or(|points| (0.0..=100.0).contains(&points)), "{:?}", card.score);
            assert!((0.0..=1.0).contains(&card.confidence), "{}", card.confidence);
            assert!(card.competencies.iter().all(|one| one.weight.is_finite()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
