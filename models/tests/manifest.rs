//! The manifest: the shipped one is right, a wrong one is refused with the field.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

use interview_models::manifest::{BUILT_IN, Manifest};
use interview_models::pull::Selection;

const GOOD: &str = r#"
[model.sample]
version = "1.0"
task = "test"
sets = ["starter"]
licence = "MIT"
good_at = "x"
bad_at = "x"
source = "pip:sample==1.0"
archive_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
[model.sample.files.model]
name = "sample.onnx"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
bytes = 10
member = "a/sample.tflite"
convert = "tflite"
"#;

#[test]
fn wrong_values_are_refused_with_their_field() {
    Manifest::parse(GOOD).unwrap();
    let cases = [
        (r#"name = "sample.onnx""#, r#"name = "../sample.onnx""#, "model.sample.files.model.name"),
        (r#"name = "sample.onnx""#, r#"name = ".lock""#, "model.sample.files.model.name"),
        (r#"version = "1.0""#, r#"version = "1/0""#, "model.sample.version"),
        ("model.sample", r#"model."../x""#, "model.../x"),
        ("bytes = 10", "bytes = 0", "model.sample.files.model.bytes"),
        ("bytes = 10", r#"bytes = "ten""#, "bytes"),
        ("bytes = 10", "bytes = -1", "bytes"),
        ("1111", "XYZ1", "model.sample.files.model.sha256"),
        ("0000000", "000", "model.sample.archive_sha256"),
        (r#"source = "pip:sample==1.0""#, r#"source = "ftp://x/y""#, "model.sample.source"),
        (r#"convert = "tflite""#, r#"convert = "caffe""#, "model.sample.files.model.convert"),
        (r#"member = "a/sample.tflite""#, r#"member = "a/..""#, "model.sample.files.model.member"),
        (r#"task = "test""#, "", "task"),
        (r#"task = "test""#, r#"tusk = "test""#, "tusk"),
    ];
    for (good, bad, field) in cases {
        let text = GOOD.replace(good, bad);
        assert_ne!(text, GOOD, "{good}");
        let message = Manifest::parse(&text).unwrap_err().to_string();
        assert!(message.contains(field), "{bad}: {message}");
    }
}

#[test]
fn the_shipped_manifest_is_right_on_every_platform() {
    for platform in ["linux-x86_64", "linux-aarch64", "macos-aarch64"] {
        let manifest = Manifest::built_in().unwrap().for_platform(platform);
        let starter: Vec<_> = manifest
            .model
            .iter()
            .filter(|(_, entry)| entry.sets.iter().any(|set| set == "starter"))
            .collect();
        assert!(!starter.is_empty());
        for (name, entry) in starter {
            assert!(entry.is_for(platform), "{name} is in the starter set and not for {platform}");
        }
        let library = &manifest.model["onnxruntime"].files["library"];
        let ending = if platform.starts_with("macos") { ".dylib" } else { "" };
        assert!(library.name.ends_with(ending), "{}", library.name);
    }
    assert!(BUILT_IN.contains("[model.onnxruntime]"));
}

#[test]
fn the_libraries_of_two_platforms_differ() {
    let sha256 = |platform| {
        Manifest::built_in().unwrap().for_platform(platform).model["onnxruntime"].files["library"]
            .sha256
            .clone()
    };
    assert_ne!(sha256("linux-x86_64"), sha256("linux-aarch64"));
    assert_ne!(sha256("linux-aarch64"), sha256("macos-aarch64"));
}

#[test]
fn selections_name_what_is_unknown() {
    let manifest = Manifest::parse(GOOD).unwrap();
    assert_eq!(Selection::starter().resolve(&manifest).unwrap(), ["sample"]);
    let unknown = Selection { sets: vec!["big".to_owned()], names: Vec::new() };
    assert!(unknown.resolve(&manifest).unwrap_err().to_string().contains("big"));
    let unknown = Selection { sets: Vec::new(), names: vec!["nothing".to_owned()] };
    assert!(unknown.resolve(&manifest).unwrap_err().to_string().contains("nothing"));
}

/// The table of `docs/models.md`.
fn document_table(manifest: &Manifest) -> String {
    let mut table = String::from(
        "| model | task | languages | good at | bad at | source | licence | size |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (name, entry) in &manifest.model {
        let languages: Vec<String> = entry.languages.iter().map(ToString::to_string).collect();
        let bytes: u64 = entry.files.values().map(|file| file.bytes).sum();
        table.push_str(&format!(
            "| {name} {} | {} | {} | {} | {} | `{}` | {} | {:.1} MB |\n",
            entry.version,
            entry.task,
            languages.join(", "),
            entry.good_at,
            entry.bad_at,
            entry.source,
            entry.licence,
            bytes as f64 / 1e6,
        ));
    }
    table
}

#[test]
fn the_document_lists_every_model() {
    const BEGIN: &str = "<!-- models: begin -->\n";
    const END: &str = "<!-- models: end -->";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/models.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let table = document_table(&Manifest::built_in().unwrap());
    let expected = format!("{before}{BEGIN}{table}{END}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert_eq!(text, expected, "docs/models.md differs from the manifest; write it anew with UPDATE_DOCS=1");
}
