//! The position's requirements against what was said and against the résumé (R15).

use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::job::Requirement;

use super::{Content, MOST_EVIDENCE, Measured, sentence_evidence, shorten};
use crate::perception::semantics::Passage;
use crate::text::{Unit, lexicon};

/// Words around a hit that are quoted from the résumé.
const QUOTED_AROUND: usize = 12;

/// `content.requirement_coverage`. A skill that is only denied ("I have never used Docker") is no hit.
pub(super) fn coverage(content: &Content<'_>) -> Measured {
    let semantics = content.semantics;
    let denials = semantics.lexicons.list(semantics.language, "denials").phrases(&[lexicon::MAIN]);
    let denials = denials.find(&semantics.phrased.units);
    let denied = |place: usize| {
        denials.iter().any(|denial| {
            let sentence = content.sentence(&denial.units).map(|sentence| sentence.units.start);
            let same = sentence == content.sentence(&(place..place + 1)).map(|sentence| sentence.units.start);
            same && denial.units.end <= place && place - denial.units.end <= 6
        })
    };
    let find = |wording: &Passage| {
        let place = mentions(&semantics.phrased.units, &wording.units).find(|place| !denied(*place))?;
        content
            .sentence(&(place..place + wording.units.len()))
            .map(|sentence| sentence_evidence("", sentence))
    };
    compare(content, find)
}

/// `content.resume_coverage`.
pub(super) fn resume_coverage(content: &Content<'_>) -> Measured {
    let resume = content.semantics.resume.as_ref().ok_or(NotAssessed::NoReference)?;
    if resume.units.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    compare(content, |wording| {
        let place = mentions(&resume.units, &wording.units).next()?;
        let from = place.saturating_sub(QUOTED_AROUND / 2);
        let to = (place + wording.units.len() + QUOTED_AROUND / 2).min(resume.units.len());
        let around = Passage::new(resume.units[from..to].to_vec());
        Some(Evidence::new(0.0, 0.0, format!("…{}…", around.plain())))
    })
}

/// The share of the requirements that are found, with one line of evidence each: missing ones of the musts first.
fn compare(content: &Content<'_>, find: impl Fn(&Passage) -> Option<Evidence>) -> Measured {
    let requirements = &content.context.job.position.requirements;
    if requirements.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    let mut hits = 0;
    let mut lines: Vec<(bool, Evidence)> = Vec::new();
    for (requirement, wordings) in requirements.iter().zip(&content.semantics.requirements) {
        let found = wordings.iter().enumerate().find_map(|(number, wording)| Some((number, find(wording)?)));
        hits += u32::from(found.is_some());
        lines.push((found.is_none() && requirement.must, line(requirement, found)));
    }
    if lines.len() > MOST_EVIDENCE {
        lines.sort_by_key(|(missing_must, _)| !missing_must);
    }
    let evidence = lines.into_iter().map(|(_, line)| line).collect();
    Ok((f64::from(hits) / requirements.len() as f64, 0.9 * content.confidence, evidence))
}

/// ✓ in its own words, ≈ through a synonym, ✗ not mentioned.
fn line(requirement: &Requirement, found: Option<(usize, Evidence)>) -> Evidence {
    let name = shorten(&requirement.text);
    match found {
        Some((number, Evidence { start_s, end_s, text })) => {
            let mark = if number == 0 { '✓' } else { '≈' };
            Evidence { start_s, end_s, text: format!("{mark} {name}: {text}") }
        }
        None => Evidence::new(0.0, 0.0, format!("✗ {name}")),
    }
}

/// Where a text names a term: its words one after another, English words by their stems.
fn mentions<'a>(text: &'a [Unit], term: &'a [Unit]) -> impl Iterator<Item = usize> + 'a {
    let same = move |window: &[Unit]| window.iter().zip(term).all(|(said, asked)| said.stem == asked.stem);
    text.windows(term.len().max(1))
        .enumerate()
        .filter(move |(_, window)| !term.is_empty() && same(window))
        .map(|(place, _)| place)
}
