//! Why a score is what it is, in a few sentences for people, in both languages.

use interview_schemas::Bilingual;
use interview_schemas::features::NotAssessed;
use interview_schemas::report::{Competency, Grade};

use super::Profile;
use super::evaluate::Evaluation;
use super::rules::Consequences;

/// A reason for a missing value, for people.
#[must_use]
pub fn not_assessed_text(reason: NotAssessed) -> Bilingual {
    let (en, zh) = match reason {
        NotAssessed::Policy => ("not allowed by the policy or without consent", "政策不允许或未获同意"),
        NotAssessed::NoAudio => ("no sound", "无声音"),
        NotAssessed::NoVideo => ("no picture", "无画面"),
        NotAssessed::NoSpeech => ("no speech", "无语音"),
        NotAssessed::NoFace => ("no usable face", "未见可用人脸"),
        NotAssessed::NoBaseline => ("no usual direction of gaze", "没有惯常的视线方向"),
        NotAssessed::NoBody => ("shoulders not in view", "肩部不在画面内"),
        NotAssessed::TooShort => ("too little of it", "内容过短"),
        NotAssessed::PoorQuality => ("picture or sound too poor", "画面或声音质量过差"),
        NotAssessed::UnreliableTranscript => ("transcript too uncertain", "转写不可靠"),
        NotAssessed::Language => ("not available in this language", "暂不支持该语言"),
        NotAssessed::NoReference => ("nothing to compare with", "缺少比对依据"),
        NotAssessed::NoModel => ("model not installed", "未安装所需模型"),
        NotAssessed::NotApplicable => ("does not apply to these answers", "不适用于这些回答"),
        NotAssessed::NoAnswer => ("no answer to measure it in", "没有可测量的回答"),
    };
    Bilingual::new(en, zh)
}

/// The sentences: outcome, strongest and weakest competency, and what could not be judged.
pub(super) fn reasons(
    profile: &Profile,
    evaluation: &Evaluation,
    competencies: &[Competency],
    consequences: &Consequences,
) -> Vec<Bilingual> {
    let mut reasons = vec![outcome(profile, evaluation, consequences.rejected)];
    for rule in &consequences.reviews {
        reasons.push(Bilingual::new(
            format!("A person must look: {}", rule.message.en),
            format!("需人工复核：{}", rule.message.zh),
        ));
    }
    let mut judged: Vec<_> = competencies
        .iter()
        .filter(|competency| competency.weight > 0.0)
        .filter_map(|competency| competency.score.map(|score| (score, competency)))
        .collect();
    judged.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    if let (Some((high, strongest)), Some((low, weakest))) = (judged.first(), judged.last())
        && judged.len() > 1
        && high > low
    {
        reasons.push(Bilingual::new(
            format!(
                "Strongest: {} ({high:.0}); weakest: {} ({low:.0}).",
                strongest.title.en, weakest.title.en
            ),
            format!(
                "最强项：{}（{high:.0}分）；最弱项：{}（{low:.0}分）。",
                strongest.title.zh, weakest.title.zh
            ),
        ));
    }
    reasons.extend(missing(competencies));
    reasons
}

fn outcome(profile: &Profile, evaluation: &Evaluation, rejected: bool) -> Bilingual {
    let confidence = 100.0 * evaluation.confidence;
    let Some(score) = evaluation.score else {
        let floor = 100.0 * profile.evidence().floor;
        if evaluation.applies < profile.evidence().floor {
            let applies = 100.0 * evaluation.applies;
            return Bilingual::new(
                format!(
                    "Insufficient evidence: only {applies:.0} % of the profile applies to answers of this kind, at least \
                     {floor:.0} % are needed. No score is given; a person must look."
                ),
                format!(
                    "证据不足：岗位模型中仅{applies:.0}%适用于此类回答，至少需要{floor:.0}%。不予评分，需人工复核。"
                ),
            );
        }
        return Bilingual::new(
            format!(
                "Insufficient evidence: confidence {confidence:.0} %, the profile asks for at least {floor:.0} %. \
                 No score is given; a person must look."
            ),
            format!("证据不足：置信度{confidence:.0}%，岗位模型要求至少{floor:.0}%。不予评分，需人工复核。"),
        );
    };
    let grade = evaluation.grade.title();
    let grades = profile.grades();
    let (en, zh) = match evaluation.grade {
        Grade::Recommended => {
            (format!("at or above {}", grades.recommended), format!("达到{}分", grades.recommended))
        }
        Grade::Consider => (
            format!("at or above {}, below {}", grades.consider, grades.recommended),
            format!("达到{}分、低于{}分", grades.consider, grades.recommended),
        ),
        _ if rejected => ("by a hard rule".to_owned(), "依据硬性规则".to_owned()),
        _ => (format!("below {}", grades.consider), format!("低于{}分", grades.consider)),
    };
    let shown = shown(score, [grades.recommended, grades.consider]);
    Bilingual::new(
        format!("{}: {shown} of 100 points, {en}; confidence {confidence:.0} %.", grade.en),
        format!("{}：{shown}分（满分100），{zh}；置信度{confidence:.0}%。", grade.zh),
    )
}

/// A score with one decimal, as everywhere in the report; with more where that would lift it over a threshold: 79.96
/// must not read as 80.0 beside "below 80".
fn shown(score: f64, thresholds: [f64; 2]) -> String {
    let lifted = |text: &str| {
        text.parse::<f64>().is_ok_and(|value| thresholds.iter().any(|&line| score < line && line <= value))
    };
    let mut texts = (1..=6).map(|decimals| format!("{score:.decimals$}"));
    texts.find(|text| !lifted(text)).unwrap_or_else(|| score.to_string())
}

/// One sentence on what could not be judged, with the reasons.
fn missing(competencies: &[Competency]) -> Option<Bilingual> {
    let mut seen: Vec<(&Bilingual, NotAssessed)> = Vec::new();
    let indicators = competencies.iter().flat_map(|competency| &competency.indicators);
    for indicator in indicators.filter(|indicator| indicator.weight > 0.0) {
        if let Some(reason) = indicator.not_assessed
            && !seen.iter().any(|(title, _)| **title == indicator.title)
        {
            seen.push((&indicator.title, reason));
        }
    }
    if seen.is_empty() {
        return None;
    }
    let list = |language: fn(&Bilingual) -> &str, open: &str, close: &str, separator: &str| {
        let items: Vec<_> = seen
            .iter()
            .map(|(title, reason)| {
                format!("{}{open}{}{close}", language(title), language(&not_assessed_text(*reason)))
            })
            .collect();
        items.join(separator)
    };
    Some(Bilingual::new(
        format!(
            "Not assessed, their weight is shared among the others: {}.",
            list(|text| &text.en, " (", ")", ", ")
        ),
        format!("未评估，其权重由其他指标分担：{}。", list(|text| &text.zh, "（", "）", "、")),
    ))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_score_is_rounded_as_elsewhere_but_never_over_a_threshold() {
        let shown = |score| shown(score, [80.0, 60.0]);
        assert_eq!(shown(93.46), "93.5");
        assert_eq!(shown(79.94), "79.9");
        assert_eq!(shown(79.96), "79.96");
        assert_eq!(shown(59.999), "59.999");
        assert_eq!(shown(80.0), "80.0");
    }
}
