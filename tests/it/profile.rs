//! The tools of the data team through the built program, from simulation to rollout.

use std::path::{Path, PathBuf};
use std::process::Output;

use interview_tests::interview;
use serde_json::Value;

fn profile(arguments: &[&str]) -> Output {
    let mut command = interview();
    command.env_remove("INTERVIEW_PROFILES").arg("profile").args(arguments);
    command.output().expect("the program runs")
}

fn text(output: &Output) -> (Option<i32>, String, String) {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), shown(&output.stdout), shown(&output.stderr))
}

pub(crate) fn ok(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = text(&profile(arguments));
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    stdout
}

pub(crate) fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(arguments)).expect("one JSON value")
}

pub(crate) fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// The folder of the shipped profiles.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/profiles")
}

#[test]
fn shipped_profiles_are_listed_checked_and_shown() {
    let list = ok(&["list"]);
    assert!(list.contains("sales") && list.contains("销售") && !list.contains("interview-base"));
    let folder = shipped();
    let checked = json(&["check", "--json", &path(&folder, "sales.toml")]);
    assert_eq!((&checked["valid"], &checked["reference"]), (&Value::Bool(true), &Value::from("sales@1")));
    ok(&["check", &path(&folder, "interview-base.toml")]);
    let shown = ok(&["show", "sales", "--resolved"]);
    assert!(shown.contains("competencies.communication.weight = 40.0  # sales@1 (sales:"), "{shown}");
    assert!(shown.contains("feature = \"voice.steadiness\"  # interview-base@1 (interview-base:"), "{shown}");
    assert!(ok(&["diff", "sales", "sales"]).contains("no difference"));
}

#[test]
fn mistakes_end_with_file_line_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "sales.toml");
    let good = std::fs::read_to_string(shipped().join("sales.toml")).unwrap();
    std::fs::write(&file, good.replace("stress-resistance.weight = 30", "stress-resistance.wieght = 30"))
        .unwrap();
    let (code, _, stderr) = text(&profile(&["check", &file]));
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("sales.toml:13: unknown field `wieght`")
            && stderr.contains("did you mean \"weight\""),
        "{stderr}"
    );
    let checked = profile(&["check", "--json", &file]);
    let value: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&value["valid"], checked.status.code()), (&Value::Bool(false), Some(2)));
    let (code, _, stderr) = text(&profile(&["check", &path(folder.path(), "nothing.toml")]));
    assert!(code == Some(2) && stderr.contains("no such file"), "{stderr}");
    let (code, _, stderr) = text(&profile(&["show", "slaes"]));
    assert!(code == Some(2) && stderr.contains("did you mean \"sales\""), "{stderr}");
}

#[test]
fn a_published_profile_is_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(folder.path(), "shop.toml");
    let good =
        std::fs::read_to_string(shipped().join("sales.toml")).unwrap().replace("\"sales\"", "\"shop\"");
    std::fs::write(&file, &good).unwrap();
    ok(&["publish", &file]);
    assert!(ok(&["publish", &file]).contains("published already"));
    std::fs::write(
        &file,
        good.replace("communication.weight = 40", "communication.weight = 35")
            .replace("product-knowledge.weight = 30", "product-knowledge.weight = 35"),
    )
    .unwrap();
    let (code, _, stderr) = text(&profile(&["check", &file]));
    assert!(code == Some(2) && stderr.contains("raise `version`"), "{stderr}");
}

#[test]
fn from_simulation_to_rollout() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| path(folder.path(), name);
    let plant = "communication=20,product-knowledge=20,stress-resistance=60";
    let made =
        ["simulate", "--interviews", "3000", "--plant", plant, "--effect", "0.8", "--bias", "1.2", "--out"];
    ok(&[&made[..], &[&at("")]].concat());
    let (store, outcomes, groups) = (at("features.parquet"), at("outcomes.csv"), at("groups.csv"));

    let tune = ["tune", &store, "--profile", "sales", "--outcomes", &outcomes, "--by", "performance"];
    let tuned = json(&[&tune[..], &["--json", "--propose", &at("sales@2.toml")]].concat());
    assert_eq!(tuned["adopt"], Value::Bool(true), "{tuned}");
    let proposed = at("sales@2.toml");
    assert!(ok(&["diff", "sales", &proposed]).contains("stress-resistance: weight 30 -> "));

    let compare = ["replay", &store, "--profile", &proposed, "--baseline", "sales"];
    let (page, rows) = (at("replay.html"), at("rows.csv"));
    let replayed = json(&[&compare[..], &["--json", "--html", &page, "--csv", &rows]].concat());
    let interviews = replayed["new"]["interviews"].as_u64().unwrap();
    assert_eq!(interviews + replayed["test_candidates"].as_u64().unwrap(), 3000);
    let lines = std::fs::read_to_string(rows).unwrap().lines().count();
    assert_eq!(u64::try_from(lines).unwrap(), interviews + 1);
    assert!(std::fs::read_to_string(page).unwrap().contains("<svg"));
    assert!(ok(&compare).contains("moved most"));

    let audit = ["audit", &store, "--profile", &proposed, "--groups", &groups, "--selected", "considered"];
    let audited =
        json(&[&audit[..], &["--json", "--html", &at("audit.html"), "--csv", &at("audit.csv")]].concat());
    assert_eq!(audited["categories"][1]["culprits"][0]["feature"], "voice.steadiness");
    assert!(ok(&audit).contains("impact ratio"));

    let traits = ok(&["traits", &store, "--outcomes", &outcomes, "--top", "20%"]);
    assert!(traits.contains("correlations") && traits.contains("相关关系"));

    ok(&["norms", "build", &store, "--name", "shops", "--out", &at("shops@1.toml")]);
    let (code, _, stderr) =
        text(&profile(&["tune", &store, "--profile", "sales", "--outcomes", &outcomes, "--by", "wage"]));
    assert!(code == Some(2) && stderr.contains("it has hired"), "{stderr}");
}

/// A shop's profile with a group, a rule, a trigger and scores of people only.
pub(crate) const SHOP: &str = r#"
schema_version = "1"
name = "shop"
version = 1
title = { en = "Shop", zh = "门店" }
evidence = { floor = 0.3 }
grades = { recommended = 80, consider = 60 }
groups.culture-fit = { title = { en = "Culture fit", zh = "文化契合度" } }

[competencies.fit]
title = { en = "Team fit", zh = "团队契合" }
group = "culture-fit"
weight = 100
indicators.branch = { title = { en = "Rating of the branch", zh = "门店评分" }, feature = "external.branch-rating", weight = 100, curve.linear = { from = 0, to = 100 } }

[rules.licence]
message = { en = "The licence was not confirmed.", zh = "执业证书未核实。" }
when.features."external.licence" = { below = 50, missing = true }

[triggers.second-round]
title = { en = "Invitation to the second round", zh = "复试邀约" }
event = "second_round_invitation"
when.score.at_least = 70
"#;

/// The second version of the shop: for one branch, everybody else in the shadow, with a higher threshold.
pub(crate) fn newer_shop() -> String {
    let rollout = "version = 2\nrollout = { percent = 0, branches = [\"suzhou\"], shadow = true }";
    SHOP.replace("version = 1", rollout).replace("recommended = 80", "recommended = 85")
}

/// The job of a candidate of a branch, with three raters and, where it is known, a licence.
pub(crate) fn shop_job(branch: &str, licence: Option<u32>) -> Value {
    let rating = |id: &str, measure: &str, score: u32| serde_json::json!({"kind": "external", "id": id, "measure": measure, "source": id, "score": score});
    let mut answers: Vec<Value> = [("r1", 70), ("r2", 80), ("r3", 90)]
        .iter()
        .map(|(id, score)| rating(id, "branch-rating", *score))
        .collect();
    answers.extend(licence.map(|score| rating("licence", "licence", score)));
    serde_json::json!({
        "schema_version": "1",
        "job_id": format!("job-{branch}"),
        "candidate": {"reference": "candidate-1", "branch": branch},
        "position": {},
        "profile": "shop",
        "answers": answers,
    })
}

/// The report and the page of that candidate.
fn shop_report(folder: &Path, branch: &str, licence: Option<u32>) -> (Value, String) {
    let job = shop_job(branch, licence);
    let file = path(folder, "job.json");
    std::fs::write(&file, job.to_string()).expect("the folder can be written");
    let out = folder.join("out");
    let result = interview_tests::analyze(&out, &["--job", &file, "--profiles", &path(folder, "")]);
    assert_eq!(result.exit_code, 0, "{} {}", result.outcome, result.log);
    (result.json("report.json"), std::fs::read_to_string(out.join("report.html")).expect("a report page"))
}

#[test]
fn a_job_is_scored_with_the_version_that_its_rollout_gives() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop@1.toml"), SHOP).unwrap();
    std::fs::write(folder.path().join("shop@2.toml"), newer_shop()).unwrap();

    let (report, page) = shop_report(folder.path(), "wuhan", Some(100));
    assert_eq!((&report["profile"]["version"], &report["grade"]), (&"1".into(), &"recommended".into()));
    assert_eq!(report["shadow"][0]["profile"]["version"], "2");
    assert_eq!(
        (&report["shadow"][0]["grade"], &report["shadow"][0]["score"]),
        (&"consider".into(), &80.0.into())
    );
    assert_eq!(
        (&report["groups"][0]["name"], &report["groups"][0]["score"]),
        (&"culture-fit".into(), &80.0.into())
    );
    assert_eq!(report["triggers"][0]["event"], "second_round_invitation");
    let indicator = &report["competencies"][0]["indicators"][0];
    assert_eq!((&indicator["value"], &indicator["spread"]), (&80.0.into(), &10.0.into()));
    for shown in ["文化契合度", "Culture fit", "复试邀约", "Rating of the branch", "门店评分", "±"]
    {
        assert!(page.contains(shown), "{shown}");
    }

    let (report, page) = shop_report(folder.path(), "suzhou", None);
    assert_eq!((&report["profile"]["version"], &report["grade"]), (&"2".into(), &"consider".into()));
    assert!(report.get("shadow").is_none() && report.get("triggers").is_none(), "{report}");
    assert_eq!(report["reviews"][0]["name"], "licence");
    assert!(page.contains("The licence was not confirmed.") && page.contains("执业证书未核实"));

    let library = path(folder.path(), "");
    let which = |branch| {
        json(&[
            "which",
            "shop",
            "--candidate",
            "candidate-1",
            "--branch",
            branch,
            "--json",
            "--profiles",
            &library,
        ])
    };
    assert_eq!((&which("wuhan")["live"], &which("wuhan")["shadow"][0]), (&"shop@1".into(), &"shop@2".into()));
    assert_eq!(which("suzhou")["live"], "shop@2");

    // The report can be explained again, with the version it was made with.
    let report = path(folder.path(), "out/report.json");
    let explained = json(&["explain", &report, "--format", "json", "--profiles", &library]);
    assert_eq!(explained["points"][0]["contribution"], 80.0);
    assert_eq!(explained["reviews"][0]["name"], "licence");
    let features = path(folder.path(), "out/features.json");
    let markdown =
        ok(&["explain", &features, "--profile", "shop@1", "--format", "markdown", "--profiles", &library]);
    assert!(markdown.contains("需人工复核") && markdown.contains("| 80.00 | 100.00 |"), "{markdown}");

    // Many features.json become one file, and give the same replay.
    let store = path(folder.path(), "out/all.parquet");
    let packed = interview().args(["features", "pack", &features, "--out", &store]).output().unwrap();
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    let replayed =
        |input: &str| json(&["replay", input, "--profile", "shop@1", "--json", "--profiles", &library]);
    assert_eq!(replayed(&store), replayed(&features));
    assert_eq!(replayed(&store)["new"]["to_look_at"], 1);
}
