//! Flags: what a person should look at, in both languages. A flag is never a score.

use std::collections::BTreeMap;

use interview_schemas::answer::Answer;
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, MediaFacts, Span, Transcript};
use interview_schemas::report::{AnswerFailure, Flag};
use interview_schemas::{AnswerId, Bilingual};

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
    let id = answer.id();
    let warned = |code: &str| media.warnings.iter().any(|warning| warning.code == code);
    if !media.has_audio && !warned("NO_AUDIO") {
        flags.push(Flag {
            code: "NO_AUDIO".to_owned(),
            answer: Some(id.clone()),
            spans: Vec::new(),
            message: warning_text("NO_AUDIO", ""),
        });
    }
    if matches!(answer, Answer::Video(_)) && !media.has_video && !warned("NO_VIDEO") {
        flags.push(Flag {
            code: "NO_VIDEO".to_owned(),
            answer: Some(id.clone()),
            spans: Vec::new(),
            message: warning_text("NO_VIDEO", ""),
        });
    }
    for warning in &media.warnings {
        // Consumers know one code for a recording that broke off, whatever noticed it.
        let code = match warning.code.as_str() {
            "TRUNCATED" | "PARTIAL" => "PARTIAL_MEDIA",
            other => other,
        };
        if flags.iter().any(|flag| flag.code == code && flag.answer.as_ref() == Some(id)) {
            continue;
        }
        flags.push(Flag {
            code: code.to_owned(),
            answer: Some(id.clone()),
            spans: Vec::new(),
            message: warning_text(code, &warning.message),
        });
    }
}

/// What a warning of the decoder means for a person; codes without a text of their own keep the decoder's.
fn warning_text(code: &str, message: &str) -> Bilingual {
    let (en, zh) = match code {
        "NO_AUDIO" => (
            "The recording has no sound: nothing that was said could be analysed.",
            "录制内容没有声音，无法分析所说内容。",
        ),
        "NO_VIDEO" => {
            ("The video has no picture; only the sound was analysed.", "视频没有画面，仅分析了声音。")
        }
        "PARTIAL_MEDIA" => (
            "The recording breaks off; what was there has been analysed. Please check the upload.",
            "录制内容不完整，仅分析了可读取的部分，请检查上传是否中断。",
        ),
        "CORRUPT_PACKETS" => {
            ("Parts of the recording are damaged and were left out.", "录制内容部分损坏，损坏部分已略过。")
        }
        "DURATION_MISMATCH" => (
            "The file states another length than it has; the length that was counted is used.",
            "文件标注的时长与实际不符，已按实际时长分析。",
        ),
        _ => {
            let detail = if message.is_empty() { code } else { message };
            return Bilingual::new(
                format!("Something is unusual about the recording: {detail}"),
                format!("录制文件存在异常：{detail}"),
            );
        }
    };
    Bilingual::new(en, zh)
}

fn unreliable(id: &AnswerId, transcript: &Transcript) -> Flag {
    let reason = transcript.unreliable.as_deref().unwrap_or_default();
    let spans = transcript
        .segments
        .iter()
        .map(|it| Span { start_s: it.start_s, end_s: it.end_s })
        .collect::<Vec<_>>();
    let mut flag = flag(
        "UNRELIABLE_TRANSCRIPT",
        Some(id),
        &format!("The transcript is too uncertain to be judged ({reason}). Please listen to the recording."),
        &format!("转写结果不够可靠，未用于评分（{reason}），请人工收听。"),
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
