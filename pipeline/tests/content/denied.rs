//! A point that is mentioned and not done is not covered, however it is put.

use interview_pipeline::perception::semantics::typed;
use interview_schemas::Language;
use proptest::prelude::*;

use crate::helpers::{feature, job_with_rubric, measure};

/// Points with their wording, and how somebody tells of each: done, in the base form, and as a participle.
const ENGLISH: [(&str, &str, &str, &str, &str); 4] = [
    (
        "doctor",
        "Informs the doctor",
        "called the doctor on duty",
        "call the doctor on duty",
        "called the doctor on duty",
    ),
    (
        "chart",
        "Documents it in the chart",
        "wrote it down in the chart",
        "write it down in the chart",
        "written it down in the chart",
    ),
    (
        "family",
        "Talks with the relatives",
        "talked with his relatives",
        "talk with his relatives",
        "talked with his relatives",
    ),
    (
        "painkiller",
        "Gives a painkiller",
        "gave him a painkiller",
        "give him a painkiller",
        "given him a painkiller",
    ),
];

const MANDARIN: [(&str, &str, &str); 4] = [
    ("doctor", "通知值班医生", "通知了值班医生"),
    ("chart", "在病历里做记录", "写了病历记录"),
    ("family", "和家属沟通", "跟家属沟通了情况"),
    ("painkiller", "给病人止痛药", "给他吃了止痛药"),
];

/// Whether a point is covered by an answer.
fn covers(language: Language, id: &str, text: &str) -> bool {
    let (question, points): (&str, Vec<_>) = match language {
        Language::Zh => (
            "夜班时病人睡不着，你怎么处理？",
            MANDARIN.iter().map(|(id, text, _)| serde_json::json!({"id": id, "text": text})).collect(),
        ),
        _ => (
            "A patient cannot sleep at night. What did you do?",
            ENGLISH.iter().map(|(id, text, ..)| serde_json::json!({"id": id, "text": text})).collect(),
        ),
    };
    let place = points.iter().position(|point| point["id"] == id).unwrap();
    let job = job_with_rubric(question, points.into(), serde_json::json!([]), text);
    let features = measure(&job, Some(typed(text, language)));
    feature(&features, "content.rubric_coverage").evidence[place].text.starts_with('✓')
}

fn english(deed: &str) -> String {
    format!(
        "It was about two in the morning and an old gentleman in room seven was wide awake. I sat down on \
         the edge of his bed and {deed}. By six he was asleep again and the night was over."
    )
}

fn mandarin(deed: &str) -> String {
    format!("那天夜里两点多，七号房的老人一直睡不着。我马上过去坐在他床边，{deed}。到早班的时候他睡着了。")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_was_done_is_covered_and_what_was_not_done_is_not(point in 0usize..4, form in 0usize..5) {
        let (id, _, done, base, participle) = ENGLISH[point];
        prop_assert!(covers(Language::En, id, &english(done)), "{}", done);
        let denied = [
            format!("I didn't {base}"),
            format!("honestly I never {done}"),
            format!("maybe I should have {participle}"),
            format!("I forgot to {base}"),
            format!("we did not {base}"),
        ];
        prop_assert!(!covers(Language::En, id, &english(&denied[form])), "{}", denied[form]);
        let double = format!("I didn't leave before I had {participle}");
        prop_assert!(covers(Language::En, id, &english(&double)), "{}", double);
    }

    #[test]
    fn the_same_in_mandarin(point in 0usize..4, form in 0usize..4) {
        let (id, _, done) = MANDARIN[point];
        prop_assert!(covers(Language::Zh, id, &mandarin(done)), "{}", done);
        let bare = done.replace('了', "");
        let denied = [
            format!("可惜我忘了{bare}"),
            format!("我本来应该{bare}的"),
            format!("我没有{bare}"),
            format!("来不及{bare}"),
        ];
        prop_assert!(!covers(Language::Zh, id, &mandarin(&denied[form])), "{}", denied[form]);
    }
}
