//! Table-driven tests of the intake: every refusal with the path of its field.

use interview_schemas::ErrorCode;
use interview_schemas::parse::from_json;
use serde_json::{Value, json};

use super::*;

const EXAMPLE: &str = include_str!("../../../schemas/tests/documents/job.json");

fn example() -> Value {
    serde_json::from_str(EXAMPLE).unwrap()
}

fn job(document: &Value) -> Job {
    from_json(&serde_json::to_vec(document).unwrap()).unwrap()
}

fn with(pointer: &str, value: Value) -> Job {
    let mut document = example();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    job(&document)
}

#[test]
fn the_example_is_accepted_and_its_media_located() {
    let job = job(&example());
    let checked = check(&job, None).unwrap();
    let answers: Vec<_> = checked.media.iter().map(|media| media.answer.as_str()).collect();
    assert_eq!(answers, ["a1", "a2"]);
    assert_eq!(
        checked.media[0].location,
        MediaLocation::S3 { bucket: "interviews".into(), key: "shop-7/2026-0042/a1.mp4".into() }
    );
    assert_eq!(checked.media[0].bytes, Some(5_242_880));
    assert_eq!(checked.media[1].location, MediaLocation::Relative("media/a2.m4a".into()));
}

#[test]
fn contradictions_are_refused_with_their_path() {
    let long = |count: usize| json!("长".repeat(count));
    let cases = [
        ("/answers", json!([]), "answers: at least one"),
        ("/answers/1/id", json!("a1"), "answers[1].id: a1 is the id of an earlier answer"),
        ("/answers/1/question", json!("q9"), "answers[1].question: no question q9"),
        ("/answers/0/question_end_s", json!(-0.1), "answers[0].question_end_s: -0.1 is not"),
        ("/answers/0/question_end_s", json!(1e300), "answers[0].question_end_s: "),
        ("/answers/0/media/uri", json!("https://example.com/a"), "answers[0].media.uri: https: is not"),
        ("/answers/1/media/uri", json!("../a.m4a"), "answers[1].media.uri: must not contain '..'"),
        ("/answers/0/media/sha256", json!("abc"), "answers[0].media.sha256: a SHA-256 has"),
        ("/answers/0/media/sha256", json!("g".repeat(64)), "answers[0].media.sha256: a SHA-256 has"),
        ("/answers/2/text", long(MAX_TEXT_CHARS + 1), "answers[2].text: at most 100000 characters"),
        ("/answers/3/score", json!(100.5), "answers[3].score: 100.5 is not from 0 to 100"),
        ("/answers/3/score", json!(-1), "answers[3].score: -1 is not"),
        ("/answers/3/min", json!(100), "answers[3].max: the range from 100 to 100"),
        ("/answers/3/max", json!(-5), "answers[3].max: the range"),
        ("/answers/3/measure", json!("a/b"), "answers[3].measure: "),
        ("/answers/3/source", json!(" "), "answers[3].source: must not be empty"),
        ("/questions/1/id", json!("q1"), "questions[1].id: q1 is the id of an earlier"),
        ("/questions/0/text", json!(""), "questions[0].text: must not be empty"),
        ("/questions/1/scene", json!("a scene"), "questions[1].scene: "),
        ("/questions/1/scene", json!("Refusal"), "questions[1].scene: \"Refusal\" is no scene"),
        (
            "/questions/1/scene",
            json!("REFUSAL"),
            "questions[1].scene: \"REFUSAL\" is no scene: 1 to 64 lower-case letters, digits, '-' and '_', a letter \
             first; write \"refusal\"",
        ),
        ("/questions/1/scene", json!("1st"), "questions[1].scene: \"1st\" is no scene"),
        ("/questions/0/rubric/0/text", json!("..."), "questions[0].rubric[0].text: holds no word"),
        ("/questions/0/rubric/0/text", json!("👍"), "questions[0].rubric[0].text: holds no word"),
        (
            "/questions/0/rubric/0/wordings",
            json!(["x", "？！"]),
            "questions[0].rubric[0].wordings[1]: holds no word",
        ),
        ("/position/requirements/0/text", json!("—"), "position.requirements[0].text: holds no word"),
        (
            "/position/requirements/0/synonyms",
            json!(["…"]),
            "position.requirements[0].synonyms[0]: holds no word",
        ),
        ("/questions/0/rubric/0/weight", json!(-1), "questions[0].rubric[0].weight: -1 is not"),
        ("/questions/0/rubric/0/order", json!(0), "questions[0].rubric[0].order: places"),
        ("/questions/0/rubric/0/text", json!("\n"), "questions[0].rubric[0].text: must not be empty"),
        ("/position/title", long(MAX_NAME_CHARS + 1), "position.title: at most 200 characters"),
        ("/position/requirements/1/text", json!(""), "position.requirements[1].text: must not"),
        ("/position/requirements/0/synonyms/1", json!(""), "position.requirements[0].synonyms[1]: "),
        ("/position/vocabulary", json!(vec!["x"; 2001]), "position.vocabulary: at most 2000"),
        ("/candidate/resume", long(MAX_TEXT_CHARS + 1), "candidate.resume: at most"),
        ("/candidate/branch", json!(""), "candidate.branch: must not be empty"),
        ("/tenant", json!("../other"), "tenant: "),
        ("/profile", json!("../../etc/passwd"), "profile: "),
        ("/profile", json!("sales@"), "profile: "),
        ("/policy", json!("mars"), "policy: no policy \"mars\"; known are cn, eu"),
        ("/interview_code/code", json!(""), "interview_code.code: must not be empty"),
        ("/interview_code/valid_until", json!("2026-10-01T00:00:00Z"), "interview_code.valid_until: "),
        ("/interview_code/submission_number", json!(0), "interview_code.submission_number: submissions"),
        ("/interview_code/submission_number", Value::Null, "interview_code.submission_number: needed"),
        ("/submitted_at", Value::Null, "submitted_at: needed"),
    ];
    for (pointer, value, expected) in cases {
        let job = with(pointer, value);
        let error = check(&job, None).expect_err(pointer);
        assert_eq!(error.code(), ErrorCode::InvalidJob, "{pointer}");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("job: {expected}")),
            "{pointer}: expected {expected:?}, got {text:?}"
        );
    }
}

#[test]
fn a_job_at_the_limits_is_accepted() {
    for (pointer, value) in [
        ("/position/title", json!("长".repeat(MAX_NAME_CHARS))),
        ("/answers/2/text", json!("长".repeat(MAX_TEXT_CHARS))),
        ("/answers/2/text", json!("")),
        ("/answers/3/score", json!(100)),
        ("/answers/3/score", json!(0)),
        ("/answers/0/media/sha256", json!("AB".repeat(32))),
        ("/profile", json!("sales")),
    ] {
        let job = with(pointer, value);
        assert!(check(&job, None).is_ok(), "{pointer}: {:?}", check(&job, None));
    }
}

#[test]
fn sha256_is_compared_in_lower_case() {
    let job = with("/answers/0/media/sha256", json!("AB".repeat(32)));
    assert_eq!(check(&job, None).unwrap().media[0].sha256, Some("ab".repeat(32)));
}

#[test]
fn too_many_answers_are_refused() {
    let answers: Vec<_> =
        (0..=MAX_ANSWERS).map(|n| json!({"kind": "text", "id": format!("a{n}"), "text": "x"})).collect();
    let job = with("/answers", json!(answers));
    assert_eq!(check(&job, None).unwrap_err().to_string(), "job: answers: at most 200 entries, found 201");
}

#[test]
fn the_interview_code_decides_about_the_submission() {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let refused = |job: &Job, received_at: Option<Timestamp>| match check(job, received_at) {
        Err(error @ PipelineError::Submission(_)) => {
            assert_eq!(error.code(), ErrorCode::SubmissionRefused);
            error.to_string()
        }
        other => panic!("expected a refusal, got {other:?}"),
    };
    let early = with("/submitted_at", json!("2026-10-31T23:59:59Z"));
    assert!(refused(&early, None).contains("valid from 2026-11-01"));
    let late = with("/submitted_at", json!("2026-11-08T00:00:01Z"));
    assert!(refused(&late, None).contains("expired at 2026-11-08"));
    let last_second = with("/submitted_at", json!("2026-11-08T00:00:00Z"));
    assert!(check(&last_second, None).is_ok());

    let untimed = with("/submitted_at", Value::Null);
    assert!(check(&untimed, Some(time("2026-11-02T00:00:00Z"))).is_ok());
    assert!(refused(&untimed, Some(time("2027-01-01T00:00:00Z"))).contains("expired"));
    // The candidate submitted in time; that the job came late is not their fault.
    assert!(check(&job(&example()), Some(time("2027-01-01T00:00:00Z"))).is_ok());

    let third = with("/interview_code/submission_number", json!(3));
    assert_eq!(
        refused(&third, None),
        "submission refused: this is submission 3, the interview code allows 2"
    );
    assert!(check(&with("/interview_code/submission_number", json!(2)), None).is_ok());
}
