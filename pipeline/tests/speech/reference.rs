//! The models give the numbers they gave under Python.

use interview_models::silero::SileroVad;
use interview_models::transcriber::{PieceLengths, SpeechPiece, Transcriber, TranscriptionHints};
use interview_pipeline::perception::segmenter::VadSegmenter;
use interview_pipeline::perception::speech::SpeechSegmenter;
use interview_schemas::perception::Span;

use crate::support;

fn probabilities(samples: &[f32], chunk: usize) -> Vec<f32> {
    let mut vad = SileroVad::load(support::runtime(), &support::store()).unwrap();
    let mut all = Vec::new();
    for chunk in samples.chunks(chunk) {
        vad.push(chunk, &mut all).unwrap();
    }
    vad.finish(&mut all).unwrap();
    all
}

#[test]
fn voice_activity_of_beckett() {
    let samples = support::sample("short");
    assert_eq!(samples.len(), 159_414);
    let all = probabilities(&samples, samples.len());
    assert_eq!(all.len(), 312);
    let first = [
        0.0325, 0.0156, 0.0083, 0.0060, 0.0060, 0.0051, 0.0037, 0.0037, 0.0115, 0.0154, 0.4510, 0.8975,
        0.9905, 0.9991, 0.9995, 1.0, 1.0, 0.9999, 1.0, 1.0,
    ];
    for (found, expected) in all.iter().zip(first) {
        assert!((found - expected).abs() < 1e-3, "{found} instead of {expected}");
    }
    let mean = all.iter().sum::<f32>() / all.len() as f32;
    assert!((mean - 0.46999).abs() < 1e-4, "{mean}");
    let mut segmenter = VadSegmenter::default();
    let mut spans: Vec<_> = all.iter().filter_map(|&value| segmenter.push(value)).collect();
    spans.extend(segmenter.finish(samples.len() as u64));
    let spans: Vec<_> = spans.iter().map(|found| (found.padded.start, found.padded.end)).collect();
    let expected = [
        (5152, 19936),
        (29728, 45536),
        (55840, 67552),
        (77856, 90080),
        (106_016, 118_752),
        (130_080, 142_816),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn voice_activity_does_not_depend_on_chunks() {
    let samples = support::sample("short");
    let whole = probabilities(&samples, samples.len());
    for chunk in [100, 512, 1_024, 33_333] {
        assert_eq!(probabilities(&samples, chunk), whole, "chunks of {chunk}");
    }
}

#[test]
fn pieces_do_not_depend_on_chunks_and_hold_all_speech() {
    let limit_s = 15.0;
    let run = |samples: &[f32], chunk: usize| {
        let vad = SileroVad::load(support::runtime(), &support::store()).unwrap();
        let mut segmenter = SpeechSegmenter::new(vad, PieceLengths { enough_s: 8.0, limit_s });
        let mut pieces = Vec::new();
        for chunk in samples.chunks(chunk) {
            pieces.extend(segmenter.push(chunk).unwrap());
        }
        pieces.extend(segmenter.finish().unwrap());
        (pieces, segmenter.take_speech_spans())
    };
    let mut samples = support::sample("long");
    let (_, spans) = run(&samples, samples.len());
    let longest =
        spans.iter().max_by(|a, b| (a.end_s - a.start_s).total_cmp(&(b.end_s - b.start_s))).unwrap();
    let phrase =
        samples[((longest.start_s + 0.1) * 16e3) as usize..((longest.end_s - 0.1) * 16e3) as usize].to_vec();
    // A long silence, then somebody who never pauses.
    samples.extend(std::iter::repeat_n(0.0, 16_000 * 4));
    while samples.len() < 16_000 * 90 {
        samples.extend_from_slice(&phrase);
    }
    let (whole, speech) = run(&samples, samples.len());
    let endless = speech.iter().map(|span| span.end_s - span.start_s).fold(0.0, f64::max);
    assert!(endless > 2.0 * limit_s, "longest speech {endless} s");
    assert!(whole.len() > 4, "{}", whole.len());
    for chunk in [441, 4_096] {
        assert!(run(&samples, chunk) == (whole.clone(), speech.clone()), "chunks of {chunk}");
    }
    for piece in &whole {
        assert!(piece.piece.duration_s() <= limit_s, "{}", piece.piece.duration_s());
        for (inside, media) in piece.piece.speech.iter().zip(&piece.placement.speech) {
            // The way back to the recording: the sound at a time in the piece is the sound of the recording.
            assert!((piece.placement.media_time_s(inside.start_s) - media.start_s).abs() < 2e-4);
            let length = ((inside.end_s - inside.start_s) * 16_000.0).round() as usize;
            let (at, from) =
                ((inside.start_s * 16_000.0).round() as usize, (media.start_s * 16_000.0).round() as usize);
            assert_eq!(piece.piece.samples[at..at + length - 1], samples[from..from + length - 1]);
        }
    }
    let in_pieces: f64 = whole.iter().map(|piece| piece.placement.speech_s()).sum();
    let found: f64 = speech.iter().map(|span| span.end_s - span.start_s).sum();
    // Recognisers get 30 ms more before and after every span.
    let padding_s = in_pieces - found;
    let most_s = 0.06 * speech.len() as f64 + 0.01;
    assert!(padding_s > 0.0 && padding_s <= most_s, "{in_pieces} of {found} s");
}

#[test]
fn words_of_beckett() {
    let samples = support::sample("short");
    let mut moonshine = support::recognisers(1).remove(0);
    let whole = Span { start_s: 0.0, end_s: samples.len() as f64 / 16_000.0 };
    let piece = SpeechPiece { samples, speech: vec![whole] };
    let transcript = moonshine.transcribe(&piece, &TranscriptionHints::default()).unwrap();
    assert_eq!(transcript.text, "Ever tried, ever failed, no matter, try again, fail again, fail better.");
    let expected = [
        ("Ever", 0.00, 0.55),
        ("tried,", 0.53, 1.38),
        ("ever", 1.35, 2.12),
        ("failed,", 2.10, 2.77),
        ("no", 2.75, 3.74),
        ("matter,", 3.72, 4.97),
        ("try", 4.95, 5.11),
        ("again,", 5.09, 6.03),
        ("fail", 6.01, 6.90),
        ("again,", 6.88, 8.27),
        ("fail", 8.25, 8.40),
        ("better.", 8.37, 8.88),
    ];
    assert_eq!(transcript.words.len(), expected.len());
    for (word, (text, start_s, end_s)) in transcript.words.iter().zip(expected) {
        assert_eq!(word.text, text);
        assert!((word.start_s - start_s).abs() < 0.06, "{text} starts at {}", word.start_s);
        // Ends are not allowed to reach into the next word.
        assert!((word.end_s - end_s).abs() < 0.08, "{text} ends at {}", word.end_s);
    }
    let log_probabilities = [
        0.245, 0.118, 0.635, 0.029, 0.004, 0.271, 0.102, 0.002, 0.519, 0.073, 0.004, 0.383, 0.038, 0.009,
        0.082, 0.064, 0.026, 0.022, 0.002,
    ];
    let mean = -log_probabilities.iter().sum::<f64>() / log_probabilities.len() as f64;
    assert!(
        (transcript.average_log_probability - mean).abs() < 0.02,
        "{}",
        transcript.average_log_probability
    );
    assert!(transcript.guards.is_empty());
}

#[test]
fn words_of_beckett_lie_in_speech() {
    let heard = support::hear(&support::sample("short"));
    let words: Vec<_> = heard.transcript.segments.iter().flat_map(|segment| &segment.words).collect();
    // A word after a pause starts with the speech, whatever silence the alignment hands to it.
    let starts = [0.32, 0.53, 1.86, 2.10, 3.49, 3.72, 4.87, 5.09, 6.63, 6.88, 8.13, 8.37];
    assert_eq!(words.len(), starts.len());
    for (word, start_s) in words.iter().zip(starts) {
        assert!(
            (word.start_s - start_s).abs() < 0.15,
            "{} starts at {} not {start_s}",
            word.text,
            word.start_s
        );
        // Recognisers get 30 ms more before and after every span.
        let inside = |span: &&Span| span.start_s - 0.04 <= word.start_s && word.end_s <= span.end_s + 0.04;
        assert!(heard.speech.iter().any(|span| inside(&span)), "{word:?} reaches into silence");
    }
}
