//! Flags: what a person should look at, in both languages. A flag is never a score.

use std::collections::BTreeMap;

use interview_schemas::answer::Answer;
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, MediaFacts, Span, Transcript};
use interview_schemas::report::{AnswerFailure, Flag};
use interview_schemas::{AnswerId, Bilingual};

use crate::media::warning_code as code;
use crate::perception::semantics;
use crate::perception::transcript::Unreliable;

/// The flags of an interview, in the order of its answers; what concerns the whole interview comes first.
#[must_use]
pub fn flags(
    job: &Job,
    perceptions: &[AnswerPerception],
    failures: &BTreeMap<AnswerId, AnswerFailure>,
) -> Vec<Flag> {
    let mut flags = Vec::new();
    if job.test_candidate {
        flags.push(flag(
            "TEST_CANDIDATE",
            None,
            "This is a test candidate. The report is never counted in statistics.",
            "测试候选人，本报告不计入任何统计。",
        ));
    }
    for answer in &job.answers {
        let id = answer.id();
        if let Some(failure) = failures.get(id) {
            flags.push(failed(id, failure));
        } else if let Some(perception) = perceptions.iter().find(|perception| &perception.id == id) {
            perceived(answer, perception, &mut flags);
        }
    }
    flags
}

fn perceived(answer: &Answer, perception: &AnswerPerception, flags: &mut Vec<Flag>) {
    let id = answer.id();
    if let Some(media) = &perception.media {
        media_warnings(answer, media, flags);
        let spoken = perception.transcript.as_ref().is_some_and(|transcript| !transcript.segments.is_empty());
        let speech = perception.voice.as_ref().is_some_and(|voice| !voice.speech.is_empty());
        if media.has_audio && !spoken {
            flags.push(if speech {
                flag(
                    "NO_WORDS",
                    Some(id),
                    "Someone speaks, but no words were understood. Please listen to the recording.",
                    "录音中有人说话，但未能识别出内容，请人工收听。",
                )
            } else {
                flag(
                    "NO_SPEECH",
                    Some(id),
                    "No speech was found in the recording. Please check that the microphone worked.",
                    "录音中未检测到语音，请确认麦克风是否正常。",
                )
            });
        }
    }
    if let Some(transcript) = perception.transcript.as_ref().filter(|it| it.unreliable.is_some()) {
        flags.push(unreliable(id, transcript));
    }
}

fn media_warnings(answer: &Answer, media: &MediaFacts, flags: &mut Vec<Flag>) {
    let mut codes: Vec<&str> = media.warnings.iter().map(|warning| warning.code.as_str()).collect();
    if !media.has_audio && !codes.contains(&code::AUDIO_UNSUPPORTED) {
        codes.push(code::NO_AUDIO);
    }
    let video = matches!(answer, Answer::Video(_));
    if video && !media.has_video && !codes.contains(&code::VIDEO_UNSUPPORTED) {
        codes.push(code::NO_VIDEO);
    }
    for known in codes {
        // A sound recording needs no picture.
        if known == code::NO_VIDEO && !video {
            continue;
        }
        let Some((flagged, message)) = warning_text(known) else { continue };
        if flags.iter().any(|flag| flag.code == flagged && flag.answer.as_ref() == Some(answer.id())) {
            continue;
        }
        flags.push(flag(flagged, Some(answer.id()), message.0, message.1));
    }
}

/// The flag of a warning of the decoder, with what it means for a person in English and Chinese. `None` for
/// what was put right without loss (overlapping sound, jumps of the clock, another size of the picture).
fn warning_text(warning: &str) -> Option<(&'static str, (&'static str, &'static str))> {
    Some(match warning {
        code::NO_AUDIO => (
            code::NO_AUDIO,
            (
                "The recording has no sound: nothing that was said could be analysed.",
                "录制内容没有声音，无法分析所说内容。",
            ),
        ),
        code::AUDIO_UNSUPPORTED => (
            code::AUDIO_UNSUPPORTED,
            (
                "The sound of the recording is in a format that is not accepted; it was not analysed.",
                "录制内容的音频格式不受支持，未进行语音分析。",
            ),
        ),
        code::NO_VIDEO => (
            code::NO_VIDEO,
            ("The video has no picture; only the sound was analysed.", "视频没有画面，仅分析了声音。"),
        ),
        code::VIDEO_UNSUPPORTED => (
            code::VIDEO_UNSUPPORTED,
            (
                "The picture of the recording is in a format that is not accepted; only the sound was analysed.",
                "录制内容的画面格式不受支持，仅分析了声音。",
            ),
        ),
        // Consumers know one code for a recording that broke off.
        code::TRUNCATED => (
            "PARTIAL_MEDIA",
            (
                "The recording breaks off; what was there has been analysed. Please check the upload.",
                "录制内容不完整，仅分析了可读取的部分，请检查上传是否中断。",
            ),
        ),
        code::CORRUPT_PACKETS | code::CORRUPT_FRAMES => (
            "DAMAGED_MEDIA",
            ("Parts of the recording are damaged and were left out.", "录制内容部分损坏，损坏部分已略过。"),
        ),
        code::AUDIO_GAPS => (
            code::AUDIO_GAPS,
            (
                "The sound has gaps; words may be missing from the transcript.",
                "录音存在缺失片段，转写内容可能不完整。",
            ),
        ),
        code::DURATION_MISMATCH => (
            code::DURATION_MISMATCH,
            (
                "The file states another length than it has; the length that was counted is used.",
                "文件标注的时长与实际不符，已按实际时长分析。",
            ),
        ),
        _ => return None,
    })
}

fn unreliable(id: &AnswerId, transcript: &Transcript) -> Flag {
    let given = transcript.unreliable.as_deref().unwrap_or_default();
    if transcript.model == semantics::TYPED {
        let unknown = Bilingual::new(format!("({given})"), format!("（{given}）"));
        let reason = Unreliable::from_code(given).map_or(unknown, semantics::typed_message);
        return flag(
            "UNRELIABLE_TRANSCRIPT",
            Some(id),
            &format!("The typed answer was not judged. {} Please read it.", reason.en),
            &format!("文字回答未用于评分。{}请人工查看。", reason.zh),
        );
    }
    let reason = Unreliable::from_code(given)
        .map_or_else(|| Bilingual::new(format!("({given})"), format!("（{given}）")), Unreliable::message);
    let spans = transcript
        .segments
        .iter()
        .map(|it| Span { start_s: it.start_s, end_s: it.end_s })
        .collect::<Vec<_>>();
    let mut flag = flag(
        "UNRELIABLE_TRANSCRIPT",
        Some(id),
        &format!(
            "The transcript is too uncertain to be judged. {} Please listen to the recording.",
            reason.en
        ),
        &format!("转写结果不够可靠，未用于评分。{}请人工收听。", reason.zh),
    );
    flag.spans = merge(spans);
    flag
}

/// Joins spans that touch or lie less than a second apart, so that a flag names passages, not sentences.
fn merge(spans: Vec<Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start_s - last.end_s < 1.0 => last.end_s = last.end_s.max(span.end_s),
            _ => merged.push(span),
        }
    }
    merged
}

fn failed(id: &AnswerId, failure: &AnswerFailure) -> Flag {
    flag(
        "ANSWER_FAILED",
        Some(id),
        &format!("The answer could not be analysed ({}). Please look at it yourself.", failure.code),
        &format!("该回答无法分析（{}），请人工查看。", failure.code),
    )
}

fn flag(code: &str, answer: Option<&AnswerId>, en: &str, zh: &str) -> Flag {
    Flag {
        code: code.to_owned(),
        answer: answer.cloned(),
        spans: Vec::new(),
        message: Bilingual::new(en, zh),
    }
}
