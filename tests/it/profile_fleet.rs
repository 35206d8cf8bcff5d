//! Profiles and the fleet: workers score with the published profiles of a folder, and the tools of the data team
//! read what workers have stored, from a bucket too.

#![allow(clippy::unwrap_used)] // what fails here is a finding of the test

use std::path::Path;
use std::process::Output;

use interview_test_s3::{BUCKET, S3Server};
use interview_tests::interview;
use serde_json::Value;

use crate::profile::{SHOP, newer_shop, ok, path, shop_job};

/// Runs the program on a queue and a store in a folder.
fn fleet(folder: &Path, command: &[&str], arguments: &[&str]) -> Output {
    let queue = format!("sqlite:{}", path(folder, "queue.db"));
    let mut program = interview();
    program.env_remove("INTERVIEW_PROFILES").args(command).args(["--queue", &queue]).args(arguments);
    program.output().expect("the program runs")
}

fn enqueue(folder: &Path, job: &Value) {
    let file = path(folder, "job.json");
    std::fs::write(&file, job.to_string()).unwrap();
    let output = fleet(folder, &["enqueue", &file], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A worker over a folder as store, until there are no more jobs.
fn work(folder: &Path, profiles: &str) -> (Option<i32>, String) {
    let store = format!("dir:{}", path(folder, "store"));
    let arguments = ["--store", &store, "--profiles", profiles, "--until-idle-s", "1", "--threads", "1"];
    let output = fleet(folder, &["worker"], &arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The files of a name below a folder, with their paths relative to it.
pub(crate) fn files(folder: &Path, name: &str) -> Vec<(String, Vec<u8>)> {
    fn walk(root: &Path, folder: &Path, name: &str, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, name, found);
            } else if path.ends_with(name) {
                let relative = path.strip_prefix(root).unwrap().display().to_string();
                found.push((relative, std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, name, &mut found);
    found.sort();
    found
}

/// The only report of a job.
fn report(folder: &Path, tenant: &str, job: &str) -> Value {
    let below = folder.join("store").join(tenant).join("candidates/candidate-1/jobs").join(job);
    let found = files(&below, "report.json");
    assert_eq!(found.len(), 1, "{}", below.display());
    serde_json::from_slice(&found[0].1).unwrap()
}

#[test]
fn workers_score_with_the_published_profiles_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let profiles = folder.join("profiles");
    std::fs::create_dir_all(profiles.join("acme")).unwrap();
    let (first, second, own) =
        (profiles.join("shop@1.toml"), profiles.join("shop@2.toml"), profiles.join("acme/own@1.toml"));
    std::fs::write(&first, SHOP).unwrap();
    std::fs::write(&second, newer_shop()).unwrap();
    std::fs::write(&own, SHOP.replace("\"shop\"", "\"own\"")).unwrap();
    let shown = profiles.display().to_string();

    // What is not published, nobody is scored with: the worker does not even begin.
    let (code, log) = work(folder, &shown);
    assert!(code == Some(2) && log.contains("own@1.toml") && log.contains("is not published"), "{log}");
    for file in [&first, &second, &own] {
        ok(&["publish", &file.display().to_string()]);
    }

    enqueue(folder, &shop_job("wuhan", Some(100)));
    enqueue(folder, &shop_job("suzhou", Some(100)));
    let change = |job: &str, tenant: Option<&str>, profile: &str| {
        let mut value = shop_job("wuhan", Some(100));
        value["job_id"] = job.into();
        value["profile"] = profile.into();
        if let Some(tenant) = tenant {
            value["tenant"] = tenant.into();
        }
        value
    };
    enqueue(folder, &change("exact", None, "shop@2"));
    enqueue(folder, &change("own", Some("acme"), "own@1"));
    enqueue(folder, &change("foreign", Some("rival"), "own@1"));
    enqueue(folder, &change("file", None, &own.display().to_string()));
    let (code, log) = work(folder, &shown);
    assert_eq!(code, Some(0), "{log}");

    let wuhan = report(folder, "default", "job-wuhan");
    assert_eq!((&wuhan["profile"]["version"], &wuhan["grade"]), (&"1".into(), &"recommended".into()));
    assert_eq!(wuhan["shadow"][0]["profile"]["version"], "2");
    assert_eq!(wuhan["shadow"][0]["grade"], "consider");
    let suzhou = report(folder, "default", "job-suzhou");
    assert_eq!((&suzhou["profile"]["version"], &suzhou["grade"]), (&"2".into(), &"consider".into()));
    assert!(suzhou.get("shadow").is_none());
    assert_eq!(report(folder, "default", "exact")["profile"]["version"], "2");
    assert_eq!(report(folder, "acme", "own")["profile"]["name"], "own");

    let dead = fleet(folder, &["dead"], &["list", "--json"]);
    let letters: Vec<Value> = serde_json::Deserializer::from_slice(&dead.stdout)
        .into_iter::<Value>()
        .flat_map(|value| match value.unwrap() {
            Value::Array(letters) => letters,
            letter => vec![letter],
        })
        .collect();
    let mut refused: Vec<_> = letters
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["job_id"].as_str().or(one["message_id"].as_str()).unwrap_or("?"),
                one["code"]
            )
        })
        .collect();
    refused.sort();
    assert_eq!(refused, ["file \"INVALID_JOB\"", "foreign \"INVALID_PROFILE\""], "{letters:?}");

    // What workers have stored can be replayed where it lies.
    let library = ["--profiles", &shown];
    let here = path(folder, "store/default");
    let replay =
        |input: &str| ok(&[&["replay", input, "--profile", "shop@2", "--json"], &library[..]].concat());
    assert_eq!(serde_json::from_str::<Value>(&replay(&here)).unwrap()["new"]["interviews"], 3);
}

#[test]
fn features_in_a_bucket_are_replayed_explained_and_packed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = S3Server::start();
    let run = |arguments: &[&str]| {
        let mut program = interview();
        program.env_remove("INTERVIEW_PROFILES").args(arguments).envs(server.environment());
        let output = program.args(["--s3-path-style"]).output().expect("the program runs");
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), shown(&output.stdout), shown(&output.stderr))
    };
    // A population in one file and, one by one, as the documents that workers store.
    ok(&[
        "simulate",
        "--interviews",
        "300",
        "--documents",
        &path(folder, "documents"),
        "--out",
        &path(folder, ""),
    ]);
    let documents = files(&folder.join("documents"), "features.json");
    assert_eq!(documents.len(), 300);
    for (name, bytes) in &documents {
        server.put(&format!("fleet/{name}"), bytes);
        server.put(&format!("fleet/{}", name.replace("features.json", "perception.json")), b"{}");
    }
    server.put("packed/features.parquet", &std::fs::read(folder.join("features.parquet")).unwrap());
    server.put("fleet-of-others/features.json", b"nonsense");

    let replay = |input: &str| {
        let (code, stdout, stderr) = run(&["profile", "replay", input, "--profile", "sales", "--json"]);
        assert_eq!(code, Some(0), "{input}: {stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()
    };
    let local = replay(&path(folder, "features.parquet"));
    assert_eq!(replay(&format!("s3://{BUCKET}/fleet")), local);
    assert_eq!(replay(&format!("s3://{BUCKET}/fleet/default/candidates/")), local);
    assert_eq!(replay(&format!("s3://{BUCKET}/packed")), local);
    assert_eq!(replay(&format!("s3://{BUCKET}/packed/features.parquet")), local);

    let packed = path(folder, "packed.parquet");
    let (code, _, stderr) = run(&["features", "pack", &format!("s3://{BUCKET}/fleet"), "--out", &packed]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(replay(&packed), local);
    let one = format!("s3://{BUCKET}/fleet/{}", documents[0].0);
    let (code, stdout, stderr) = run(&["profile", "explain", &one, "--profile", "sales"]);
    assert!(code == Some(0) && stdout.contains("沟通表达"), "{stdout} {stderr}");

    // An interview that was analysed again counts once.
    let again = documents[0].0.replace("/features.json", "-newer/features.json");
    server.put(&format!("fleet/{again}"), &documents[0].1);
    let (code, stdout, stderr) =
        run(&["profile", "replay", &format!("s3://{BUCKET}/fleet"), "--profile", "sales", "--json"]);
    assert!(code == Some(0) && stderr.contains("1 earlier analyses"), "{stderr}");
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap(), local);

    for (input, said) in [
        ("s3://interviews/nothing", "no features.json and no .parquet"),
        ("s3://interviews/fleet-of-others", "s3://interviews/fleet-of-others/features.json"),
        ("s3://no-such-bucket/x", "NoSuchBucket"),
        ("s3:/interviews/fleet", "write s3://bucket/prefix"),
        ("s3://In terviews/fleet", "is no name of a bucket"),
    ] {
        let (code, _, stderr) = run(&["profile", "replay", input, "--profile", "sales"]);
        assert!(code.is_some_and(|code| code > 1) && stderr.contains(said), "{input}: {code:?} {stderr}");
    }
}
