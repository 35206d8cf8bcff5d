//! Words of the report: reasons, units, kinds and levels in English and Chinese.

use interview_schemas::Bilingual;
use interview_schemas::features::NotAssessed;
use interview_schemas::job::Scenario;
use interview_schemas::policy::Consent;
use interview_schemas::report::Grade;

/// What a recommendation means, for somebody who sees the report for the first time.
pub(super) fn grade_meaning(grade: Grade) -> Bilingual {
    match grade {
        Grade::Recommended => Bilingual::new(
            "What was measured reaches the profile's mark for a recommendation. A person decides.",
            "测量结果达到岗位画像的推荐标准。最终由人工决定。",
        ),
        Grade::Consider => Bilingual::new(
            "What was measured lies between the profile's marks. Look at strengths and weaknesses below; a person decides.",
            "测量结果介于岗位画像的两个标准之间，请结合下方强项与弱项判断。最终由人工决定。",
        ),
        Grade::NotRecommended => Bilingual::new(
            "What was measured stays below the profile's marks. Please check the evidence below; a person decides.",
            "测量结果低于岗位画像的标准，请核对下方依据。最终由人工决定。",
        ),
        Grade::InsufficientEvidence => Bilingual::new(
            "Too little could be measured for a score. This says nothing about the candidate: a person must look at the interview.",
            "可测量的内容过少，不足以给出分数。这不代表对候选人的评价，须由人工查看面试内容。",
        ),
    }
}

/// Why something has no value.
pub(super) fn not_assessed(reason: NotAssessed) -> Bilingual {
    let (en, zh) = match reason {
        NotAssessed::Policy => {
            ("the policy does not allow it, or consent was not given", "政策不允许，或未取得同意")
        }
        NotAssessed::NoAudio => ("the recording has no sound", "录制内容没有声音"),
        NotAssessed::NoVideo => ("the recording has no picture", "录制内容没有画面"),
        NotAssessed::NoSpeech => ("nobody speaks in the recording", "录音中没有语音"),
        NotAssessed::NoFace => ("no face was in view for long enough", "画面中未出现足够时长的人脸"),
        NotAssessed::NoBaseline => {
            ("there is no usual direction of gaze to compare with", "没有可作基准的惯常视线方向")
        }
        NotAssessed::NoBody => ("the shoulders were not in view", "画面中看不到肩部"),
        NotAssessed::TooShort => ("there was too little of it to measure", "内容过少，无法测量"),
        NotAssessed::PoorQuality => ("picture or sound is too poor", "画面或声音质量过差"),
        NotAssessed::UnreliableTranscript => ("the transcript is too uncertain", "转写结果不够可靠"),
        NotAssessed::Language => ("it is not available in this language", "暂不支持该语言"),
        NotAssessed::NoReference => {
            ("the job gave nothing to compare with", "任务中没有可供对照的内容（问题、要求或评分要点）")
        }
        NotAssessed::NoModel => ("the model it needs is not installed", "所需模型未安装"),
        NotAssessed::NotApplicable => ("it does not apply to this kind of answer", "不适用于此类回答"),
        NotAssessed::NoAnswer => (
            "there is no answer in which it could be measured",
            "没有可测量该项的回答（如缺少该情境的题目或评分）",
        ),
    };
    Bilingual::new(en, zh)
}

/// A unit of the catalogue; an unknown one is shown as it stands.
pub(super) fn unit(unit: &str) -> Bilingual {
    let (en, zh) = match unit {
        "syllables/s" => ("syllables/s", "音节/秒"),
        "characters/s" => ("characters/s", "字/秒"),
        "words/min" => ("words/min", "词/分钟"),
        "words" => ("words", "词"),
        "characters" => ("characters", "字"),
        "count" => ("", ""),
        "s" => ("s", "秒"),
        "1/min" => ("per minute", "次/分钟"),
        "Hz" => ("Hz", "赫兹"),
        "dB" => ("dB", "分贝"),
        "semitones" => ("semitones", "半音"),
        "semitones/s" => ("semitones/s", "半音/秒"),
        "score" => ("points", "分"),
        "deg" => ("°", "°"),
        other => (other, other),
    };
    Bilingual::new(en, zh)
}

/// The kind of an answer.
pub(super) fn kind(kind: &str) -> Bilingual {
    match kind {
        "video" => Bilingual::new("Video", "视频"),
        "audio" => Bilingual::new("Audio", "音频"),
        "text" => Bilingual::new("Written answer", "文字回答"),
        "external" => Bilingual::new("External rating", "外部评分"),
        other => Bilingual::new(other, other),
    }
}

/// Why a candidate is interviewed.
pub(super) fn scenario(scenario: Scenario) -> Bilingual {
    match scenario {
        Scenario::ExternalHire => Bilingual::new("External hire", "外部招聘"),
        Scenario::InternalPromotion => Bilingual::new("Internal promotion", "内部晋升"),
    }
}

/// What the candidate agreed to.
pub(super) fn consent(consent: Consent) -> Bilingual {
    match consent {
        Consent::AiAnalysis => Bilingual::new("automated analysis", "自动化分析"),
        Consent::VideoAnalysis => Bilingual::new("analysis of the picture", "画面分析"),
        Consent::FacialExpression => Bilingual::new("facial expression", "面部表情"),
        Consent::BiometricIdentity => Bilingual::new("biometric identity", "生物特征身份"),
        Consent::Sentiment => Bilingual::new("sentiment", "情感倾向"),
    }
}

/// A confidence (0–1) in a word: key for the style, text for people.
pub(super) fn confidence(value: f64) -> (&'static str, Bilingual) {
    if value >= 0.8 {
        ("high", Bilingual::new("high", "高"))
    } else if value >= 0.5 {
        ("medium", Bilingual::new("medium", "中"))
    } else {
        ("low", Bilingual::new("low", "低"))
    }
}
