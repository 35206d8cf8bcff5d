//! Interviews of written answers only: scored without voice and face, and what the job requires is looked after.

use std::path::Path;

use interview_tests::{Analyzed, analyze, made};
use serde_json::{Value, json};

const QUESTION: &str = "A customer is angry because his parcel is late. What do you do?";
const GOOD: &str = "I apologise to the customer and listen to him until he has told me everything. Then I look up in our \
                    system where his parcel is and tell him when it will arrive, because he wants to plan his day. Last \
                    month I did this for a customer whose parcel was lost, and we sent him a new one the same day.";
const ELSEWHERE: &str = "I like swimming in the sea and my dog is called Bruno. On weekends we cook pasta with my friends \
                         and watch a film together, and in summer we drive to the mountains with our tent.";

fn job(answers: &Value, requirements: &Value) -> Value {
    json!({
        "schema_version": "1",
        "job_id": "written",
        "candidate": {"reference": "candidate-1"},
        "language": "auto",
        "position": {"requirements": requirements},
        "questions": [
            {"id": "q", "text": QUESTION, "rubric": [
                {"id": "sorry", "text": "Apologises and listens", "must": true},
                {"id": "where", "text": "Looks up where the parcel is"}]},
            {"id": "zh", "text": "客户因为包裹晚到很生气，你怎么处理？"}],
        "answers": answers,
    })
}

fn answer(id: &str, question: &str, text: &str) -> Value {
    json!({"kind": "text", "id": id, "question": question, "text": text})
}

fn run(folder: &Path, job: &Value, more: &[&str]) -> Analyzed {
    let file = folder.join("job.json");
    std::fs::write(&file, job.to_string()).expect("a job file");
    let result = analyze(&folder.join("out"), &[&["--job", made::text(&file)], more].concat());
    assert_eq!(result.exit_code, 0, "{} {}", result.outcome, result.log);
    result
}

#[test]
fn written_answers_alone_get_a_score_with_the_general_profile() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let chinese = "我先向客户道歉，耐心听他说完，然后在系统里查包裹到哪里了，告诉他什么时候能到。上个月有一位客户的包裹丢了，\
                   我当天就给他重新发了一个，并打电话向他说明原因，最后他很满意，还说以后会继续在我们店里买东西。如果查不到包裹，我就联系\
                   快递公司，请他们在两个小时之内答复，同时每天把进展告诉客户，直到他收到为止。";
    for (question, text) in [("q", GOOD), ("zh", chinese)] {
        let mut job = job(&json!([answer("a", question, text)]), &json!([]));
        let questions = job["questions"].as_array_mut().expect("questions");
        questions.retain(|one| one["id"] == question);
        let result = run(folder.path(), &job, &[]);
        let report = result.json("report.json");
        assert_eq!(report["profile"]["name"], "general");
        assert!(report["score"].as_f64().is_some_and(|score| score > 30.0), "{}", report["reasons"]);
        assert!(
            report["confidence"].as_f64().is_some_and(|confidence| confidence >= 0.4),
            "{}",
            report["confidence"]
        );
    }
    // Without anything to compare them with, the words alone are still too little.
    let mut bare = job(&json!([{"kind": "text", "id": "a", "text": GOOD}]), &json!([]));
    bare["questions"] = json!([]);
    let report = run(folder.path(), &bare, &[]).json("report.json");
    assert_eq!(report["grade"], "insufficient_evidence", "{}", report["confidence"]);
}

#[test]
fn what_is_not_answered_stands_among_the_flags_and_near_the_top_of_the_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answers = json!([
        answer("good", "q", GOOD),
        answer("elsewhere", "q", ELSEWHERE),
        answer("none", "q", "I have no idea, sorry."),
        answer("empty", "q", " "),
    ]);
    let result = run(folder.path(), &job(&answers, &json!([])), &[]);
    let report = result.json("report.json");
    let flags: Vec<_> = report["flags"]
        .as_array()
        .expect("flags")
        .iter()
        .map(|flag| (flag["code"].as_str().unwrap_or_default(), flag["answer"].as_str().unwrap_or_default()))
        .collect();
    let expected = [("OFF_TOPIC", "elsewhere"), ("NOT_ANSWERED", "none"), ("NOT_ANSWERED", "empty")];
    assert_eq!(flags, expected, "{}", report["flags"]);
    let html = std::fs::read_to_string(folder.path().join("out/report.html")).expect("a page");
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text:?} is not on the page"));
    for text in
        ["about something else than the question", "可能偏离了问题", "was not answered", "该问题未作答"]
    {
        assert!(place(text) < place("How the score comes about"), "{text:?} stands too low");
    }
}

#[test]
fn a_missing_must_calls_a_person_and_names_what_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let requirements = json!([{"text": "forklift licence", "must": true}, {"text": "Portuguese"}]);
    let answers = json!([answer("a", "q", GOOD)]);
    for profile in ["general", "sales"] {
        let result = run(folder.path(), &job(&answers, &requirements), &["--profile", profile]);
        let report = result.json("report.json");
        assert_eq!(report["reviews"][0]["name"], "required-skills", "{}", report["reviews"]);
        for language in ["en", "zh"] {
            let message = report["reviews"][0]["message"][language].as_str().expect("a message");
            assert!(message.contains("“forklift licence”") && !message.contains("Portuguese"), "{message}");
        }
        assert_eq!(report["flags"][0]["code"], "REQUIREMENT_MISSING");
        assert!(report.get("triggers").is_none_or(|triggers| triggers == &json!([])));
        assert_eq!(result.outcome["review"], true);
        let html = std::fs::read_to_string(folder.path().join("out/report.html")).expect("a page");
        assert!(html.contains("A person must look first") && html.contains("须先人工复核"));
    }
    // In the résumé it is not missing.
    let mut job = job(&answers, &requirements);
    job["candidate"]["resume"] = "Warehouse clerk since 2019, forklift licence since 2020.".into();
    let report = run(folder.path(), &job, &[]).json("report.json");
    assert!(report.get("reviews").is_none(), "{}", report["reviews"]);
}
