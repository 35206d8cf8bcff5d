//! What a person should look at in the words of an answer: orders to the judge, no answer, something else.

use interview_schemas::perception::Span;
use interview_schemas::report::Flag;
use interview_schemas::{Bilingual, Feature};

use super::catalogue;
use crate::features::AnswerContext;
use crate::perception::semantics::{Semantics, Sentence};

/// From this value on a likelihood is a finding.
const FOUND: f64 = 0.5;

/// Below this confidence a likelihood is no finding.
const LEAST_CONFIDENCE: f64 = 0.2;

/// Longest quotation of an order, in characters.
const LONGEST_QUOTE: usize = 160;

/// The flags of one answer, from its words and what was measured of them.
pub(crate) fn flags(context: &AnswerContext<'_>, features: &[Feature]) -> Vec<Flag> {
    let mut flags = Vec::new();
    let judged = context.perception.transcript.as_ref().is_some_and(|it| it.unreliable.is_none());
    if let Some(semantics) = context.semantics.filter(|_| judged) {
        flags.extend(orders(context, semantics));
    }
    let found = |name: &str| {
        let feature = features.iter().find(|feature| feature.name == name);
        feature.is_some_and(|it| {
            it.value.is_some_and(|value| value >= FOUND) && it.confidence >= LEAST_CONFIDENCE
        })
    };
    if found(catalogue::UNANSWERED.name) {
        flags.push(flag(
            context,
            "NOT_ANSWERED",
            Bilingual::new(
                "The question was not answered: nothing was typed, or the candidate says that there is no answer.",
                "该问题未作答：没有输入内容，或候选人表示无法回答。",
            ),
        ));
    } else if found(catalogue::OFF_TOPIC.name) {
        flags.push(flag(
            context,
            "OFF_TOPIC",
            Bilingual::new(
                "The answer seems to be about something else than the question. Please look.",
                "回答可能偏离了问题，请人工查看。",
            ),
        ));
    }
    flags
}

/// Words to whoever judges the answer: what was left out must be seen.
fn orders(context: &AnswerContext<'_>, semantics: &Semantics) -> Option<Flag> {
    let left_out = |sentence: &&Sentence| semantics.orders[sentence.units.clone()].contains(&true);
    let sentences: Vec<&Sentence> = semantics.sentences.iter().filter(left_out).collect();
    let first = sentences.first()?;
    let mut quoted: String = first.text.chars().take(LONGEST_QUOTE).collect();
    if quoted.len() < first.text.len() {
        quoted.push('…');
    }
    let count = sentences.len();
    let mut flag = flag(
        context,
        "ORDERS_TO_JUDGE",
        Bilingual::new(
            format!(
                "The answer speaks to whoever judges it. Sentences that count as nothing: {count}. The first: {quoted}"
            ),
            format!("回答中有写给评判者的话，共 {count} 句不计入评分，第一句为：{quoted}"),
        ),
    );
    let spans = sentences.iter().filter(|sentence| sentence.end_s > sentence.start_s);
    flag.spans = spans.map(|sentence| Span { start_s: sentence.start_s, end_s: sentence.end_s }).collect();
    Some(flag)
}

fn flag(context: &AnswerContext<'_>, code: &str, message: Bilingual) -> Flag {
    Flag { code: code.to_owned(), answer: Some(context.answer.id().clone()), spans: Vec::new(), message }
}
