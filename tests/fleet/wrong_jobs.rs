//! 23 and 24: jobs that are none, or ask for what they may not have, are dead letters; the worker lives on.

use interview_queue::{Lane, NewJob};
use interview_tests::fleet::{Order, QueueKind, StoreKind, speech_job, text_job};

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    nonsense_is_a_dead_letter_and_the_worker_lives_on
    a_foreign_tenants_recording_is_refused
    a_refused_submission_is_final
}

fn raw(id: &str, body: &[u8]) -> NewJob {
    NewJob { message_id: id.to_owned(), lane: Lane::Interactive, body: body.to_vec(), traceparent: None }
}

fn nonsense_is_a_dead_letter_and_the_worker_lives_on(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let mut version = text_job("version", Order(""));
    version["schema_version"] = "99".into();
    let mut unknown = text_job("unknown", Order(""));
    unknown["consnet"] = "x".into();
    let mut profile = text_job("profile", Order(""));
    profile["profile"] = "no-such-profile".into();
    let mut many = text_job("many", Order(""));
    many["answers"] = vec![many["answers"][0].clone(); 300].into();
    let bytes = |value: &serde_json::Value| serde_json::to_vec(value).unwrap();
    scene.enqueue_raw(&[
        raw("empty", b""),
        raw("binary", &[0, 159, 146, 150, 255]),
        raw("cut", br#"{"schema_version": "1", "job_id": "cut""#),
        raw("deep", "[".repeat(100_000).as_bytes()),
        raw("version", &bytes(&version)),
        raw("unknown", &bytes(&unknown)),
        raw("many", &bytes(&many)),
        raw("profile", &bytes(&profile)),
        raw("good", &bytes(&text_job("good", Order("")))),
    ]);
    let worker = scene.spec().start("worker");
    let heard = scene.listener.wait_for(9, PATIENCE);
    assert_eq!(heard.completed.len(), 1);
    scene.wait_until_quiet();
    let expected: Vec<(String, String)> =
        ["binary", "cut", "deep", "empty", "many", "profile", "unknown", "version"]
            .iter()
            .map(|&id| {
                (id.to_owned(), if id == "profile" { "INVALID_PROFILE" } else { "INVALID_JOB" }.to_owned())
            })
            .collect();
    assert_eq!(scene.dead_codes(), expected);
    end(worker);
}

fn a_foreign_tenants_recording_is_refused(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::S3);
    scene.store.put("rival/media/a.wav", b"theirs");
    let job = |id: &str, uri: &str| {
        let mut job = speech_job(id, uri, Order(""));
        job["tenant"] = "acme".into();
        job
    };
    scene.enqueue(&[
        job("bucket", "s3://interviews/fleet/rival/media/a.wav"),
        job("other", "s3://elsewhere/fleet/acme/media/a.wav"),
        job("up", "../rival/media/a.wav"),
        job("web", "https://example.com/a.wav"),
    ]);
    let worker = scene.ready_spec().start("worker");
    scene.listener.wait_for(4, PATIENCE);
    scene.wait_until_quiet();
    assert!(scene.dead_codes().iter().all(|(_, code)| code == "INVALID_JOB"), "{:?}", scene.dead_codes());
    assert_eq!(scene.dead_codes().len(), 4);
    let fetched = scene.store.server().requests().into_iter().any(|request| request.path.contains("a.wav"));
    assert!(!fetched, "nothing is even asked for");
    end(worker);
}

fn a_refused_submission_is_final(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let mut late = text_job("late", Order(""));
    late["interview_code"] = serde_json::json!({"code": "C", "valid_until": "2020-01-01T00:00:00Z"});
    let mut unwilling = text_job("unwilling", Order(""));
    unwilling["policy"] = "us-il".into();
    scene.enqueue(&[late, unwilling]);
    let worker = scene.ready_spec().start("worker");
    assert_eq!(scene.failure_of("late"), "SUBMISSION_REFUSED");
    assert_eq!(scene.failure_of("unwilling"), "POLICY_FORBIDS");
    scene.wait_until_quiet();
    assert!(scene.dead_letters().is_empty(), "nothing of it is kept");
    end(worker);
}
