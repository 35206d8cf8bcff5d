//! A job from a stranger: it is read or refused, and what was read can be written and read again.

#![no_main]

use interview_schemas::job::Job;
use interview_schemas::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(job) = parse::from_json::<Job>(bytes) {
        #[cfg(feature = "pipeline")]
        let _ = interview_pipeline::intake::check(&job, None).map_err(|error| error.to_string());
        let written = serde_json::to_vec(&job).unwrap();
        assert_eq!(parse::from_json::<Job>(&written).unwrap(), job);
    }
});
