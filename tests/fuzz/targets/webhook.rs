//! What a receiver of webhooks may answer: nothing of it breaks the judgement, and no wait is longer than a day.

#![no_main]

use std::time::{Duration, SystemTime};

use interview_notify::reply::{MOST_DELAY, retry_after};
use interview_notify::{Judgement, Reply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u32, Vec<u8>, &[u8])| {
    let (status, now_s, value, body) = input;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now_s.into());
    assert!(retry_after(&value, now).is_none_or(|wait| wait <= MOST_DELAY));
    let headers = [("Retry-After", value.as_slice())];
    let Ok(reply) = Reply::read(status, headers, body) else { return };
    for judgement in [reply.of_webhook(now), reply.of_robot(now)] {
        if let Judgement::Retry { not_before: Some(wait) } = judgement {
            assert!(wait <= MOST_DELAY);
        }
        assert!(judgement != Judgement::Delivered || (200..=299).contains(&status));
    }
});
