//! The position's requirements against what was said.

use interview_schemas::features::{Evidence, NotAssessed};

use super::{Content, Measured, shorten};
use crate::perception::semantics::Passage;
use crate::text::Unit;

/// `content.requirement_coverage`.
pub(super) fn coverage(content: &Content<'_>) -> Measured {
    let requirements = &content.context.job.position.requirements;
    if requirements.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    let semantics = content.semantics;
    let mut hits = 0;
    let mut evidence = Vec::new();
    for (requirement, wordings) in requirements.iter().zip(&semantics.requirements) {
        let found = wordings.iter().enumerate().find_map(|(number, wording)| {
            let sentence = semantics.passages.iter().position(|passage| mentions(passage, wording))?;
            Some((number == 0, &semantics.sentences[sentence]))
        });
        let name = shorten(&requirement.text);
        match found {
            Some((own_words, sentence)) => {
                hits += 1;
                let mark = if own_words { '✓' } else { '≈' };
                let text = format!("{mark} {name}: {}", shorten(&sentence.text));
                evidence.push(Evidence::new(sentence.start_s, sentence.end_s, text));
            }
            None => evidence.push(Evidence::new(0.0, 0.0, format!("✗ {name}"))),
        }
    }
    let coverage = f64::from(hits) / requirements.len() as f64;
    Ok((coverage, 0.9 * content.confidence, evidence))
}

/// Whether a sentence names a term: its words one after another, English words by their stems.
fn mentions(passage: &Passage, term: &Passage) -> bool {
    let same = |window: &[Unit]| window.iter().zip(&term.units).all(|(said, asked)| said.stem == asked.stem);
    !term.units.is_empty() && passage.units.windows(term.units.len()).any(same)
}
