//! How much of the question's rubric was covered, and steps of a procedure in their order (R16, R18).

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::job::RubricPoint;

use super::order::Order;
use super::points;
use super::{Content, Measured, sentence_evidence, shorten};

/// `content.rubric_coverage`.
pub(super) fn coverage(content: &Content<'_>) -> Measured {
    let value = weighted(content, |_| true)?;
    Ok((value, points::confidence(content), points::evidence(content)?))
}

/// `content.rubric_must_coverage`.
pub(super) fn must_coverage(content: &Content<'_>) -> Measured {
    let value = weighted(content, |point| point.must)?;
    let evidence = points::evidence(content)?.into_iter().zip(content.rubric()?);
    let evidence = evidence.filter(|(_, point)| point.must).map(|(evidence, _)| evidence).collect();
    Ok((value, points::confidence(content), evidence))
}

/// The share of the weight of some points that was covered.
fn weighted(content: &Content<'_>, wanted: impl Fn(&RubricPoint) -> bool) -> Result<f64, NotAssessed> {
    let points = content.rubric()?.iter().zip(&content.findings).filter(|(point, _)| wanted(point));
    let weight = |point: &RubricPoint| if point.weight.is_finite() { point.weight.max(0.0) } else { 0.0 };
    let (mut covered, mut all) = (0.0, 0.0);
    for (point, finding) in points {
        all += weight(point);
        covered += if finding.covered() { weight(point) } else { 0.0 };
    }
    if all > 0.0 { Ok(covered / all) } else { Err(NotAssessed::NoReference) }
}

/// `content.procedure_order`: the share of pairs of steps that come in the order of the rubric. Evidence names the
/// steps that were said too early.
pub(super) fn procedure_order(content: &Content<'_>) -> Measured {
    let rubric = content.rubric()?;
    let orders: BTreeSet<u32> = rubric.iter().filter_map(|point| point.order).collect();
    if orders.len() < 2 {
        return Err(NotAssessed::NoReference);
    }
    let mut steps: Vec<(u32, &Range<usize>, &RubricPoint)> = Vec::new();
    for (point, finding) in rubric.iter().zip(&content.findings) {
        if let (Some(order), Some(place)) = (point.order, finding.told_at()) {
            steps.push((order, place, point));
        }
    }
    steps.sort_by_key(|(order, _, _)| *order);
    let told = Order::of(content.semantics);
    let (mut pairs, mut right) = (0u32, 0u32);
    let mut evidence: Vec<Evidence> = Vec::new();
    for (index, (order, place, earlier)) in steps.iter().enumerate() {
        for (later_order, later_place, later) in &steps[index + 1..] {
            if order == later_order {
                continue;
            }
            let Some(in_order) = told.is_before(place, later_place) else { continue };
            pairs += 1;
            if in_order {
                right += 1;
            } else if let Some(sentence) = content.semantics.sentence_at(later_place) {
                let names = format!("{} ↛ {}: ", shorten(&earlier.text), shorten(&later.text));
                evidence.push(sentence_evidence(&names, sentence));
            }
        }
    }
    if pairs == 0 {
        return Err(NotAssessed::TooShort);
    }
    Ok((f64::from(right) / f64::from(pairs), points::confidence(content), evidence))
}
