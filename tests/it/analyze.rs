//! The main job: one interview in, one report out.

use std::collections::BTreeSet;

use interview_tests::{analyze, feature, made, recordings};
use serde_json::Value;

const ANSWER: &str = "I worked in a shop for three years. Because many customers complained about the queue, \
                      I asked my manager to open a second counter. As a result the waiting time fell by half.";
const QUESTION: &str = "Tell us about a time when you improved the service for customers in a shop.";

/// The score is the sum of the contributions of the competencies and of their indicators.
fn assert_contributions_add_up(report: &Value) {
    let score = report["score"].as_f64().expect("a score");
    let competencies = report["competencies"].as_array().expect("competencies");
    let sum: f64 = competencies.iter().map(|c| c["contribution"].as_f64().expect("a contribution")).sum();
    assert!((sum - score).abs() < 1e-6, "contributions sum to {sum}, the score is {score}");
    for competency in competencies {
        let parts: f64 = competency["indicators"]
            .as_array()
            .expect("indicators")
            .iter()
            .map(|i| i["contribution"].as_f64().expect("a contribution"))
            .sum();
        let whole = competency["contribution"].as_f64().expect("a contribution");
        assert!((parts - whole).abs() < 1e-6, "{}: {parts} against {whole}", competency["name"]);
    }
}

#[test]
fn a_made_interview_becomes_a_report() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "answer.wav", "en-us", ANSWER);
    let video = made::video(folder.path(), "answer.mp4", &sound);
    let result = analyze(&folder.path().join("out"), &[made::text(&video), "--question", QUESTION]);
    assert_eq!((result.exit_code, &result.outcome["status"]), (0, &"done".into()), "{}", result.log);

    let perception = result.json("perception.json");
    let answer = &perception["answers"][0];
    let said = answer["transcript"]["text"].as_str().expect("a transcript").to_lowercase();
    for word in ["customers", "complained", "manager", "second counter", "waiting time"] {
        assert!(said.contains(word), "{word:?} is missing in {said:?}");
    }
    assert!(answer["media"]["has_audio"].as_bool().expect("a fact") && answer["media"]["has_video"] == true);

    let report = result.json("report.json");
    assert_contributions_add_up(&report);
    assert_eq!(report["report_id"], result.outcome["report_id"]);
    let features = result.json("features.json");
    let rate = feature(&features, 0, "speech.articulation_rate").expect("an articulation rate");
    assert!((2.0..8.0).contains(&rate), "articulation rate {rate} syllables/s");
    let relevance = feature(&features, 0, "content.relevance").expect("a relevance");
    assert!(relevance > 0.3, "relevance {relevance}");

    let html = std::fs::read_to_string(folder.path().join("out/report.html")).expect("a page");
    assert!(
        html.contains("second counter")
            && html.contains("优先推荐") | html.contains("可考虑") | html.contains("推荐")
    );
    assert!(
        !html.contains("http://") || !html.contains("src=\"http"),
        "the page asks for nothing from outside"
    );
}

#[test]
fn the_same_video_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "answer.wav", "en-us", ANSWER);
    let video = made::video(folder.path(), "answer.mp4", &sound);
    for run in ["one", "two"] {
        let result = analyze(&folder.path().join(run), &[made::text(&video), "--question", QUESTION]);
        assert_eq!(result.exit_code, 0, "{}", result.log);
    }
    for file in ["features.json", "report.json", "report.html", "perception.json"] {
        let read = |run: &str| std::fs::read(folder.path().join(run).join(file)).expect("a result");
        assert!(read("one") == read("two"), "{file} differs between two runs");
    }
}

#[test]
fn silence_is_insufficient_evidence_and_never_a_low_score() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = folder.path().join("silence.wav");
    made::ffmpeg(&["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "8", made::text(&sound)]);
    let result = analyze(&folder.path().join("out"), &[made::text(&sound)]);
    assert_eq!(result.exit_code, 0, "{}", result.log);
    let report = result.json("report.json");
    assert_eq!(report["grade"], "insufficient_evidence");
    assert_eq!(report["score"], Value::Null);
    assert!(result.flags().iter().any(|code| code == "NO_SPEECH"), "{:?}", result.flags());
}

#[test]
fn several_recordings_in_one_call_have_a_folder_each() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = made::speech(folder.path(), "one.wav", "en-us", ANSWER);
    let two =
        made::speech(folder.path(), "two.wav", "en-gb", "I am looking for a job with more responsibility.");
    let output = interview_tests::interview()
        .args(["analyze", "--json", made::text(&one), made::text(&two), "--out"])
        .arg(folder.path().join("out"))
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object per line"))
        .collect();
    let ids: BTreeSet<_> = lines.iter().filter_map(|line| line["report_id"].as_str()).collect();
    assert_eq!(ids.len(), 2, "{lines:?}");
    assert!(
        folder.path().join("out/one/report.json").is_file()
            && folder.path().join("out/two/report.json").is_file()
    );
}

#[test]
fn a_job_with_mixed_answers_is_one_report() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "a1.wav", "en-us", ANSWER);
    let video = made::video(folder.path(), "a1.mp4", &sound);
    assert!(video.is_file());
    let job = serde_json::json!({
        "schema_version": "1", "job_id": "mixed-1", "candidate": {"reference": "c-1"}, "test_candidate": true,
        "position": {"title": "Shop manager", "requirements": [{"text": "customer service", "synonyms": ["customers"]}]},
        "language": "en",
        "questions": [{"id": "q1", "text": QUESTION}, {"id": "q2", "text": "Why do you want this job?"}],
        "answers": [
            {"kind": "video", "id": "a1", "question": "q1", "media": {"uri": "a1.mp4"}},
            {"kind": "audio", "id": "a2", "question": "q1", "media": {"uri": "file:a1.wav"}},
            {"kind": "text", "id": "a3", "question": "q2",
             "text": "I want this job because I enjoy working with people and I would like to lead a team of my own."},
            {"kind": "external", "id": "a4", "measure": "code_judge", "source": "code-judge", "score": 8, "max": 10}
        ]
    });
    let path = folder.path().join("job.json");
    std::fs::write(&path, job.to_string()).expect("a job file");
    let result = analyze(&folder.path().join("out"), &["--job", made::text(&path)]);
    assert_eq!(result.exit_code, 0, "{}", result.log);
    let features = result.json("features.json");
    assert_eq!(features["answers"].as_array().map(Vec::len), Some(4));
    assert_eq!(feature(&features, 3, "external.code_judge"), Some(80.0));
    assert!(feature(&features, 2, "content.relevance").is_some());
    assert_eq!(feature(&features, 2, "speech.articulation_rate"), None);
    let report = result.json("report.json");
    assert_eq!(report["test_candidate"], true);
    assert_contributions_add_up(&report);
}

#[test]
fn audio_text_policy_looks_at_no_picture() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "answer.wav", "en-us", ANSWER);
    let video = made::video(folder.path(), "answer.mp4", &sound);
    let result = analyze(
        &folder.path().join("out"),
        &[made::text(&video), "--question", QUESTION, "--policy", "audio-text"],
    );
    assert_eq!(result.exit_code, 0, "{}", result.log);
    let perception = result.json("perception.json");
    let answer = &perception["answers"][0];
    assert_eq!(answer["faces"], Value::Null);
    assert_eq!(
        (&answer["media"]["sampled_frames"], &answer["media"]["has_video"]),
        (&0.into(), &true.into())
    );
}

#[test]
fn real_recordings_are_understood() {
    let Some(media) = recordings() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let jfk = media.join("speech_en_jfk.wav");
    let result = analyze(&folder.path().join("jfk"), &[made::text(&jfk), "--language", "en"]);
    assert_eq!(result.exit_code, 0, "{}", result.log);
    let said = result.json("perception.json")["answers"][0]["transcript"]["text"].to_string().to_lowercase();
    assert!(said.contains("ask not what your country can do for you"), "{said}");

    let talk = media.join("talk_latentsync_3.mp4");
    let result = analyze(&folder.path().join("talk"), &[made::text(&talk), "--language", "en"]);
    assert_eq!(result.exit_code, 0, "{}", result.log);
    let facts = result.json("perception.json")["answers"][0]["media"].clone();
    assert!((facts["duration_s"].as_f64().expect("a length") - 20.0).abs() < 0.2, "{facts}");
    assert!((95..=105).contains(&facts["sampled_frames"].as_u64().expect("a count")), "{facts}");
}
