//! Intake: does the job make sense, and did its interview code admit it? Decided before anything is fetched.

mod location;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use interview_schemas::answer::{Answer, ExternalScore, MediaRef, RecordedAnswer, TextAnswer};
use interview_schemas::job::{InterviewCode, Job, Position, Question};
use interview_schemas::{AnswerId, QuestionId};
use jiff::Timestamp;

pub use location::MediaLocation;

use crate::score::is_name;
use crate::{PipelineError, policy};

/// Most answers in one job.
pub const MAX_ANSWERS: usize = 200;
/// Most questions in one job.
pub const MAX_QUESTIONS: usize = 200;
/// Most requirements of a position, rubric points of a question, synonyms or wordings of one of them.
pub const MAX_ITEMS: usize = 200;
/// Most terms the speech recogniser is told to expect.
pub const MAX_VOCABULARY: usize = 2_000;
/// Longest name, title or code, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest question, requirement, rubric point or remark, in characters.
pub const MAX_SENTENCE_CHARS: usize = 5_000;
/// Longest typed answer or résumé, in characters.
pub const MAX_TEXT_CHARS: usize = 100_000;
/// Latest end of a question, in seconds of the recording: one day.
const MAX_QUESTION_END_S: f64 = 86_400.0;

/// A job that makes sense, with its recordings located.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedJob<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its recordings, in the order of the answers.
    pub media: Vec<CheckedMedia<'a>>,
}

/// A recording whose reference is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMedia<'a> {
    /// The answer it belongs to.
    pub answer: &'a AnswerId,
    /// Where it lies.
    pub location: MediaLocation,
    /// SHA-256 the file must have, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Length the file must have, in bytes.
    pub bytes: Option<u64>,
}

/// Checks a job that was parsed. The time of submission is the job's own `submitted_at`, else `received_at`.
///
/// # Errors
/// [`PipelineError::Job`] with the path of the first field that is wrong, [`PipelineError::Submission`] when
/// the interview code does not admit the submission (R3).
pub fn check(job: &Job, received_at: Option<Timestamp>) -> Result<CheckedJob<'_>, PipelineError> {
    check_names(job)?;
    check_position(&job.position)?;
    let questions = check_questions(&job.questions)?;
    let media = check_answers(&job.answers, &questions)?;
    if let Some(code) = &job.interview_code {
        check_code(code, job.submitted_at.or(received_at))?;
    }
    Ok(CheckedJob { job, media })
}

fn wrong(path: impl Into<String>, message: impl Into<String>) -> PipelineError {
    PipelineError::Job { path: path.into(), message: message.into() }
}

fn check_names(job: &Job) -> Result<(), PipelineError> {
    if let Some(tenant) = &job.tenant {
        check_token("tenant", tenant)?;
    }
    if let Some(branch) = &job.candidate.branch {
        check_text("candidate.branch", branch, MAX_NAME_CHARS)?;
    }
    if let Some(resume) = &job.candidate.resume {
        check_length("candidate.resume", resume, MAX_TEXT_CHARS)?;
    }
    if let Some(profile) = &job.profile {
        for part in profile.splitn(2, '@') {
            check_token("profile", part)?;
        }
    }
    if let Some(name) = &job.policy
        && !policy::names().any(|known| known == name)
    {
        let known: Vec<_> = policy::names().collect();
        return Err(wrong("policy", format!("no policy {name:?}; known are {}", known.join(", "))));
    }
    Ok(())
}

fn check_position(position: &Position) -> Result<(), PipelineError> {
    if let Some(id) = &position.id {
        check_text("position.id", id, MAX_NAME_CHARS)?;
    }
    if let Some(title) = &position.title {
        check_text("position.title", title, MAX_NAME_CHARS)?;
    }
    check_count("position.requirements", position.requirements.len(), MAX_ITEMS)?;
    for (index, requirement) in position.requirements.iter().enumerate() {
        let path = format!("position.requirements[{index}]");
        check_words(&format!("{path}.text"), &requirement.text)?;
        check_wordings(&format!("{path}.synonyms"), &requirement.synonyms)?;
    }
    check_texts("position.vocabulary", &position.vocabulary, MAX_VOCABULARY)
}

fn check_questions(questions: &[Question]) -> Result<BTreeSet<&QuestionId>, PipelineError> {
    check_count("questions", questions.len(), MAX_QUESTIONS)?;
    let mut ids = BTreeSet::new();
    for (index, question) in questions.iter().enumerate() {
        let path = format!("questions[{index}]");
        if !ids.insert(&question.id) {
            return Err(wrong(
                format!("{path}.id"),
                format!("{} is the id of an earlier question", question.id),
            ));
        }
        check_text(&format!("{path}.text"), &question.text, MAX_SENTENCE_CHARS)?;
        if let Some(scene) = &question.scene {
            check_scene(&format!("{path}.scene"), scene)?;
        }
        check_rubric(&path, question)?;
    }
    Ok(ids)
}

fn check_rubric(path: &str, question: &Question) -> Result<(), PipelineError> {
    check_count(&format!("{path}.rubric"), question.rubric.len(), MAX_ITEMS)?;
    let mut ids = BTreeSet::new();
    for (index, point) in question.rubric.iter().enumerate() {
        let path = format!("{path}.rubric[{index}]");
        check_text(&format!("{path}.id"), &point.id, MAX_NAME_CHARS)?;
        if !ids.insert(point.id.as_str()) {
            return Err(wrong(format!("{path}.id"), format!("{:?} is the id of an earlier point", point.id)));
        }
        check_words(&format!("{path}.text"), &point.text)?;
        check_wordings(&format!("{path}.wordings"), &point.wordings)?;
        if !(point.weight.is_finite() && (0.0..=1_000.0).contains(&point.weight)) {
            return Err(wrong(format!("{path}.weight"), format!("{} is not from 0 to 1000", point.weight)));
        }
        if point.order == Some(0) {
            return Err(wrong(format!("{path}.order"), "places are counted from 1"));
        }
    }
    Ok(())
}

fn check_answers<'a>(
    answers: &'a [Answer],
    questions: &BTreeSet<&QuestionId>,
) -> Result<Vec<CheckedMedia<'a>>, PipelineError> {
    if answers.is_empty() {
        return Err(wrong("answers", "at least one answer is needed"));
    }
    check_count("answers", answers.len(), MAX_ANSWERS)?;
    let mut ids = BTreeSet::new();
    let mut media = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let path = format!("answers[{index}]");
        if !ids.insert(answer.id()) {
            return Err(wrong(
                format!("{path}.id"),
                format!("{} is the id of an earlier answer", answer.id()),
            ));
        }
        if let Some(question) = answer.question()
            && !questions.contains(question)
        {
            return Err(wrong(
                format!("{path}.question"),
                format!("no question {question} in `questions`; add it or correct the reference"),
            ));
        }
        match answer {
            Answer::Video(recorded) | Answer::Audio(recorded) => media.push(check_recorded(&path, recorded)?),
            Answer::Text(TextAnswer { text, .. }) => {
                check_length(&format!("{path}.text"), text, MAX_TEXT_CHARS)?;
            }
            Answer::External(score) => check_external(&path, score)?,
        }
    }
    Ok(media)
}

fn check_recorded<'a>(path: &str, answer: &'a RecordedAnswer) -> Result<CheckedMedia<'a>, PipelineError> {
    if let Some(end_s) = answer.question_end_s
        && !(end_s.is_finite() && (0.0..=MAX_QUESTION_END_S).contains(&end_s))
    {
        return Err(wrong(
            format!("{path}.question_end_s"),
            format!("{end_s} is not from 0 to {MAX_QUESTION_END_S} seconds"),
        ));
    }
    let MediaRef { uri, sha256, bytes } = &answer.media;
    let location =
        MediaLocation::parse(uri).map_err(|message| wrong(format!("{path}.media.uri"), message))?;
    if let Some(sha256) = sha256
        && !(sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        return Err(wrong(format!("{path}.media.sha256"), "a SHA-256 has 64 hexadecimal digits"));
    }
    let sha256 = sha256.as_ref().map(|text| text.to_ascii_lowercase());
    Ok(CheckedMedia { answer: &answer.id, location, sha256, bytes: *bytes })
}

fn check_external(path: &str, external: &ExternalScore) -> Result<(), PipelineError> {
    check_token(&format!("{path}.measure"), &external.measure)?;
    check_text(&format!("{path}.source"), &external.source, MAX_NAME_CHARS)?;
    if let Some(remark) = &external.remark {
        check_length(&format!("{path}.remark"), remark, MAX_SENTENCE_CHARS)?;
    }
    let ExternalScore { score, min, max, .. } = *external;
    if !min.is_finite() || !max.is_finite() || min >= max || !(max - min).is_finite() {
        return Err(wrong(format!("{path}.max"), format!("the range from {min} to {max} holds no rating")));
    }
    if !score.is_finite() || score < min || score > max {
        return Err(wrong(format!("{path}.score"), format!("{score} is not from {min} to {max}")));
    }
    Ok(())
}

fn check_code(code: &InterviewCode, submitted_at: Option<Timestamp>) -> Result<(), PipelineError> {
    check_text("interview_code.code", &code.code, MAX_NAME_CHARS)?;
    if let (Some(from), Some(until)) = (code.valid_from, code.valid_until)
        && from > until
    {
        return Err(wrong("interview_code.valid_until", format!("{until} is before valid_from, {from}")));
    }
    if code.valid_from.is_some() || code.valid_until.is_some() {
        let Some(at) = submitted_at else {
            return Err(wrong("submitted_at", "needed because the interview code is valid for a time only"));
        };
        if let Some(from) = code.valid_from.filter(|from| at < *from) {
            return Err(refused(format!("submitted at {at}, but the interview code is valid from {from}")));
        }
        if let Some(until) = code.valid_until.filter(|until| at > *until) {
            return Err(refused(format!("submitted at {at}, but the interview code expired at {until}")));
        }
    }
    match (code.submission_number, code.submission_limit) {
        (Some(0), _) => Err(wrong("interview_code.submission_number", "submissions are counted from 1")),
        (None, Some(_)) => {
            Err(wrong("interview_code.submission_number", "needed because the interview code has a limit"))
        }
        (Some(number), Some(limit)) if number > limit => {
            Err(refused(format!("this is submission {number}, the interview code allows {limit}")))
        }
        _ => Ok(()),
    }
}

fn refused(message: String) -> PipelineError {
    PipelineError::Submission(message)
}

fn check_count(path: &str, count: usize, most: usize) -> Result<(), PipelineError> {
    if count > most { Err(wrong(path, format!("at most {most} entries, found {count}"))) } else { Ok(()) }
}

fn check_length(path: &str, text: &str, most: usize) -> Result<(), PipelineError> {
    // A string has at most as many characters as bytes: count only what may be too long.
    if text.len() > most {
        let count = text.chars().count();
        if count > most {
            return Err(wrong(path, format!("at most {most} characters, found {count}")));
        }
    }
    Ok(())
}

fn check_text(path: &str, text: &str, most: usize) -> Result<(), PipelineError> {
    if text.trim().is_empty() {
        return Err(wrong(path, "must not be empty"));
    }
    check_length(path, text, most)
}

fn check_texts(path: &str, texts: &[String], most: usize) -> Result<(), PipelineError> {
    check_count(path, texts.len(), most)?;
    for (index, text) in texts.iter().enumerate() {
        check_text(&format!("{path}[{index}]"), text, MAX_SENTENCE_CHARS)?;
    }
    Ok(())
}

/// A text that is looked for in answers: without a letter or digit it would be missing in all of them.
fn check_words(path: &str, text: &str) -> Result<(), PipelineError> {
    check_text(path, text, MAX_SENTENCE_CHARS)?;
    if text.chars().any(char::is_alphanumeric) {
        Ok(())
    } else {
        Err(wrong(path, "holds no word, so that no answer could ever show it; write it out or leave it away"))
    }
}

fn check_wordings(path: &str, texts: &[String]) -> Result<(), PipelineError> {
    check_count(path, texts.len(), MAX_ITEMS)?;
    texts.iter().enumerate().try_for_each(|(index, text)| check_words(&format!("{path}[{index}]"), text))
}

/// A scene is compared with those of profiles, which are lower-case: another spelling would be no scene at all.
fn check_scene(path: &str, scene: &str) -> Result<(), PipelineError> {
    check_token(path, scene)?;
    if is_name(scene) {
        return Ok(());
    }
    let lower = scene.to_ascii_lowercase();
    let near = if is_name(&lower) { format!("; write {lower:?}") } else { String::new() };
    Err(wrong(
        path,
        format!(
            "{scene:?} is no scene: 1 to 64 lower-case letters, digits, '-' and '_', a letter first{near}"
        ),
    ))
}

/// Names that become parts of file names, storage keys and feature names.
fn check_token(path: &str, text: &str) -> Result<(), PipelineError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > MAX_NAME_CHARS || text.starts_with('.') || !text.chars().all(allowed) {
        return Err(wrong(
            path,
            format!("{text:?} must consist of letters, digits, '.', '_' and '-' and not begin with '.'"),
        ));
    }
    Ok(())
}
