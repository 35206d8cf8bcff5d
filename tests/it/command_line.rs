//! Exit codes, error messages and what never reaches a log.

use interview_tests::{analyze, interview, made};

#[test]
fn usage_errors_exit_2() {
    for arguments in
        [&["analyze"] as &[&str], &["analyze", "x.mp4"], &["nonsense"], &["analyze", "--device", "tpu"]]
    {
        let output = interview().args(arguments).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn a_graphics_card_that_is_not_there_is_an_error() {
    if std::path::Path::new("/dev/nvidia0").exists() {
        println!("skipped: this machine has a graphics card");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "a.wav", "en-us", "Hello there, this is a test of the program.");
    let result = analyze(&folder.path().join("out"), &[made::text(&sound), "--device", "cuda"]);
    assert_eq!(result.exit_code, 3, "{}", result.outcome);
    assert_eq!(result.outcome["code"], "DEVICE_UNAVAILABLE");
    assert!(result.outcome["message"].to_string().contains("cuda"), "{}", result.outcome);
}

#[test]
fn unknown_profile_policy_and_fields_are_refused_with_their_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "a.wav", "en-us", "Hello there.");
    let out = folder.path().join("out");
    let result = analyze(&out, &[made::text(&sound), "--profile", "no-such-profile"]);
    assert_eq!(
        (result.exit_code, &result.outcome["code"]),
        (2, &"INVALID_PROFILE".into()),
        "{}",
        result.outcome
    );
    let result = analyze(&out, &[made::text(&sound), "--policy", "mars"]);
    assert_eq!((result.exit_code, &result.outcome["code"]), (1, &"INVALID_JOB".into()), "{}", result.outcome);
    let job = folder.path().join("job.json");
    std::fs::write(
        &job,
        r#"{"schema_version":"1","job_id":"j","candidate":{"reference":"c","fone":"1"},"answers":[]}"#,
    )
    .expect("a job file");
    let result = analyze(&out, &["--job", made::text(&job)]);
    assert_eq!((result.exit_code, &result.outcome["code"]), (1, &"INVALID_JOB".into()), "{}", result.outcome);
    let message = result.outcome["message"].to_string();
    assert!(message.contains("candidate") && message.contains("fone"), "{message}");
}

#[test]
fn word_lists_that_are_none_are_refused_before_anything_is_analysed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lists = folder.path().join("lists");
    let out = folder.path().join("out");
    let refused = |reason: &str| {
        let arguments = ["analyze", "x.wav", "--out", made::text(&out), "--lexicons", made::text(&lists)];
        let output = interview().args(arguments).output().expect("the program starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("--lexicons") && message.contains(reason), "{message}");
    };
    refused("no such folder");
    std::fs::create_dir_all(lists.join("zh")).expect("a folder");
    std::fs::write(lists.join("zh/nonsense.txt"), "x").expect("a file");
    refused("nonsense.txt: there is no word list");
    std::fs::write(lists.join("zh/fillers.txt"), "[always]\n呃\n[alwayss]\n").expect("a file");
    refused("fillers.txt:3: there is no section [alwayss]");
    assert!(!out.exists());
}

#[test]
fn words_and_names_never_reach_the_log() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(
        folder.path(),
        "a.wav",
        "en-us",
        "My favourite animal is the elephant, and I like gardens.",
    );
    let output = interview()
        .env("INTERVIEW_LOG", "trace")
        .args(["analyze", "--json", "--language", "en", made::text(&sound), "--out"])
        .arg(folder.path().join("out"))
        .output()
        .expect("the program starts");
    assert!(output.status.success());
    let log = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(log.len() > 200, "tracing at level trace says something");
    assert!(!log.contains("elephant") && !log.contains("garden"), "the log holds words of the candidate");
    let report = std::fs::read_to_string(folder.path().join("out/report.json")).expect("a report");
    assert!(report.to_lowercase().contains("elephant"), "the words are in the report");
}
