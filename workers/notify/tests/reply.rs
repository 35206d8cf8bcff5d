//! Answers of receivers: friendly, busy, gone, and hostile.

use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use interview_notify::reply::{MOST_BODY, MOST_DELAY, retry_after};
use interview_notify::{Judgement, Reply};
use proptest::prelude::*;

/// 1994-11-06 08:49:37 UTC, the example of RFC 9110.
fn example() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
}

fn reply(status: u16, after: Option<&str>, body: &str) -> Reply {
    let headers = [("content-type", &b"application/json"[..])].into_iter();
    let headers = headers.chain(after.map(|value| ("Retry-After", value.as_bytes())));
    Reply::read(status, headers, body.as_bytes()).expect("memory can be read")
}

fn seconds(number: u64) -> Judgement {
    Judgement::Retry { not_before: Some(Duration::from_secs(number)) }
}

const AGAIN: Judgement = Judgement::Retry { not_before: None };

#[test]
fn the_status_decides_about_a_webhook() {
    let now = example();
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(reply(status, Some("120"), "").of_webhook(now), Judgement::Delivered, "{status}");
    }
    assert_eq!(reply(410, Some("120"), "").of_webhook(now), Judgement::Disabled);
    for status in
        [0, 100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 408, 429, 500, 503, 599, 999, u16::MAX]
    {
        assert_eq!(reply(status, None, "ok").of_webhook(now), AGAIN, "{status}");
        assert_eq!(reply(status, Some("7"), "ok").of_webhook(now), seconds(7), "{status}");
    }
}

#[test]
fn a_wait_is_seconds_or_a_date_and_has_an_end() {
    let now = example();
    for (value, wait) in [
        ("0", Some(0)),
        ("120", Some(120)),
        (" 5 ", Some(5)),
        ("86401", Some(86_400)),
        ("99999999999999999999999999999999", Some(86_400)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
        ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
        ("Sun Nov  6 08:50:37 1994", Some(60)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:50:37 CET", None),
        ("Sun, 99 Nov 1994 08:50:37 GMT", None),
    ] {
        assert_eq!(retry_after(value.as_bytes(), now), wait.map(Duration::from_secs), "{value:?}");
    }
    assert_eq!(retry_after(b"\xff\xfe", now), None);
}

#[test]
fn a_robot_says_in_its_body_how_it_went() {
    let now = example();
    for (body, judgement) in [
        (r#"{"errcode":0,"errmsg":"ok"}"#, Judgement::Delivered),
        (r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, Judgement::Disabled),
        (r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, AGAIN),
        (r#"{"errcode":-1,"errmsg":"system busy"}"#, AGAIN),
        (r#"{"errcode":40008,"errmsg":"invalid message type"}"#, Judgement::Rejected),
        (r#"{"errmsg":"ok"}"#, AGAIN),
        (r#"{"errcode":"0"}"#, AGAIN),
        (r#"{"errcode":0.5}"#, AGAIN),
        ("<html>ok</html>", AGAIN),
        ("", AGAIN),
    ] {
        assert_eq!(reply(200, None, body).of_robot(now), judgement, "{body}");
    }
    assert_eq!(reply(200, Some("30"), r#"{"errcode":45009}"#).of_robot(now), seconds(30));
    assert_eq!(reply(502, None, r#"{"errcode":0}"#).of_robot(now), AGAIN);
    assert_eq!(reply(410, None, r#"{"errcode":0}"#).of_robot(now), Judgement::Disabled);
}

/// A body without end: nobody reads it to its end.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b' ');
        self.0 += buffer.len() as u64;
        assert!(self.0 < 4 * MOST_BODY as u64, "read without end");
        Ok(buffer.len())
    }
}

#[test]
fn an_endless_body_is_cut_off_and_not_believed() {
    let endless = Reply::read(200, [], Endless(0)).expect("it can be read");
    assert_eq!(endless.of_webhook(example()), Judgement::Delivered);
    assert_eq!(endless.of_robot(example()), AGAIN);
    // Valid as far as it was read, but not the whole of it.
    let body = format!("{}{}", r#"{"errcode":0}"#, " ".repeat(MOST_BODY));
    assert_eq!(reply(200, None, &body).of_robot(example()), AGAIN);
    let fits = format!("{}{}", r#"{"errcode":0}"#, " ".repeat(MOST_BODY - 13));
    assert_eq!(reply(200, None, &fits).of_robot(example()), Judgement::Delivered);
}

proptest! {
    #[test]
    fn no_answer_breaks_it(
        status: u16,
        value in proptest::collection::vec(any::<u8>(), 0..100),
        body in proptest::collection::vec(any::<u8>(), 0..300),
        now_s in 0_u64..4_000_000_000,
    ) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now_s);
        let reply = Reply::read(status, [("retry-after", &value[..])], &body[..]).expect("memory");
        for judgement in [reply.of_webhook(now), reply.of_robot(now)] {
            if let Judgement::Retry { not_before: Some(wait) } = judgement {
                prop_assert!(wait <= MOST_DELAY);
            }
        }
        prop_assert_eq!(reply.of_webhook(now) == Judgement::Disabled, status == 410);
    }

    #[test]
    fn every_date_is_understood(ahead_s in 0_u64..200_000) {
        let now = example();
        let date = httpdate::fmt_http_date(now + Duration::from_secs(ahead_s));
        prop_assert_eq!(retry_after(date.as_bytes(), now), Some(Duration::from_secs(ahead_s).min(MOST_DELAY)));
    }
}
