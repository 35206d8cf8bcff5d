//! Jobs from the command line: a job file, or a recording that becomes a job of one answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use interview_schemas::answer::{Answer, MediaRef, RecordedAnswer};
use interview_schemas::job::{Candidate, Job, JobSchemaVersion, Position, Question, QuestionKind, Scenario};
use interview_schemas::{AnswerId, CandidateRef, ErrorCode, JobId, Language, QuestionId, parse};

use crate::error::CommandError;

/// A job with the local files of its recordings.
type LocalJob = (Job, BTreeMap<AnswerId, PathBuf>);

/// A short name for an input: its file name without extension, reduced to the characters of identifiers.
pub(crate) fn name_of(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '-' })
        .take(64)
        .collect();
    if name.is_empty() { "interview".to_owned() } else { name }
}

/// Appends numbers where two inputs have the same name, so that no result overwrites another.
pub(crate) fn make_names_unique<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut seen = BTreeSet::new();
    for name in names {
        let base = name.clone();
        let mut number = 2;
        while !seen.insert(name.clone()) {
            *name = format!("{base}-{number}");
            number += 1;
        }
    }
}

fn invalid(path: &Path, message: impl std::fmt::Display) -> CommandError {
    CommandError::new(ErrorCode::InvalidJob, format!("{}: {message}", path.display()))
}

/// Reads a job file; media references are taken relative to it.
pub(crate) fn read(path: &Path) -> Result<LocalJob, CommandError> {
    let bytes = std::fs::read(path).map_err(|error| {
        CommandError::new(ErrorCode::Configuration, format!("job file {}: {error}", path.display()))
    })?;
    let job: Job = parse::from_json(&bytes).map_err(|error| invalid(path, error))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut media = BTreeMap::new();
    for answer in &job.answers {
        if let Answer::Video(recorded) | Answer::Audio(recorded) = answer {
            let uri = &recorded.media.uri;
            if uri.starts_with("s3://") {
                return Err(CommandError::new(
                    ErrorCode::Configuration,
                    format!(
                        "answer {}: {uri} lies in a store; `interview analyze` reads local files only",
                        recorded.id
                    ),
                ));
            }
            let relative = uri.strip_prefix("file:").unwrap_or(uri);
            media.insert(recorded.id.clone(), folder.join(relative));
        }
    }
    Ok((job, media))
}

/// Makes a job of one recorded answer.
pub(crate) fn from_recording(path: &Path, question: Option<&str>) -> Result<LocalJob, CommandError> {
    let internal = |error: interview_schemas::ids::IdError| invalid(path, error);
    let name = name_of(path);
    let answer_id = AnswerId::new("answer-1").map_err(internal)?;
    let question_id = QuestionId::new("question-1").map_err(internal)?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let job = Job {
        schema_version: JobSchemaVersion::V1,
        job_id: JobId::new(name.clone()).map_err(internal)?,
        tenant: None,
        candidate: Candidate {
            reference: CandidateRef::new(name).map_err(internal)?,
            branch: None,
            resume: None,
        },
        test_candidate: false,
        scenario: Scenario::default(),
        interview_code: None,
        submitted_at: None,
        position: Position::default(),
        profile: None,
        policy: None,
        consent: BTreeSet::new(),
        language: Language::Auto,
        questions: question
            .map(|text| Question {
                id: question_id.clone(),
                text: text.to_owned(),
                kind: QuestionKind::default(),
                scene: None,
                rubric: Vec::new(),
            })
            .into_iter()
            .collect(),
        answers: vec![Answer::Video(RecordedAnswer {
            id: answer_id.clone(),
            question: question.map(|_| question_id),
            media: MediaRef { uri: file_name, sha256: None, bytes: None },
            question_end_s: None,
            language: None,
        })],
    };
    Ok((job, BTreeMap::from([(answer_id, path.to_owned())])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_unique() {
        assert_eq!(name_of(Path::new("/a/王 小姐.final.mp4")), "-----final");
        assert_eq!(name_of(Path::new("..")), "interview");
        let mut names = vec!["a".to_owned(), "a".to_owned(), "a-2".to_owned()];
        make_names_unique(names.iter_mut());
        assert_eq!(names, ["a", "a-2", "a-2-2"]);
    }
}
