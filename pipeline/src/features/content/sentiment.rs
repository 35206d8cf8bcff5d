//! Tone of the words, only where the policy allows it (checked by the caller before anything is measured).

use interview_schemas::features::NotAssessed;

use super::claims::Text;
use super::{Content, Measured};

/// Words before a word of tone in which a negation turns it round.
const REACH: usize = 3;

/// `content.sentiment`: positive less negative words over both, -1–1.
pub(super) fn sentiment(content: &Content<'_>) -> Measured {
    let found = content.phrases("sentiment", &["positive", "negative"]);
    if found.is_empty() {
        return Err(NotAssessed::TooShort);
    }
    let semantics = content.semantics;
    let text = Text::new(semantics.language, &semantics.text, semantics.phrased.units.clone());
    let negations = content.list("claims").phrases(&["negators"]);
    let turned = |start: usize| {
        let from = start.saturating_sub(REACH).max(text.clause(start).start);
        !negations.find(&text.units[from..start]).is_empty()
    };
    let tone = |found: &crate::text::PhraseMatch| {
        let positive = (found.group == 0) != turned(found.units.start);
        if positive { 1.0 } else { -1.0 }
    };
    let sum: f64 = found.iter().map(tone).sum();
    let evidence = found
        .iter()
        .filter_map(|found| content.evidence(if tone(found) > 0.0 { "+ " } else { "− " }, &found.units))
        .collect();
    // A count of words knows no irony and no context.
    let confidence = 0.4 * (found.len() as f64 / 5.0).min(1.0);
    Ok((sum / found.len() as f64, confidence * content.confidence, evidence))
}
