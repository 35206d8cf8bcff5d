//! Explanations as text and as Markdown, in both languages.

use interview_schemas::Bilingual;
use interview_schemas::report::Grade;

use super::{Change, Explanation, Point};

/// For a terminal: a line per indicator.
#[must_use]
pub fn plain(explanation: &Explanation) -> String {
    let mut lines = vec![headline(explanation), String::new()];
    for point in &explanation.points {
        lines.push(format!(
            "{:>+7.2} of {:>5.2}  {} / {}: {}",
            point.contribution,
            point.counts,
            both(&point.competency_title),
            both(&point.title),
            measured(point)
        ));
    }
    let consequences = consequences(explanation);
    if !consequences.is_empty() {
        lines.push(String::new());
        lines.extend(consequences);
    }
    for one in &explanation.what_if {
        lines.push(String::new());
        lines.push(format!("For {} ({:+.2} points):", grade(one.grade), one.points));
        lines.extend(one.alone.iter().map(|one| format!("  either {}", change(one))));
        lines.extend(one.together.iter().map(|one| format!("  together {}", change(one))));
        if one.alone.is_empty() && one.together.is_empty() {
            lines
                .push("  no change of what was measured is enough; more evidence would be needed".to_owned());
        }
    }
    lines.join("\n")
}

/// For a ticket or a mail: Markdown.
#[must_use]
pub fn markdown(explanation: &Explanation) -> String {
    let mut lines = vec![
        format!("## {}", inert(&headline(explanation))),
        String::new(),
        "| Points 得分 | of 满分 | Competency 能力项 | Indicator 指标 | Measured 测量 |".to_owned(),
        "|---:|---:|---|---|---|".to_owned(),
    ];
    for point in &explanation.points {
        lines.push(format!(
            "| {:.2} | {:.2} | {} {} | {} {} | {} |",
            point.contribution,
            point.counts,
            inert(&point.competency_title.en),
            inert(&point.competency_title.zh),
            inert(&point.title.en),
            inert(&point.title.zh),
            inert(&measured(point))
        ));
    }
    let consequences = consequences(explanation);
    if !consequences.is_empty() {
        lines.push(String::new());
        lines.extend(consequences.iter().map(|line| format!("- {}", inert(line))));
    }
    for one in &explanation.what_if {
        lines.push(String::new());
        lines.push(format!("### For {} ({:+.2} points) 达到该评级所需", grade(one.grade), one.points));
        lines.push(String::new());
        lines.extend(one.alone.iter().map(|one| format!("- either 任一 {}", inert(&change(one)))));
        lines.extend(one.together.iter().map(|one| format!("- together 合并 {}", inert(&change(one)))));
        if one.alone.is_empty() && one.together.is_empty() {
            lines.push(
                "- no change of what was measured is enough 现有测量值的任何变化都不足以改变评级".to_owned(),
            );
        }
    }
    lines.join("\n") + "\n"
}

/// A text in both languages; once where they are the same.
fn both(text: &Bilingual) -> String {
    if text.en == text.zh { text.en.clone() } else { format!("{} {}", text.en, text.zh) }
}

/// What a person must look at, and what is set going.
fn consequences(explanation: &Explanation) -> Vec<String> {
    let reviews = explanation.reviews.iter().map(|hit| ("A person must look 需人工复核", both(&hit.message)));
    let triggers = explanation
        .triggers
        .iter()
        .map(|hit| ("Set going 自动触发", format!("{} ({})", both(&hit.title), hit.event)));
    reviews.chain(triggers).map(|(what, text)| format!("{what}: {text}")).collect()
}

fn headline(explanation: &Explanation) -> String {
    let score = explanation.score.map_or("no score".to_owned(), |score| format!("{score:.2} points"));
    format!(
        "{}@{}: {score}, {}, confidence {:.0} %",
        explanation.profile.name,
        explanation.profile.version,
        grade(explanation.grade),
        100.0 * explanation.confidence
    )
}

fn grade(grade: Grade) -> String {
    both(&grade.title())
}

fn measured(point: &Point) -> String {
    match (point.value, point.score, &point.reason) {
        (Some(value), Some(score), _) => format!("{value} {} gives {score:.1} of 100", point.unit),
        (_, _, Some(reason)) => format!("not assessed, {} ({})", reason.en, reason.zh),
        _ => "not assessed".to_owned(),
    }
}

fn change(change: &Change) -> String {
    format!(
        "{} {} -> {} {} ({:+.1} points of this indicator)",
        both(&change.title),
        change.from,
        change.to,
        change.unit,
        change.indicator_points
    )
}

/// Titles of a profile stay text in Markdown: no table, link or tag begins in them.
fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '|' | '<' | '>' | '[' | ']' | '`' | '*' | '_' | '\\') {
            out.push('\\');
        }
        out.push(if character.is_control() { ' ' } else { character });
    }
    out
}
