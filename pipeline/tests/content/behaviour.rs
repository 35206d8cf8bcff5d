//! Behaviour in scenes: what is denied does not count, reports in the past do, marks play no part.

use interview_pipeline::perception::semantics::typed;
use interview_schemas::{Feature, Language};

use crate::helpers::{job_with_rubric, measure_with, value};

fn refusal(text: &str) -> Vec<Feature> {
    let mut job = job_with_rubric("They say no.", serde_json::json!([]), serde_json::json!([]), text);
    job.questions[0].scene = Some("Refusal".to_owned());
    measure_with(&job, Some(typed(text, Language::Auto)), false)
}

fn measured(text: &str, name: &str) -> f64 {
    value(&refusal(text), name)
}

#[test]
fn denied_moves_are_no_moves() {
    for text in [
        "I don't offer a discount, I never say sorry and I would not ask why. I don't call you next week. Take it or \
         leave it.",
        "我不会道歉，也没有折扣，我没有耐心，不放心他，没事找事的人我不理，下次别来了，我不推荐他买。",
    ] {
        assert_eq!(measured(text, "content.refusal_handling"), 0.0, "{text}");
        assert_eq!(measured(text, "content.patience"), 0.0, "{text}");
        assert_eq!(measured(text, "content.initiative"), 0.0, "{text}");
    }
}

#[test]
fn moves_that_are_reported_count() {
    let text = "I asked him for the reason, told him I felt the same way, showed him a different model, and left my \
        number in case he changed his mind later.";
    assert_eq!(measured(text, "content.refusal_handling"), 1.0);
    let text = "我问他是什么原因，跟他说我理解，推荐了一个小套餐，还留了电话。";
    assert_eq!(measured(text, "content.refusal_handling"), 1.0);
    assert!(
        measured("She apologises, calms him and listened. I thanked him for the hint.", "content.patience")
            > 2.0
    );
}

#[test]
fn the_patient_is_no_patience() {
    let text = "The patient fell in the night. The patients were in bed and another patient called. I am not a patient \
        person and I don't listen. I am not sorry. They never listened and nobody was calm.";
    assert_eq!(measured(text, "content.patience"), 0.0);
    assert!(measured("I stayed patient, I let her talk and I kept my voice low.", "content.patience") >= 3.0);
}

#[test]
fn asking_is_told_by_words() {
    for (text, expected) in [
        (
            "I asked the customer what he needs. I wanted to know why. I always find out the reason first, and then I \
          enquire about his budget and his plans.",
            4.0,
        ),
        (
            "Why not? Who knows? What is the point? I refuse to ask anybody. I ask for nothing. What is the problem is \
          clear. I don't ask.",
            0.0,
        ),
        ("The customer asked what it costs. I was asked about it.", 0.0),
        ("您需要先填表，您是老客户，您觉得贵也没办法，我从来不问，我没问清楚就下单了。", 0.0),
    ] {
        assert_eq!(measured(text, "content.initiative"), expected, "{text}");
    }
    let text = "我问他是什么原因，又问客户有什么需求，还向领导请教过，打听了同行的价格。";
    assert!(measured(text, "content.initiative") >= 3.0);
}

#[test]
fn marks_and_fillers_move_no_behaviour() {
    let english = "First I ask about his job. What do you earn a month? Where does the rest come from? May I see the \
        last three salary slips? I stayed calm and said I understand.";
    let mandarin = "我先问他做什么工作。您一个月收入多少？其他收入从哪里来？能不能告诉我最近三个月的工资流水？去年有个客户对我大喊\
        大叫，我保持冷静，说我理解您。";
    let filled = mandarin.replace('，', "，嗯，").replace('我', "我那个");
    let bare = |text: &str| text.replace(['.', '?', ',', '。', '？', '，'], "");
    let swapped = |text: &str| text.replace(['?', '？'], ".");
    for (text, others) in [
        (english, vec![bare(english), swapped(english), english.replace('.', "?")]),
        (mandarin, vec![bare(mandarin), swapped(mandarin), filled]),
    ] {
        for other in others {
            // Two make a full score.
            for name in ["content.initiative", "content.patience"] {
                let of = |text: &str| measured(text, name).min(2.0);
                assert_eq!(of(text), of(&other), "{name}: {other}");
            }
            let name = "content.refusal_handling";
            assert_eq!(measured(text, name), measured(&other, name), "{other}");
        }
    }
}
