//! What is said counts, not how it is written: case, width, script, punctuation, fillers and synonyms move no score
//! by more than two points of a hundred.

use std::sync::OnceLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use interview_pipeline::perception::semantics::typed;
use interview_schemas::{Feature, Language};
use proptest::prelude::*;

use crate::helpers::{job_with_rubric, measure};

/// Features that scores are made of: ratios, and one count, of which two are enough for a full score.
const SCORED: [&str; 14] = [
    "content.coherence",
    "content.concreteness",
    "content.connective_variety",
    "content.lexical_diversity",
    "content.narrative",
    "content.off_topic",
    "content.patience",
    "content.refusal_handling",
    "content.relevance",
    "content.requirement_coverage",
    "content.rubric_coverage",
    "content.rubric_must_coverage",
    "content.structure",
    "content.unanswered",
];

const ENGLISH: [&str; 4] = [
    "Last year a customer was furious because her order of 3 chairs arrived two weeks late. I listened to her \
     complaint, apologised and found out that the parcel was stuck at customs. Then I refunded the shipping and \
     called her every day. As a result she wrote a positive review, and my manager thanked me.",
    "I don't talk about the price at all. I tell them about the quality, the 10 year guarantee and how much time our \
     other customers have saved with it. When people see what they get for their money, they stop complaining.",
    "Well, every customer is different, so it depends on the situation. I would try to be professional and solve the \
     problem in a good way, because mistakes happen in every meeting with a colleague.",
    "I understand, that is a lot of money, and the customer is right to ask. May I ask what you compare us with? We could \
     also start with the smaller package, and no pressure, think about it and I will call you next week.",
];

const MANDARIN: [&str; 4] = [
    "去年三月有位客户打进来，家里宽带断了6天，一上来就骂。我没有打断他，一边听一边记，等他说完。我跟他说真的很抱歉，\
     然后我约了师傅第二天上门维修，还把当月的费用退款给他。后来客户专门打电话来表扬我，领导也很满意。",
    "我一般不跟客户争价格，我会重点讲我们的质量和售后，10年保修，用过的客户都说划算。让他明白这个钱花得值，\
     性价比其实很高，所以他最后会买。",
    "这个要看具体情况吧，每个客户都不一样。我觉得做销售就是要灵活应对，态度要好，尽量把问题解决。",
    "我理解您的想法，没关系，这个问题很多客户都问过。请问您主要有什么顾虑？要不先试用一个月，您再考虑考虑，我下周联系您。",
];

fn rubric(language: Language) -> (&'static str, serde_json::Value, serde_json::Value) {
    match language {
        Language::Zh => (
            "请讲一次你处理愤怒客户的经历。",
            serde_json::json!([
                {"id": "listen", "text": "耐心倾听，让客户把话说完", "must": true},
                {"id": "solve", "text": "用具体的办法解决问题，比如退款或换货", "wordings": ["上门维修"]},
                {"id": "value", "text": "说明产品的价值和性价比"},
            ]),
            serde_json::json!([{"text": "客户"}, {"text": "售后"}, {"text": "Excel"}]),
        ),
        _ => (
            "Tell me about a time when you dealt with an angry customer.",
            serde_json::json!([
                {"id": "listen", "text": "Lets the customer finish and listens", "must": true},
                {"id": "solve", "text": "Solves the problem with a refund or a replacement"},
                {"id": "value", "text": "Explains the value and benefits of the product"},
            ]),
            serde_json::json!([{"text": "customer"}, {"text": "guarantee"}, {"text": "Excel"}]),
        ),
    }
}

fn measured(text: &str, language: Language) -> Vec<Feature> {
    let (question, rubric, requirements) = rubric(language);
    let mut job = job_with_rubric(question, rubric, requirements, text);
    job.questions[0].scene = Some("refusal".to_owned());
    measure(&job, Some(typed(text, language)))
}

/// The largest difference of a scored feature between two wordings, in points of a hundred.
fn difference(left: &str, right: &str, language: Language) -> (f64, String) {
    let (left, right) = (measured(left, language), measured(right, language));
    let mut worst = (0.0, String::new());
    for (left, right) in left.iter().zip(&right).filter(|(left, _)| SCORED.contains(&left.name.as_str())) {
        assert_eq!(left.not_assessed, right.not_assessed, "{}", left.name);
        let full = if left.name == "content.patience" { 2.0 } else { 1.0 };
        let points = 100.0 / full * (left.value.unwrap_or(0.0) - right.value.unwrap_or(0.0)).abs();
        if points > worst.0 {
            worst = (points, left.name.clone());
        }
    }
    worst
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' if c.is_ascii_alphanumeric() => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        other => other,
    };
    text.chars().map(wide).collect()
}

fn traditional(text: &str) -> String {
    static CONVERTER: OnceLock<OpenCC> = OnceLock::new();
    CONVERTER.get_or_init(|| OpenCC::from_config(BuiltinConfig::S2t).unwrap()).convert(text)
}

/// Other marks at the same places, doubled or with spaces around.
fn other_marks(text: &str, choice: usize) -> String {
    let marks = |c: char| match (c, choice) {
        (',', 0) => ";".to_owned(),
        (',', 1) => " , ".to_owned(),
        ('.', 0) => "!".to_owned(),
        ('.', 1) => "...".to_owned(),
        ('，', 0) => "；".to_owned(),
        ('，', 1) => ",".to_owned(),
        ('。', 0) => "！".to_owned(),
        ('。', 1) => ".".to_owned(),
        (other, _) => other.to_string(),
    };
    text.chars().map(marks).collect()
}

/// Puts a filler after every n-th English word, or after every n-th mark of a Mandarin text.
fn with_fillers(text: &str, language: Language, every: usize) -> String {
    if language == Language::Zh {
        let parts: Vec<&str> = text.split('，').collect();
        let fillers = ["嗯，", "呃，", "那个，", "怎么说呢，"];
        let part = |(index, part): (usize, &&str)| {
            if index % every == 0 {
                format!("{}{part}", fillers[index % fillers.len()])
            } else {
                (*part).to_owned()
            }
        };
        return parts.iter().enumerate().map(part).collect::<Vec<_>>().join("，");
    }
    let fillers = ["um", "uh", "er", ", you know,"];
    let mut out = String::new();
    for (index, word) in text.split_whitespace().enumerate() {
        out.push_str(word);
        if index % every == every - 1 {
            out.push(' ');
            out.push_str(fillers[(index / every) % fillers.len()]);
        }
        out.push(' ');
    }
    out
}

fn with_synonyms(text: &str, language: Language) -> String {
    let pairs: &[(&str, &str)] = if language == Language::Zh {
        &[("客户", "顾客"), ("领导", "上司"), ("退款", "退钱"), ("问题", "难题")]
    } else {
        &[
            ("customer", "client"),
            ("manager", "supervisor"),
            ("problem", "issue"),
            ("colleague", "coworker"),
            ("mistakes", "errors"),
        ]
    };
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn cases() -> impl Strategy<Value = (Language, &'static str)> {
    prop_oneof![
        prop::sample::select(&ENGLISH[..]).prop_map(|text| (Language::En, text)),
        prop::sample::select(&MANDARIN[..]).prop_map(|text| (Language::Zh, text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn writing_moves_no_score(
        (language, text) in cases(),
        upper in any::<bool>(),
        wide in any::<bool>(),
        script in any::<bool>(),
        marks in 0usize..3,
        fillers in prop::option::of(3usize..9),
        synonyms in any::<bool>(),
    ) {
        let mut written = text.to_owned();
        if synonyms { written = with_synonyms(&written, language); }
        if let Some(every) = fillers { written = with_fillers(&written, language, every); }
        written = other_marks(&written, marks);
        if script { written = traditional(&written); }
        if upper { written = written.to_uppercase(); }
        if wide { written = full_width(&written); }
        let (points, name) = difference(text, &written, language);
        prop_assert!(points <= 2.0, "{name} moved by {points:.2} points: {written}");
    }
}

#[test]
fn a_text_without_any_punctuation_keeps_its_scores() {
    for (language, texts) in [(Language::En, ENGLISH), (Language::Zh, MANDARIN)] {
        for text in texts {
            let bare = text.replace(['.', ','], " ").replace(['，', '。'], "");
            let (points, name) = difference(text, &bare, language);
            assert!(points <= 2.0, "{name} moved by {points:.2} points: {bare}");
        }
    }
}

#[test]
fn a_filler_after_a_person_breaks_no_phrase() {
    for text in MANDARIN {
        let filled = text.replace("我", "我那个").replace("我那个们", "我们").replace('，', "，嗯，");
        let (points, name) = difference(text, &filled, Language::Zh);
        assert!(points <= 2.0, "{name} moved by {points:.2} points: {filled}");
    }
    for text in ENGLISH {
        let filled = text.replace(" I ", " I sort of ").replace("I listened", "I you know listened");
        let (points, name) = difference(text, &filled, Language::En);
        assert!(points <= 2.0, "{name} moved by {points:.2} points: {filled}");
    }
}
