//! all-MiniLM-L6-v2 against the reference numbers of its trial (transformers 5.23, torch 2.15).

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

use std::path::PathBuf;

use interview_models::minilm::{DIMENSIONS, MAX_TOKENS, cosine};
use interview_models::{Device, Embedder, Manifest, ModelStore, Runtime, SessionOptions};
use interview_schemas::Language;

fn embedder() -> Embedder {
    let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/interview/models"),
        PathBuf::from,
    );
    let store = ModelStore::new(folder, Manifest::built_in().unwrap());
    let library = store.file("onnxruntime", "library").expect("run `interview models pull` first");
    let runtime = Runtime::load(&library, Device::Cpu).unwrap();
    Embedder::load(&runtime, &store, SessionOptions::default()).expect("run `interview models pull` first")
}

#[test]
fn tokens_are_those_of_the_reference_without_padding_and_cut_at_256() {
    let embedder = embedder();
    let ids = embedder.token_ids("That is a happy person").unwrap();
    assert_eq!(ids, [101, 2008, 2003, 1037, 3407, 2711, 102]);
    assert_eq!(embedder.token_ids(&"word ".repeat(1000)).unwrap().len(), MAX_TOKENS);
    assert_eq!(embedder.token_ids("").unwrap(), [101, 102]);
    assert!(embedder.understands(Language::En) && !embedder.understands(Language::Zh));
}

#[test]
fn embeddings_and_similarities_are_those_of_the_reference() {
    let texts = [
        "That is a happy person",
        "That is a happy dog",
        "That is a very happy person",
        "Today is a sunny day",
        "The weather is lovely today.",
        "It's so sunny outside!",
        "He drove to the stadium.",
    ];
    let embeddings = embedder().embed(&texts).unwrap();
    assert_eq!(embeddings.dim(), (texts.len(), DIMENSIONS));
    let expected = [-0.03391, 0.09193, 0.04868, -0.03486, -0.06482];
    for (value, expected) in embeddings.row(0).iter().zip(expected) {
        assert!((value - expected).abs() < 2e-4, "{value} instead of {expected}");
    }
    for (left, right, expected) in [
        (0, 1, 0.694_577),
        (0, 2, 0.942_914),
        (0, 3, 0.256_876),
        (4, 5, 0.665_955),
        (4, 6, 0.104_584),
        (5, 6, 0.141_145),
    ] {
        let similarity = cosine(embeddings.row(left), embeddings.row(right));
        assert!((similarity - expected).abs() < 5e-4, "{left}/{right}: {similarity} instead of {expected}");
    }
}

#[test]
fn an_embedding_does_not_depend_on_the_other_texts_of_the_call() {
    let mut embedder = embedder();
    let long = "I called the customer back and explained every step of the refund. ".repeat(40);
    let mut texts = vec![long.as_str(), "I like it.", "", "Numbers: 12 345 and ümläuts 中文"];
    texts.extend(std::iter::repeat_n("Another sentence of some length stands here.", 60));
    let together = embedder.embed(&texts).unwrap();
    for index in 0..4 {
        let alone = embedder.embed(&texts[index..=index]).unwrap();
        assert!(cosine(alone.row(0), together.row(index)) > 0.999_999);
        assert!((cosine(alone.row(0), alone.row(0)) - 1.0).abs() < 1e-5);
    }
    assert_eq!(embedder.embed::<&str>(&[]).unwrap().dim(), (0, DIMENSIONS));
}
