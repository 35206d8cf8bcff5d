//! Flags for what a job requires: a must requirement or a must point that was not found is a matter for a person, and
//! so is one that could not be looked for. They never reject by themselves.
//!
//! What was found stands in the lines of evidence of the coverage features: a line that begins with ✗ names what an
//! answer does not show. A requirement is missing when no answer and not the résumé shows it, a point when no answer
//! to its question covers it; both only when every answer could be judged.

use std::collections::BTreeSet;

use interview_schemas::features::{AnswerFeatures, Feature, NotAssessed};
use interview_schemas::job::{Job, Question};
use interview_schemas::report::Flag;
use interview_schemas::{AnswerId, Bilingual};

/// A must requirement was not found.
pub const REQUIREMENT_MISSING: &str = "REQUIREMENT_MISSING";
/// Whether a must requirement is met could not be judged.
pub const REQUIREMENT_NOT_ASSESSED: &str = "REQUIREMENT_NOT_ASSESSED";
/// A must point was not found.
pub const REQUIRED_POINT_MISSING: &str = "REQUIRED_POINT_MISSING";
/// Whether a must point was covered could not be judged.
pub const REQUIRED_POINT_NOT_ASSESSED: &str = "REQUIRED_POINT_NOT_ASSESSED";

/// What begins a line of evidence for something that was not found.
const NOT_FOUND: &str = "✗ ";
/// Most names that one flag lists.
const MOST_NAMES: usize = 12;
/// Longest name in a flag, in characters.
const LONGEST_NAME: usize = 120;

/// The flags for what the job requires: of the position first, then of each question in the order of the job.
#[must_use]
pub fn required_flags(job: &Job, answers: &[AnswerFeatures]) -> Vec<Flag> {
    let mut flags = requirements(job, answers);
    for question in &job.questions {
        flags.extend(points(job, question, answers));
    }
    flags
}

/// What some answers show of a list of texts.
struct Search<'a> {
    /// Per answer that could be judged the texts that it does not show; `None` for one that says nothing.
    judged: Vec<Option<BTreeSet<&'a str>>>,
    /// Answers that should show something and could not be judged.
    blind: usize,
}

impl<'a> Search<'a> {
    /// Looks into the features of these names.
    fn new(answers: impl Iterator<Item = &'a AnswerFeatures>, names: &[&str]) -> Self {
        let mut search = Self { judged: Vec::new(), blind: 0 };
        for answer in answers.filter(|answer| answer.kind != "external") {
            let features: Vec<&Feature> =
                answer.features.iter().filter(|feature| names.contains(&feature.name.as_str())).collect();
            if features.iter().any(|feature| feature.value.is_some()) {
                let lines = features.iter().flat_map(|feature| &feature.evidence);
                search
                    .judged
                    .push(Some(lines.filter_map(|line| line.text.strip_prefix(NOT_FOUND)).collect()));
            } else if is_blank(answer) {
                search.judged.push(None);
            } else if features.is_empty() || features.iter().any(|feature| hides_something(feature)) {
                // An answer without features failed as a whole.
                search.blind += 1;
            }
        }
        search
    }

    /// Whether an answer shows a text.
    fn shows(&self, text: &str) -> bool {
        self.judged.iter().flatten().any(|lines| !lines.iter().any(|line| names(line, text)))
    }

    /// Whether there was anything to judge, and all of it could be judged.
    fn is_complete(&self) -> bool {
        self.blind == 0 && !self.judged.is_empty()
    }
}

/// Whether a line of evidence, after its mark, is about this text: the text itself, perhaps shortened, perhaps followed
/// by a quotation.
fn names(line: &str, text: &str) -> bool {
    let shortened = |line: &str| line.strip_suffix('…').is_some_and(|start| text.starts_with(start));
    line.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with(": ")) || shortened(line)
}

/// Whether a written answer holds no word. That is known, not unmeasured.
fn is_blank(answer: &AnswerFeatures) -> bool {
    let silent = |feature: &Feature| {
        feature.name == "content.length" && feature.not_assessed == Some(NotAssessed::NoSpeech)
    };
    answer.kind == "text" && answer.features.iter().any(silent)
}

/// Whether a feature was not measured although there may have been something to measure.
fn hides_something(feature: &Feature) -> bool {
    feature
        .not_assessed
        .is_some_and(|reason| !matches!(reason, NotAssessed::NotApplicable | NotAssessed::NoReference))
}

/// The flags for must requirements of the position. The résumé counts as well as the answers.
fn requirements(job: &Job, answers: &[AnswerFeatures]) -> Vec<Flag> {
    let required: Vec<&str> =
        job.position.requirements.iter().filter(|it| it.must).map(|it| it.text.as_str()).collect();
    let said = Search::new(answers.iter(), &["content.requirement_coverage"]);
    let written = Search::new(answers.iter(), &["content.resume_coverage"]);
    let absent: Vec<&str> =
        required.into_iter().filter(|text| !said.shows(text) && !written.shows(text)).collect();
    if absent.is_empty() {
        return Vec::new();
    }
    let (en, zh) = list(&absent);
    if !said.is_complete() {
        let message = Bilingual::new(
            format!(
                "Whether these requirements are met could not be judged, because no answer or not every answer could \
                 be: {en}. Please look yourself."
            ),
            format!("没有可识别的回答，或部分回答无法识别，不能判断是否满足以下必备要求：{zh}。请人工查看。"),
        );
        return vec![flag(REQUIREMENT_NOT_ASSESSED, None, message)];
    }
    let message = if written.judged.is_empty() {
        Bilingual::new(
            format!("Required for the position, but not found in the answers: {en}. Please ask or check."),
            format!("岗位必备要求，但回答中未提及：{zh}。请追问或核实。"),
        )
    } else {
        Bilingual::new(
            format!(
                "Required for the position, but found neither in the answers nor in the résumé: {en}. Please ask or \
                 check."
            ),
            format!("岗位必备要求，但回答和简历中均未提及：{zh}。请追问或核实。"),
        )
    };
    vec![flag(REQUIREMENT_MISSING, None, message)]
}

/// The flag for the must points of a question, on its answer where it has exactly one.
fn points(job: &Job, question: &Question, answers: &[AnswerFeatures]) -> Option<Flag> {
    let required: Vec<&str> =
        question.rubric.iter().filter(|point| point.must).map(|point| point.text.as_str()).collect();
    if required.is_empty() {
        return None;
    }
    let asked: BTreeSet<&AnswerId> = job
        .answers
        .iter()
        .filter(|answer| answer.question() == Some(&question.id))
        .map(interview_schemas::answer::Answer::id)
        .collect();
    let own: Vec<&AnswerFeatures> =
        answers.iter().filter(|answer| answer.kind != "external" && asked.contains(&answer.id)).collect();
    let search =
        Search::new(own.iter().copied(), &["content.rubric_coverage", "content.rubric_must_coverage"]);
    let absent: Vec<&str> = required.into_iter().filter(|text| !search.shows(text)).collect();
    if absent.is_empty() {
        return None;
    }
    let (en, zh) = list(&absent);
    let asked = shorten(&question.text);
    let only = match own.as_slice() {
        [one] => Some(&one.id),
        _ => None,
    };
    Some(if own.is_empty() {
        let message = Bilingual::new(
            format!(
                "There is no answer to the question “{asked}”, so the points that it requires could not be judged: {en}."
            ),
            format!("问题“{asked}”没有回答，无法判断以下必答要点：{zh}。"),
        );
        flag(REQUIRED_POINT_NOT_ASSESSED, None, message)
    } else if search.is_complete() {
        let message = Bilingual::new(
            format!(
                "An answer to the question “{asked}” must cover, but these points were not found in it: {en}."
            ),
            format!("问题“{asked}”的回答中未找到以下必答要点：{zh}。"),
        );
        flag(REQUIRED_POINT_MISSING, only, message)
    } else {
        let message = Bilingual::new(
            format!(
                "Whether the answer to the question “{asked}” covers what it must could not be judged: {en}. Please \
                 look yourself."
            ),
            format!("问题“{asked}”的回答无法识别，不能判断是否答出以下必答要点：{zh}。请人工查看。"),
        );
        flag(REQUIRED_POINT_NOT_ASSESSED, only, message)
    })
}

/// Names in quotation marks for a sentence in English and in Chinese; what is too much is counted.
fn list(names: &[&str]) -> (String, String) {
    let shown: Vec<String> =
        names.iter().take(MOST_NAMES).map(|name| format!("“{}”", shorten(name))).collect();
    let (mut en, mut zh) = (shown.join(", "), shown.join("、"));
    let more = names.len() - shown.len();
    if more > 0 {
        en += &format!(" and {more} more");
        zh += &format!("等{}项", names.len());
    }
    (en, zh)
}

/// A name of at most [`LONGEST_NAME`] characters.
fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

fn flag(code: &str, answer: Option<&AnswerId>, message: Bilingual) -> Flag {
    Flag { code: code.to_owned(), answer: answer.cloned(), spans: Vec::new(), message }
}
