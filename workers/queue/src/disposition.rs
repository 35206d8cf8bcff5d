//! What becomes of a job that failed: one exhaustive decision from the error code.

use std::fmt::Write as _;
use std::time::Duration;

use interview_schemas::ErrorCode;

/// What becomes of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The answer is final: a failed report is published, the job is acknowledged, nothing is kept.
    Done,
    /// The job comes back after this time.
    Retry {
        /// At least so long.
        after: Duration,
    },
    /// The job is kept in the dead letters for an operator, a failed report is published.
    DeadLetter {
        /// Whether an operator should be called: the fault is ours, not the candidate's.
        alert: bool,
    },
}

/// How one error code is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Final: nothing is kept, nothing is tried again.
    Final,
    /// Tried again after each of these times; then a dead letter.
    Retried {
        /// Seconds before the second attempt, the third, and so on.
        delays_s: &'static [u64],
        /// Whether an operator should be called when all attempts have failed.
        alert: bool,
    },
}

/// No second attempt: it would fail the same way.
const AT_ONCE: &[u64] = &[];
/// One more attempt soon: the fault may have been of the moment.
const ONCE_SOON: &[u64] = &[10];
/// One more attempt when the machine has had time to recover.
const ONCE_LATER: &[u64] = &[60];
/// A few attempts: an upload that is still under way, a model that stumbled.
const A_FEW: &[u64] = &[2, 10, 60];
/// A few attempts over minutes: another machine may be better off.
const ELSEWHERE: &[u64] = &[10, 60, 300];
/// As long as an outage of a service may take: about an hour and a half.
const OUTAGE: &[u64] = &[2, 10, 60, 300, 300, 1800, 1800];

/// How a code is treated. Exhaustive on purpose: a new code does not compile until somebody has decided.
#[must_use]
pub fn treatment(code: ErrorCode) -> Treatment {
    let retried = |delays_s, alert| Treatment::Retried { delays_s, alert };
    match code {
        // The answer to the HR system is final, and what the law forbids is not kept.
        ErrorCode::SubmissionRefused | ErrorCode::PolicyForbids => Treatment::Final,
        // The input is bad and stays bad; kept for examination.
        ErrorCode::InvalidJob
        | ErrorCode::InvalidMedia
        | ErrorCode::Unsupported
        | ErrorCode::Limit
        | ErrorCode::Partial
        | ErrorCode::Integrity => retried(AT_ONCE, false),
        // Somebody has to grant access or install the profile; until then every attempt fails.
        ErrorCode::MediaForbidden | ErrorCode::InvalidProfile => retried(AT_ONCE, true),
        ErrorCode::Crash => retried(ONCE_SOON, false),
        ErrorCode::Timeout => retried(ONCE_LATER, false),
        ErrorCode::Resource => retried(ONCE_LATER, true),
        ErrorCode::MediaNotFound => retried(A_FEW, false),
        ErrorCode::Inference => retried(A_FEW, true),
        ErrorCode::Storage | ErrorCode::Queue => retried(OUTAGE, true),
        ErrorCode::Configuration
        | ErrorCode::ModelMissing
        | ErrorCode::ModelCorrupt
        | ErrorCode::DeviceUnavailable
        | ErrorCode::Io => retried(ELSEWHERE, true),
        ErrorCode::Internal => retried(ONCE_SOON, true),
    }
}

/// What becomes of a job whose attempt number `attempt` (counted from 1) failed with this code.
#[must_use]
pub fn decide(code: ErrorCode, attempt: u32) -> Disposition {
    match treatment(code) {
        Treatment::Final => Disposition::Done,
        Treatment::Retried { delays_s, alert } => {
            let tried = usize::try_from(attempt.max(1).saturating_sub(1)).unwrap_or(usize::MAX);
            match delays_s.get(tried) {
                Some(&seconds) => Disposition::Retry { after: Duration::from_secs(seconds) },
                None => Disposition::DeadLetter { alert },
            }
        }
    }
}

/// The table of `docs/operate.md`.
#[must_use]
pub fn documentation() -> String {
    let mut text =
        String::from("| code | attempts | waits between them | then | alert |\n|---|---|---|---|---|\n");
    for code in ErrorCode::ALL {
        let (attempts, waits, then, alert) = match treatment(code) {
            Treatment::Final => (1, "–".to_owned(), "acknowledged, nothing kept", false),
            Treatment::Retried { delays_s, alert } => {
                let waits: Vec<String> = delays_s.iter().map(|&seconds| duration_in_words(seconds)).collect();
                let waits = if waits.is_empty() { "–".to_owned() } else { waits.join(", ") };
                (delays_s.len().saturating_add(1), waits, "dead letter", alert)
            }
        };
        let alert = if alert { "yes" } else { "" };
        let _ = writeln!(text, "| `{code}` | {attempts} | {waits} | {then} | {alert} |");
    }
    text
}

fn duration_in_words(seconds: u64) -> String {
    if seconds.is_multiple_of(60) { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_ends_after_its_attempts() {
        for code in ErrorCode::ALL {
            let mut attempt = 1;
            while let Disposition::Retry { after } = decide(code, attempt) {
                assert!(after >= Duration::from_secs(2), "{code}");
                attempt += 1;
                assert!(attempt < 20, "{code} is tried for ever");
            }
            assert!(!matches!(decide(code, u32::MAX), Disposition::Retry { .. }), "{code}");
            assert_eq!(decide(code, 0), decide(code, 1), "{code}");
        }
    }

    #[test]
    fn the_table_of_the_guide_agrees_with_the_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate.md");
        let guide = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = guide.split_once("<!-- dispositions: ").unwrap();
        let (note, rest) = rest.split_once("-->\n").unwrap();
        let (found, tail) = rest.split_once("<!-- end of dispositions -->").unwrap();
        let wanted = documentation();
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            let text =
                format!("{head}<!-- dispositions: {note}-->\n{wanted}<!-- end of dispositions -->{tail}");
            std::fs::write(&path, text).unwrap();
        } else {
            assert_eq!(found, wanted, "docs/operate.md differs; run the test with UPDATE_SCHEMAS=1");
        }
    }

    #[test]
    fn the_decisions_of_the_checklist() {
        let dead = |alert| Disposition::DeadLetter { alert };
        assert_eq!(decide(ErrorCode::Crash, 2), dead(false));
        assert_eq!(decide(ErrorCode::Integrity, 1), dead(false));
        assert_eq!(decide(ErrorCode::InvalidMedia, 1), dead(false));
        assert_eq!(decide(ErrorCode::MediaForbidden, 1), dead(true));
        assert!(matches!(decide(ErrorCode::MediaNotFound, 3), Disposition::Retry { .. }));
        assert_eq!(decide(ErrorCode::MediaNotFound, 4), dead(false));
        assert!(
            matches!(decide(ErrorCode::Storage, 6), Disposition::Retry { .. }),
            "503 five times, then OK"
        );
        assert!(matches!(decide(ErrorCode::Resource, 1), Disposition::Retry { .. }));
        assert_eq!(decide(ErrorCode::Resource, 2), dead(true));
        assert_eq!(decide(ErrorCode::SubmissionRefused, 1), Disposition::Done);
    }
}
