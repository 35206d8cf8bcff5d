//! Transcripts out of made-up pieces.

use interview_models::transcriber::PieceTranscript;
use interview_schemas::perception::Span;
use proptest::prelude::*;

use super::*;

type Piece = (Placement, PieceTranscript);

/// A piece at 100 s per index whose words last half a second each.
fn piece(index: usize, language: Language, words: &[&str], confidence: f64) -> Piece {
    let length_s = words.len() as f64 * 0.5;
    let start_s = index as f64 * 100.0;
    let words: Vec<PieceWord> = words
        .iter()
        .enumerate()
        .map(|(at, text)| PieceWord {
            text: (*text).to_owned(),
            start_s: at as f64 * 0.5,
            end_s: at as f64 * 0.5 + 0.4,
            confidence,
        })
        .collect();
    let speech = vec![Span { start_s, end_s: start_s + length_s.max(1.0) }];
    let transcript = PieceTranscript {
        tokens: words.len() * 2,
        average_log_probability: confidence.ln(),
        confidence,
        words,
        ..PieceTranscript::empty(language, Vec::new())
    };
    (Placement::unbroken(index, start_s, speech), transcript)
}

fn english(count: usize, confidence: f64) -> Piece {
    piece(0, Language::En, &vec!["word"; count], confidence)
}

fn verdict(pieces: &[Piece], language: Language) -> Option<Unreliable> {
    Reliability::measure(pieces, language).verdict(language, false)
}

#[test]
fn sentences_and_pauses_end_segments_and_times_are_of_the_recording() {
    let mut one = piece(1, Language::En, &["I", "know", "Rust.", "It", "is", "\"safe.\"", "Yes"], 0.9);
    one.1.words[4].end_s = 2.4;
    for word in &mut one.1.words[5..] {
        word.start_s += 3.0;
        word.end_s += 3.0;
    }
    let zero = piece(0, Language::En, &["Hello"], 0.8);
    let transcript = assemble("model", Language::En, &[one, zero]);
    let texts: Vec<&str> = transcript.segments.iter().map(|segment| segment.text.as_str()).collect();
    assert_eq!(texts, ["Hello", "I know Rust.", "It is", "\"safe.\"", "Yes"]);
    assert_eq!(transcript.text, "Hello I know Rust. It is \"safe.\" Yes");
    assert_eq!(transcript.segments[1].start_s, 100.0);
    assert_eq!(transcript.segments[1].end_s, 101.4);
    assert_eq!(transcript.model, "model");
}

#[test]
fn chinese_is_joined_without_spaces_and_the_language_is_that_of_most_speech() {
    let words = ["我们", "用", "Spring", "Boot，", "很", "快。"];
    let pieces = [piece(0, Language::Zh, &words, 0.9), piece(1, Language::En, &["ok"], 0.9)];
    let transcript = assemble("model", Language::Auto, &pieces);
    assert_eq!(transcript.language, Language::Zh);
    assert_eq!(transcript.text, "我们用Spring Boot，很快。ok");
    assert_eq!(assemble("model", Language::En, &pieces).language, Language::En);
}

#[test]
fn each_reason_makes_a_transcript_unreliable() {
    assert_eq!(verdict(&[english(30, 0.9)], Language::En), None);
    assert_eq!(verdict(&[], Language::En), None);
    assert_eq!(verdict(&[english(30, 0.55)], Language::En), Some(Unreliable::LowConfidence));
    // The language is not known to be English: doubted sooner.
    assert_eq!(verdict(&[english(30, 0.68)], Language::En), None);
    let doubted = Reliability::measure(&[english(30, 0.68)], Language::En).verdict(Language::En, true);
    assert_eq!(doubted, Some(Unreliable::LowConfidence));
    // A few uncertain words in a good transcript do not matter, many do.
    let mut words = english(30, 0.9);
    for word in words.1.words.iter_mut().take(6) {
        word.confidence = 0.2;
    }
    assert_eq!(verdict(&[words.clone()], Language::En), None);
    for word in words.1.words.iter_mut().take(12) {
        word.confidence = 0.2;
    }
    assert_eq!(verdict(&[words], Language::En), Some(Unreliable::LowConfidence));

    let mut looped = english(30, 0.95);
    looped.1.guards = vec![Guard::RepetitionLoop];
    assert_eq!(verdict(&[looped.clone()], Language::En), Some(Unreliable::Repetition));
    let mut good: Vec<Piece> = (1..8).map(|index| piece(index, Language::En, &["a"; 30], 0.9)).collect();
    good.push(looped);
    assert_eq!(verdict(&good, Language::En), None, "one bad piece among eight");

    let mut dropped = english(0, 1.0);
    dropped.1.guards = vec![Guard::LowProbability];
    assert_eq!(verdict(&[dropped], Language::En), Some(Unreliable::LowConfidence));

    let mut fast = english(30, 0.95);
    fast.0 = Placement::unbroken(0, 0.0, vec![Span { start_s: 0.0, end_s: 30.0 / 7.0 + 1.0 }]);
    assert_eq!(verdict(&[fast.clone()], Language::En), None);
    fast.1.words.extend(fast.1.words.clone());
    assert_eq!(verdict(&[fast], Language::En), Some(Unreliable::SpeakingRate));
    let mut slow = english(3, 0.95);
    slow.0 = Placement::unbroken(0, 0.0, vec![Span { start_s: 0.0, end_s: 20.0 }]);
    assert_eq!(verdict(&[slow], Language::En), Some(Unreliable::SpeakingRate));

    let mut foreign = english(30, 0.95);
    foreign.1.detected_language = Some("de".to_owned());
    assert_eq!(verdict(&[foreign], Language::En), Some(Unreliable::LanguageMismatch));
    for heard in ["zh", "yue"] {
        let mut known = piece(0, Language::Zh, &["好"; 30], 0.95);
        known.1.detected_language = Some(heard.to_owned());
        assert_eq!(verdict(&[known.clone()], Language::Zh), None);
        assert_eq!(verdict(&[known], Language::En), Some(Unreliable::LanguageMismatch));
    }
}

#[test]
fn words_in_another_script_are_another_language() {
    let mixed = ["我们", "用", "Spring", "Boot", "做", "微", "服务", "2024", "API", "很", "快"];
    assert_eq!(verdict(&[piece(0, Language::Zh, &mixed, 0.95)], Language::Zh), None);
    let mismatch = Some(Unreliable::LanguageMismatch);
    assert_eq!(verdict(&[piece(0, Language::Zh, &["hello"; 12], 0.95)], Language::Zh), mismatch);
    assert_eq!(verdict(&[piece(0, Language::En, &["好"; 12], 0.95)], Language::En), mismatch);
    assert_eq!(verdict(&[piece(0, Language::Zh, &["OK"; 3], 0.95)], Language::Zh), None, "too few to tell");
}

#[test]
fn pieces_that_all_say_the_same_are_invented() {
    let thanks = |index: usize| {
        let mut piece = piece(index, Language::En, &["Thank", "you."], 0.95);
        piece.1.text = "Thank you.".to_owned();
        piece
    };
    let speech = piece(9, Language::En, &["word"; 5], 0.95);
    assert_eq!(verdict(&[thanks(0), thanks(1), speech.clone()], Language::En), None);
    assert_eq!(
        verdict(&[thanks(0), thanks(1), thanks(2), thanks(3), speech], Language::En),
        Some(Unreliable::Repetition)
    );
    let long = piece(9, Language::En, &["word"; 30], 0.95);
    assert_eq!(verdict(&[thanks(0), thanks(1), thanks(2), long], Language::En), None);
}

#[test]
fn every_reason_has_a_code_and_a_message() {
    for reason in Unreliable::ALL {
        assert_eq!(Unreliable::from_code(reason.code()), Some(reason));
        assert!(!reason.message().en.is_empty() && !reason.message().zh.is_empty());
    }
    let transcript = assemble("model", Language::En, &[english(30, 0.4)]);
    assert_eq!(
        transcript.unreliable.as_deref().and_then(Unreliable::from_code),
        Some(Unreliable::LowConfidence)
    );
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        pieces in prop::collection::vec((0usize..9, 0.1f64..1.0), 0..8), turn in 0usize..8
    ) {
        let pieces: Vec<Piece> = pieces.iter().enumerate()
            .map(|(index, &(words, confidence))| piece(index, Language::En, &vec!["word"; words], confidence))
            .collect();
        let mut turned = pieces.clone();
        if !turned.is_empty() {
            turned.rotate_left(turn % pieces.len());
        }
        let (one, other) = (
            assemble("model", Language::Auto, &pieces),
            assemble("model", Language::Auto, &turned),
        );
        prop_assert_eq!(&one, &other);
        let words: Vec<&Word> = one.segments.iter().flat_map(|segment| &segment.words).collect();
        prop_assert!(words.windows(2).all(|pair| pair[0].end_s <= pair[1].start_s));
        prop_assert!((0.0..=1.0).contains(&one.confidence));
        for segment in &one.segments {
            prop_assert!(segment.start_s <= segment.end_s && !segment.words.is_empty());
        }
    }
}
