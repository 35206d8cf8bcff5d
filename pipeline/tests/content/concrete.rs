//! Concrete cases, fillers, self-corrections and tone: what counts and what only looks like it.

use interview_pipeline::perception::semantics::typed;
use interview_schemas::Language;
use interview_schemas::policy::Consent;

use crate::helpers::{feature, job, measure_with, value};

fn measured(text: &str, name: &str) -> f64 {
    value(
        &measure_with(&job(None, serde_json::json!([]), text), Some(typed(text, Language::Auto)), false),
        name,
    )
}

/// Something is counted so often in a text.
fn count(text: &str, name: &str) -> f64 {
    (measured(text, name) * measured(text, "content.length") / 100.0).round()
}

#[test]
fn names_and_regular_verbs_make_a_case() {
    let text = "In Kassel, at Wintershall, I welded pipes together with Anna Schmidt. I rebuilt the pump, replaced the \
        seal, refunded the deposit, apologised to the tenant and drove him home.";
    assert!(measured(text, "content.concreteness") >= 0.9, "{}", measured(text, "content.concreteness"));
    assert_eq!(count(text, "content.concrete_details"), 3.0);
    let text = "我查了订单，打了电话，赔了他一个新的，又送了水果，他很高兴，还写了表扬信给我们店长看。";
    assert!(measured(text, "content.narrative") >= 0.4, "{}", measured(text, "content.narrative"));
    let text = "二〇一九年五月十二日在佛山，我跟王师傅一起修了一台注塑机，换了三个密封圈，拧紧螺丝，花了两个半小时。";
    assert!(measured(text, "content.concreteness") >= 0.9, "{}", measured(text, "content.concreteness"));
}

#[test]
fn empty_talk_and_what_is_imagined_is_no_case() {
    let text = "I would be there. I had no idea. I was never good at two or three things. I was the one, and I did \
        nothing for half of the days, hours and weeks.";
    assert!(measured(text, "content.concreteness") <= 0.1, "{}", measured(text, "content.concreteness"));
    let text = "If I was the manager I would call. If I asked them they would come. Imagine I replaced that pump. I \
        never refunded anything at all to anyone.";
    assert_eq!(measured(text, "content.narrative"), 0.0);
    let text = "人很多，天很冷，家很远，次数不少，件件都要做好，一个人要有成就，家和万事兴，三心二意不行，十分重要，万一不行就再来。";
    assert_eq!(measured(text, "content.concrete_details"), 0.0);
    let text =
        "我就觉得应该好好干，我先看情况，我把工作当成家，我就这样，后来再说吧，如果我查了订单也许就好了。";
    assert_eq!(measured(text, "content.narrative"), 0.0);
}

#[test]
fn words_with_a_meaning_are_no_fillers() {
    let text = "The tolerance was 2 mm and the gap was 5 mm. I worked in the ER for years, and in the ER we looked at \
        every case before the doctor came.";
    assert_eq!(count(text, "content.fillers"), 0.0);
    assert_eq!(
        count(
            "客户的授信额和成交额都要核对，总额、差额也要看，然后我再写报告给领导签字确认。",
            "content.fillers"
        ),
        0.0
    );
    let text =
        "那个那个我觉得这个客户他也不是不想买就是就是价格有点高然后然后我就给他打了个折最后他签了合同。";
    assert_eq!(count(text, "content.fillers"), 3.0);
    assert_eq!(
        count(
            "额，我觉得这个客户不是不想买，价格有点高，所以我给他打了个折，最后他签了合同。",
            "content.fillers"
        ),
        1.0
    );
}

#[test]
fn corrections_stand_between_marks() {
    let name = "content.self_corrections";
    let pad = " This is some more text so that the answer has enough words to be counted at all here today.";
    let english = |text: &str| count(&format!("{text}{pad}"), name);
    assert_eq!(
        english("I mean what I say. I meant well. There was an error correction. He said that's wrong."),
        0.0
    );
    assert_eq!(english("He said no, wait for me."), 0.0);
    assert_eq!(
        english("It was, I mean, the red one. Three, no wait, four people came. Or rather five."),
        3.0
    );
    let pad = "这是为了让回答足够长所以再多写一些字在这里，今天的天气很不错，大家都在外面散步聊天。";
    let mandarin = |text: &str| count(&format!("{text}{pad}"), name);
    assert_eq!(mandarin("客户说这个颜色不对，我发现尺寸也不对。"), 0.0);
    assert_eq!(mandarin("我们有三个，不对，是四个人。我是说四个。"), 2.0);
}

#[test]
fn connectives_and_vague_phrases_mean_what_they_say() {
    let text = "The first customer came next week. The second machine was the same. We give first aid next to the door \
        with what kind of damage it is, after the stakeholders were carefully told.";
    assert_eq!(count(text, "content.connectives"), 0.0);
    assert_eq!(count(text, "content.vagueness"), 0.0);
    let text = "我是店员，我跟他认识，第一次去的时候第一时间就到了，他跟我一句话也没说，这不是我的错，大家都知道这件事情。";
    assert_eq!(count(text, "content.connectives"), 0.0);
}

#[test]
fn tone_is_turned_by_every_negation_of_its_sentence() {
    let tone = |text: &str| {
        let mut job = job(None, serde_json::json!([]), text);
        job.consent = [Consent::Sentiment, Consent::AiAnalysis].into();
        let features = measure_with(&job, Some(typed(text, Language::Auto)), false);
        feature(&features, "content.sentiment").value
    };
    assert_eq!(tone("I couldn't enjoy it."), Some(-1.0));
    assert_eq!(tone("I won't be angry."), Some(1.0));
    assert_eq!(tone("It was never bad. Great work."), Some(1.0));
    assert_eq!(tone("Good morning, best regards."), None);
    assert_eq!(tone("差不多很成功。"), Some(1.0));
    assert_eq!(tone("我并不是很开心。"), Some(-1.0));
    assert_eq!(tone("麻烦您了。"), None);
}
