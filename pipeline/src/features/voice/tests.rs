//! Answers whose rates, pauses and pitch are known, and properties that hold for every answer.

use interview_schemas::answer::{MediaRef, RecordedAnswer, TextAnswer};
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, TranscriptSegment, Word};
use interview_schemas::policy::Consent;
use interview_schemas::{AnswerId, Language};
use proptest::prelude::*;

use super::*;

/// A recording to be measured.
#[derive(Debug, Clone)]
struct Recording {
    speech: Vec<(f64, f64)>,
    words: Vec<(&'static str, f64, f64)>,
    f0_hz: Vec<Option<f32>>,
    level_db: Vec<f32>,
    language: Language,
    question_end_s: Option<f64>,
    signal_to_noise_db: Option<f64>,
    clipped_ratio: f64,
    unreliable: bool,
}

impl Default for Recording {
    /// Ten seconds: speech from 1 s to 3 s and from 4 s to 9 s, one word of two syllables each half second.
    fn default() -> Self {
        let spoken = |second: f64| (1.0..3.0).contains(&second) || (4.0..9.0).contains(&second);
        let starts: Vec<f64> =
            (0..20).map(|half| f64::from(half) * 0.5).filter(|&start| spoken(start)).collect();
        let frames: Vec<f64> = (0..1000).map(|frame| (f64::from(frame) + 0.5) * 0.01).collect();
        Self {
            speech: vec![(1.0, 3.0), (4.0, 9.0)],
            words: starts.into_iter().map(|start| ("manage", start, start + 0.5)).collect(),
            f0_hz: frames.iter().map(|&t| spoken(t).then_some(120.0)).collect(),
            level_db: frames.iter().map(|&t| if spoken(t) { -20.0 } else { -60.0 }).collect(),
            language: Language::En,
            question_end_s: None,
            signal_to_noise_db: Some(40.0),
            clipped_ratio: 0.0,
            unreliable: false,
        }
    }
}

impl Recording {
    fn perception(&self) -> AnswerPerception {
        let words: Vec<Word> = self
            .words
            .iter()
            .map(|&(text, start_s, end_s)| Word { text: text.to_owned(), start_s, end_s, confidence: 0.9 })
            .collect();
        let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let segment =
            TranscriptSegment { start_s: 0.0, end_s: 10.0, text: text.clone(), confidence: 0.9, words };
        AnswerPerception {
            id: id("a1"),
            media: None,
            transcript: Some(Transcript {
                language: self.language,
                text,
                segments: vec![segment],
                model: "test".to_owned(),
                confidence: 0.9,
                unreliable: self.unreliable.then(|| "too uncertain".to_owned()),
            }),
            voice: Some(VoiceTrack {
                speech: self.speech.iter().map(|&(start_s, end_s)| Span { start_s, end_s }).collect(),
                hop_s: 0.01,
                f0_hz: self.f0_hz.clone(),
                level_db: self.level_db.clone(),
                clipped_ratio: self.clipped_ratio,
                signal_to_noise_db: self.signal_to_noise_db,
            }),
            faces: None,
            body: None,
            picture: None,
        }
    }

    fn measure(&self) -> Vec<Feature> {
        let media = MediaRef { uri: "a.wav".to_owned(), sha256: None, bytes: None };
        let answer = RecordedAnswer {
            id: id("a1"),
            question: None,
            media,
            question_end_s: self.question_end_s,
            language: None,
        };
        measure_answer(&Answer::Audio(answer), &self.perception())
    }

    fn value(&self, name: &str) -> Option<f64> {
        find(&self.measure(), name).value
    }

    fn reason(&self, name: &str) -> Option<NotAssessed> {
        find(&self.measure(), name).not_assessed
    }
}

fn id(text: &str) -> AnswerId {
    serde_json::from_value(text.into()).unwrap()
}

fn measure_answer(answer: &Answer, perception: &AnswerPerception) -> Vec<Feature> {
    let job: Job = serde_json::from_value(serde_json::json!({
        "schema_version": "1", "job_id": "j1", "candidate": {"reference": "c1"}, "answers": [answer],
    }))
    .unwrap();
    let policy = crate::policy::shipped("audio-text").unwrap();
    let policy = crate::policy::resolve(&policy, &[Consent::AiAnalysis].into()).unwrap();
    measure(&AnswerContext {
        job: &job,
        answer,
        question: None,
        policy: &policy,
        perception,
        semantics: None,
    })
}

fn find<'a>(features: &'a [Feature], name: &str) -> &'a Feature {
    features.iter().find(|feature| feature.name == name).unwrap()
}

#[track_caller]
fn assert_near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-3), "{found:?} instead of {expected}");
}

#[test]
fn every_feature_of_the_group_is_returned_in_order_of_name() {
    let names: Vec<String> = Recording::default().measure().into_iter().map(|feature| feature.name).collect();
    assert!(names.is_sorted());
    assert_eq!(names, DEFINITIONS.iter().map(|definition| definition.name).collect::<Vec<_>>());
}

#[test]
fn rates_and_pauses_of_a_known_answer() {
    let recording = Recording::default();
    assert_near(recording.value("speech.speaking_time"), 7.0);
    // 14 words of 2 syllables, in 8 s with and 7 s without the pause
    assert_near(recording.value("speech.speech_rate"), 3.5);
    assert_near(recording.value("speech.articulation_rate"), 4.0);
    assert_near(recording.value("speech.pause_rate"), 7.5);
    assert_near(recording.value("speech.pause_ratio"), 0.125);
    assert_near(recording.value("speech.pause_mean_s"), 1.0);
    assert_near(recording.value("speech.pause_longest_s"), 1.0);
    assert_near(recording.value("speech.answer_latency"), 1.0);
    assert_near(recording.value("speech.filled_pause_rate"), 0.0);
    let features = recording.measure();
    let pause = &find(&features, "speech.pause_longest_s").evidence;
    assert_eq!(pause, &[Evidence::new(3.0, 4.0, "manage … 1.00 s … manage")]);
}

#[test]
fn gaps_under_a_quarter_second_are_no_pauses() {
    let mut recording = Recording { speech: vec![(1.0, 3.0), (3.24, 9.0)], ..Recording::default() };
    assert_near(recording.value("speech.pause_rate"), 0.0);
    assert_near(recording.value("speech.pause_longest_s"), 0.0);
    assert_eq!(recording.reason("speech.pause_mean_s"), Some(NotAssessed::TooShort));
    assert_near(recording.value("speech.speaking_time"), 8.0);
    recording.speech[1].0 = 3.25;
    assert_near(recording.value("speech.pause_mean_s"), 0.25);
}

#[test]
fn latency_counts_from_the_end_of_the_question_to_the_first_word() {
    let mut recording = Recording { question_end_s: Some(3.2), ..Recording::default() };
    assert_near(recording.value("speech.answer_latency"), 0.8);
    assert_near(recording.value("speech.speaking_time"), 5.0);
    assert_near(recording.value("speech.pause_rate"), 0.0);
    // A cough is speech to the detector, but holds no word.
    recording.speech.insert(1, (3.4, 3.5));
    assert_near(recording.value("speech.answer_latency"), 0.8);
    // Speech runs over the end of the question: the first word after it counts.
    recording.question_end_s = Some(4.3);
    assert_near(recording.value("speech.answer_latency"), 0.2);
    recording.question_end_s = Some(9.5);
    assert_eq!(recording.reason("speech.answer_latency"), Some(NotAssessed::NoSpeech));
}

#[test]
fn mandarin_is_counted_in_characters() {
    let words = (0..10).map(|i| ("客户", 4.0 + f64::from(i) * 0.5, 4.5 + f64::from(i) * 0.5)).collect();
    let recording =
        Recording { words, speech: vec![(4.0, 9.0)], language: Language::Zh, ..Recording::default() };
    assert_near(recording.value("speech.articulation_rate"), 4.0);
}

#[test]
fn fillers_are_counted_and_shown() {
    let mut recording = Recording::default();
    recording.words[2].0 = "um,";
    recording.words[5].0 = "uh";
    assert_near(recording.value("speech.filled_pause_rate"), 15.0);
    let features = recording.measure();
    let evidence = &find(&features, "speech.filled_pause_rate").evidence;
    assert_eq!(evidence.iter().map(|e| e.text.as_str()).collect::<Vec<_>>(), ["um", "uh"]);
    assert!(find(&features, "speech.filled_pause_rate").confidence <= 0.5);
}

#[test]
fn the_fastest_passage_is_named() {
    let mut recording = Recording::default();
    for word in &mut recording.words[8..12] {
        word.0 = "responsibility";
    }
    let features = recording.measure();
    let passages = &find(&features, "speech.articulation_rate").evidence;
    let fastest = passages.iter().find(|passage| passage.text.starts_with("12.0 syllables/s")).unwrap();
    assert_eq!((fastest.start_s, fastest.end_s), (6.0, 8.0));
}

#[test]
fn pitch_of_a_known_course() {
    let mut recording = Recording::default();
    // Both runs fall by 4 semitones a second.
    for (frame, hertz) in recording.f0_hz.iter_mut().enumerate() {
        let t = (frame as f64 + 0.5) * 0.01;
        let from_s = if t < 3.5 { 1.0 } else { 4.0 };
        *hertz = hertz.map(|_| (200.0 * 2f64.powf(-(t - from_s) * 4.0 / 12.0)) as f32);
    }
    let slope = recording.value("voice.f0_slope").unwrap();
    assert!((slope + 4.0).abs() < 0.01, "{slope}");
    assert_near(recording.value("voice.steadiness"), 1.0);
    let range = recording.value("voice.f0_range").unwrap();
    assert!((range - 18.0).abs() < 1.0, "{range}");
}

#[test]
fn a_rough_voice_is_less_steady_than_a_lively_one() {
    let mut lively = Recording::default();
    for (frame, hertz) in lively.f0_hz.iter_mut().enumerate() {
        let course = (std::f64::consts::TAU * 3.0 * frame as f64 * 0.01).sin();
        *hertz = hertz.map(|_| (150.0 * 2f64.powf(course * 6.0 / 12.0)) as f32);
    }
    assert!(lively.value("voice.steadiness").unwrap() > 0.95);
    // From 4 s to 9 s, 500 of 700 frames, every other frame is 3 % off.
    let mut rough = Recording::default();
    for hertz in rough.f0_hz[400..900].iter_mut().step_by(2) {
        *hertz = hertz.map(|hertz| hertz * 1.03);
    }
    assert_near(rough.value("voice.steadiness"), 198.0 / 696.0);
    assert_near(Recording::default().value("voice.steadiness"), 1.0);
}

#[test]
fn levels_of_a_known_answer() {
    let mut recording = Recording::default();
    assert_near(recording.value("voice.level_mean"), -20.0);
    assert_near(recording.value("voice.level_range"), 0.0);
    assert_near(recording.value("voice.signal_to_noise"), 40.0);
    for level in &mut recording.level_db[400..900] {
        *level = -32.0;
    }
    assert_near(recording.value("voice.level_range"), 12.0);
}

#[test]
fn poor_sound_is_not_assessed() {
    let noisy = |decibels| Recording { signal_to_noise_db: Some(decibels), ..Recording::default() };
    let poor = |recording: &Recording| -> Vec<String> {
        let features = recording.measure().into_iter();
        features.filter(|f| f.not_assessed == Some(NotAssessed::PoorQuality)).map(|f| f.name).collect()
    };
    assert_eq!(poor(&noisy(10.0)), Vec::<String>::new());
    assert_eq!(poor(&noisy(9.9)), ["voice.level_range", "voice.steadiness"]);
    assert_eq!(
        poor(&noisy(4.9)),
        ["voice.f0_median", "voice.f0_range", "voice.f0_slope", "voice.level_range", "voice.steadiness"]
    );
    // The ratio itself says how poor the sound is.
    assert_eq!(poor(&noisy(2.9)).len(), DEFINITIONS.len() - 1);
    let clipped = |ratio| Recording { clipped_ratio: ratio, ..Recording::default() };
    assert_eq!(poor(&clipped(0.02)), ["voice.level_mean", "voice.level_range"]);
    assert_eq!(poor(&clipped(0.2)).len(), 6);
}

#[test]
fn reasons_say_what_was_missing() {
    let all = |features: Vec<Feature>, reason| {
        assert!(
            features.iter().all(|feature| feature.not_assessed == Some(reason)),
            "{reason:?}: {features:?}"
        );
    };
    let text = TextAnswer { id: id("a1"), question: None, text: "I would…".to_owned(), language: None };
    all(measure_answer(&Answer::Text(text), &Recording::default().perception()), NotAssessed::NotApplicable);
    all(Recording { speech: Vec::new(), ..Recording::default() }.measure(), NotAssessed::NoSpeech);
    let answer = RecordedAnswer {
        id: id("a1"),
        question: None,
        media: MediaRef { uri: "a.mp4".to_owned(), sha256: None, bytes: None },
        question_end_s: None,
        language: None,
    };
    let silent = AnswerPerception { voice: None, ..Recording::default().perception() };
    all(measure_answer(&Answer::Video(answer), &silent), NotAssessed::NoAudio);

    let doubtful = Recording { unreliable: true, ..Recording::default() };
    for name in ["speech.speech_rate", "speech.articulation_rate", "speech.filled_pause_rate"] {
        assert_eq!(doubtful.reason(name), Some(NotAssessed::UnreliableTranscript), "{name}");
    }
    assert_near(doubtful.value("speech.pause_ratio"), 0.125);
    assert_near(doubtful.value("speech.answer_latency"), 1.0);

    let short = Recording { speech: vec![(1.0, 1.4)], ..Recording::default() };
    for name in ["speech.speech_rate", "speech.pause_rate", "voice.f0_median", "voice.steadiness"] {
        assert_eq!(short.reason(name), Some(NotAssessed::TooShort), "{name}");
    }
    assert_near(short.value("speech.speaking_time"), 0.4);
}

#[test]
fn more_speech_gives_more_confidence() {
    let confidence = |recording: &Recording| find(&recording.measure(), "speech.speech_rate").confidence;
    let short = Recording { speech: vec![(1.0, 3.0)], ..Recording::default() };
    let noisy = Recording { signal_to_noise_db: Some(8.0), ..Recording::default() };
    assert!(confidence(&short) < confidence(&Recording::default()));
    assert!(confidence(&noisy) < confidence(&Recording::default()));
}

/// Any recording at all, sorted and plausible or not.
fn recordings() -> impl Strategy<Value = Recording> {
    let time = -1.0..40.0f64;
    let word = prop::sample::select(vec!["um,", "manage", "", "那个", "嗯", "2019", "客户", "…", "%", "KPI"]);
    let frame = (prop::option::of(60.0..620.0f32), -110.0..10.0f32);
    let words = prop::collection::vec((word, time.clone(), time.clone()), 0..40);
    let quality =
        (prop::option::of(-20.0..80.0f64), 0.0..0.2f64, prop::option::of(time.clone()), any::<bool>());
    (
        prop::collection::vec((time.clone(), time), 0..12),
        words,
        prop::collection::vec(frame, 0..4000),
        quality,
    )
        .prop_map(|(speech, words, frames, (signal_to_noise_db, clipped_ratio, question_end_s, zh))| {
            let (f0_hz, level_db) = frames.into_iter().unzip();
            let language = if zh { Language::Zh } else { Language::En };
            Recording {
                speech,
                words,
                f0_hz,
                level_db,
                language,
                question_end_s,
                signal_to_noise_db,
                clipped_ratio,
                unreliable: false,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value_is_finite_and_in_range(recording in recordings()) {
        for feature in recording.measure() {
            let definition = DEFINITIONS.iter().find(|definition| definition.name == feature.name).unwrap();
            match feature.value {
                Some(value) => {
                    prop_assert!(value.is_finite() && feature.not_assessed.is_none());
                    prop_assert!((definition.range.0..=definition.range.1).contains(&value), "{feature:?}");
                    prop_assert!((0.0..=1.0).contains(&feature.confidence));
                }
                None => prop_assert!(feature.not_assessed.is_some()),
            }
            for evidence in &feature.evidence {
                prop_assert!(evidence.start_s.is_finite() && evidence.end_s >= evidence.start_s, "{feature:?}");
            }
        }
    }

    #[test]
    fn a_later_answer_has_the_same_features(recording in recordings(), frames in 1usize..500) {
        let by_s = frames as f64 * 0.01;
        let mut recording = recording;
        recording.question_end_s = Some(recording.question_end_s.unwrap_or(0.0).max(0.0));
        // Away from the borders of frames, where rounding of the sum could decide.
        for (start_s, end_s) in &mut recording.speech {
            (*start_s, *end_s) = ((*start_s * 100.0).round() / 100.0, (*end_s * 100.0).round() / 100.0);
        }
        let mut later = recording.clone();
        later.question_end_s = recording.question_end_s.map(|end| end + by_s);
        later.speech.iter_mut().for_each(|span| *span = (span.0 + by_s, span.1 + by_s));
        later.words.iter_mut().for_each(|word| *word = (word.0, word.1 + by_s, word.2 + by_s));
        later.f0_hz.splice(0..0, std::iter::repeat_n(None, frames));
        later.level_db.splice(0..0, std::iter::repeat_n(-70.0, frames));
        for (before, after) in recording.measure().iter().zip(later.measure()) {
            // The time before the answer says more about the noise.
            if before.name != "voice.signal_to_noise" {
                prop_assert_eq!(before.not_assessed, after.not_assessed, "{}", before.name);
                if let (Some(a), Some(b)) = (before.value, after.value) {
                    prop_assert!((a - b).abs() <= 1e-5 * a.abs().max(1.0), "{}: {a} {b}", before.name);
                }
            }
        }
    }

    #[test]
    fn louder_is_only_louder(recording in recordings()) {
        let mut recording = recording;
        recording.level_db.iter_mut().for_each(|level| *level = level.clamp(-90.0, -20.0));
        let mut louder = recording.clone();
        louder.level_db.iter_mut().for_each(|level| *level += 6.0);
        for (before, after) in recording.measure().iter().zip(louder.measure()) {
            let shift = if before.name == "voice.level_mean" { 6.0 } else { 0.0 };
            match (before.value, after.value) {
                (Some(a), Some(b)) => prop_assert!((a + shift - b).abs() < 1e-3, "{}: {a} {b}", before.name),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }
}
