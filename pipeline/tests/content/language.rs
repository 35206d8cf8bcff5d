//! Language logic, concreteness, behaviour and tone, in both languages.

use interview_pipeline::perception::semantics::typed;
use interview_schemas::features::NotAssessed;
use interview_schemas::policy::Consent;
use interview_schemas::{Feature, Language};

use crate::helpers::{feature, job_with_rubric, measure, measure_text, value};

fn measured(text: &str) -> Vec<Feature> {
    measure_text(None, serde_json::json!([]), text)
}

const REPORT: &str = "Last year in Hamburg I was responsible for the spare parts store. My task was to halve the 400 \
    open orders in three weeks, because customers were waiting. First I sorted the orders by age, then I called the \
    suppliers and asked for partial deliveries. However, two of them refused. As a result we finished 380 orders, and \
    my manager thanked me.";
const OPINION: &str = "I think that a good worker should be reliable and open for everything that comes up in the day. \
    People should help each other and keep a good mood, that is what matters in every place and it makes the work fun.";

#[test]
fn a_report_is_more_structured_and_concrete_than_an_opinion() {
    let (report, opinion) = (measured(REPORT), measured(OPINION));
    assert_eq!(value(&report, "content.structure"), 1.0);
    assert!(value(&opinion, "content.structure") <= 0.25);
    for name in [
        "content.concreteness",
        "content.concrete_details",
        "content.narrative",
        "content.connective_variety",
    ] {
        assert!(value(&report, name) > value(&opinion, name), "{name}");
    }
    let kinds: Vec<_> =
        feature(&report, "content.structure").evidence.iter().map(|line| line.text.as_str()).collect();
    assert!(kinds[0].starts_with("[situation] last year:"), "{kinds:?}");

    let report = measured(
        "去年我在苏州负责备件仓库。我的任务是三个星期内把400张订单减少一半，因为客户在等。首先我按时间排序，然后我联系供应商。不过有两家不同意。最后我们完成了380张，领导表扬了我。",
    );
    let opinion = measured(
        "我觉得一个好员工应该踏实可靠，对什么都保持开放的心态，大家互相帮助，气氛好，工作才有意思，这一点在哪里都一样。",
    );
    assert_eq!(value(&report, "content.structure"), 1.0);
    assert!(value(&report, "content.concreteness") > value(&opinion, "content.concreteness") + 0.3);
}

#[test]
fn questions_and_calming_words_are_counted() {
    let refusal = |text: &str, scene: Option<&str>| {
        let mut job = job_with_rubric(
            "The customer refuses to go on. What do you say?",
            serde_json::json!([]),
            serde_json::json!([]),
            text,
        );
        job.questions[0].scene = scene.map(str::to_owned);
        measure(&job, Some(typed(text, Language::Auto)))
    };
    let text = "I understand, that is a lot of money. May I ask what you compare us with? We could also start with the \
        smaller package, and no pressure: think about it and I will call you next week.";
    let scene = refusal(text, Some("refusal"));
    assert_eq!(value(&scene, "content.refusal_handling"), 1.0);
    assert_eq!(value(&scene, "content.initiative"), 1.0);
    assert!(value(&scene, "content.patience") >= 1.0);
    assert_eq!(
        feature(&refusal(text, None), "content.refusal_handling").not_assessed,
        Some(NotAssessed::NotApplicable)
    );
    assert_eq!(
        value(&refusal("Then buy it somewhere else.", Some("refusal")), "content.refusal_handling"),
        0.0
    );

    let scene = refusal(
        "我理解您的想法，没关系。请问您主要有什么顾虑？要不先试用一个月，您再考虑考虑，我下周联系您。",
        Some("refusal"),
    );
    assert_eq!(value(&scene, "content.refusal_handling"), 1.0);
}

#[test]
fn fillers_and_repetitions_are_counted_but_not_meaningful_uses() {
    let text = "Um, I like my work, you know, and I like, uh, the people there, and the people there like me too, and I know what they need.";
    let features = measured(text);
    let fillers = value(&features, "content.fillers");
    let per_word = 100.0 / value(&features, "content.length");
    assert!((fillers - 3.0 * per_word).abs() < 1e-3, "{fillers} of {per_word}");
    let zh = "那个，我觉得那个客户就是需要一个说明，嗯，所以我就把说明书从头到尾讲了一遍，他听完以后觉得很清楚，也就没有意见了，最后还签了合同。";
    assert!(
        (value(&measured(zh), "content.fillers") * value(&measured(zh), "content.length") / 100.0 - 2.0)
            .abs()
            < 0.01
    );
    let looped = "we have to go to the market and buy some bread today ".repeat(6);
    assert!(value(&measured(&looped), "content.repetition") > 0.7);
    assert!(value(&measured(REPORT), "content.repetition") < 0.05);
}

#[test]
fn an_empty_reply_is_unanswered_and_an_answer_is_not() {
    for text in
        ["Sorry, I don't know.", "No idea. Can we skip this one?", "这个我不知道。", "不清楚，换个问题吧。"]
    {
        assert_eq!(value(&measured(text), "content.unanswered"), 1.0, "{text}");
    }
    for text in
        [REPORT, OPINION, "I apologised to him and he calmed down, so we found a date for the repair."]
    {
        assert_eq!(value(&measured(text), "content.unanswered"), 0.0, "{text}");
    }
}

#[test]
fn tone_is_read_only_where_the_policy_allows_it() {
    let text = "I love this work and I was very happy with my team. I was not satisfied with the pay.";
    assert_eq!(feature(&measured(text), "content.sentiment").not_assessed, Some(NotAssessed::Policy));
    let mut job = job_with_rubric("Why?", serde_json::json!([]), serde_json::json!([]), text);
    job.consent = [Consent::Sentiment, Consent::AiAnalysis].into();
    let features = measure(&job, Some(typed(text, Language::En)));
    assert!((value(&features, "content.sentiment") - 1.0 / 3.0).abs() < 1e-6);
}

#[test]
fn steps_of_a_procedure_are_checked_for_their_order() {
    let rubric = serde_json::json!([
        {"id": "stop", "text": "Press the emergency stop", "order": 1},
        {"id": "lock", "text": "Lock the main switch with a padlock", "order": 2},
        {"id": "report", "text": "Inform the supervisor about the fault", "order": 3},
    ]);
    let order = |text: &str| {
        let job = job_with_rubric(
            "What do you do when the machine jams?",
            rubric.clone(),
            serde_json::json!([]),
            text,
        );
        measure(&job, Some(typed(text, Language::En)))
    };
    let right = order(
        "At the first sign of trouble I press the emergency stop button right away. After that I lock the main switch with my own padlock so nobody can turn it on. Only then do I go and inform the supervisor about the fault.",
    );
    assert_eq!(value(&right, "content.procedure_order"), 1.0);
    let wrong = order(
        "First of all I go and inform the supervisor about the fault we have. When he is there I lock the main switch with my own padlock so nobody can turn it on. In the end I press the emergency stop button to be safe.",
    );
    assert_eq!(value(&wrong, "content.procedure_order"), 0.0);
    let evidence = &feature(&wrong, "content.procedure_order").evidence;
    assert!(evidence[0].text.starts_with("Press the emergency stop ↛ "), "{evidence:?}");
}

/// What is told in another order than it was done is in the order in which it was done (R18).
#[test]
fn before_and_after_turn_the_order_of_steps() {
    let order = |question: &str, steps: [&str; 2], text: &str, language| {
        let rubric = serde_json::json!([
            {"id": "first", "text": steps[0], "order": 1},
            {"id": "second", "text": steps[1], "order": 2},
        ]);
        let job = job_with_rubric(question, rubric, serde_json::json!([]), text);
        let features = measure(&job, Some(typed(text, language)));
        feature(&features, "content.procedure_order").value
    };
    let machine = ["Switch the machine off", "Remove the jammed part"];
    let question = "What do you do when a part is jammed in the machine?";
    for (text, expected) in [
        ("Before I remove the jammed part I switch the machine off.", 1.0),
        ("I remove the jammed part, but only after I have switched the machine off.", 1.0),
        ("I switch the machine off before I remove the jammed part.", 1.0),
        ("After I have switched the machine off I remove the jammed part.", 1.0),
        ("I remove the jammed part and then I switch the machine off.", 0.0),
        ("Before I switch the machine off I remove the jammed part.", 0.0),
    ] {
        assert_eq!(order(question, machine, text, Language::En), Some(expected), "{text}");
    }
    let wound = ["Cleans the wound", "Puts on a bandage"];
    let turned = "I put on a bandage and then I clean the wound.";
    assert_eq!(order("How do you treat a cut?", wound, turned, Language::En), Some(0.0));
    // The end of this sentence has no function words, and is told last all the same.
    let lock = ["按急停断电", "告诉班长"];
    let turned = "我先把卡住的料拿出来，再按急停断电，然后上锁挂牌，告诉班长。";
    assert_eq!(order("零件卡住了怎么办？", lock, turned, Language::Zh), Some(1.0));
    let machine = ["关闭机器", "取出卡住的零件"];
    for (text, expected) in [
        ("取出卡住的零件之前，我先把机器关掉。", 1.0),
        ("我先把机器关掉，然后再取出卡住的零件。", 1.0),
        ("我先取出卡住的零件，然后再把机器关掉。", 0.0),
    ] {
        assert_eq!(order("零件卡住了怎么办？", machine, text, Language::Zh), Some(expected), "{text}");
    }
}

/// Every point and every requirement has a line of evidence, however many there are, and the sentence that proves a point
/// is the one that tells it.
#[test]
fn every_point_has_its_line_and_its_own_sentence() {
    let steps = [
        ("Switches off the alarm", "Alarm off first of all, with the code."),
        ("Switches on the lights", "Then I put all the lights on."),
        ("Counts the money in the till", "I count the till twice."),
        ("Checks the temperature of the fridge", "I look at the thermometer of the fridge."),
        ("Puts out the bread", "I put the bread out on the shelf."),
        ("Unlocks the door for the customers", "At eight I unlock the door."),
        ("Sweeps the floor", "I sweep the floor with the big broom."),
        ("Waters the plants", "I water the plants by the window."),
        ("Reads the messages of the late shift", "I read the messages from the late shift."),
        ("Writes the prices on the board", "I write the prices on the board."),
        ("Makes the coffee", "I make a big pot of coffee."),
        ("Takes out the rubbish", "I take the rubbish out to the yard."),
        ("Signs the handover sheet", "I sign the handover sheet."),
        ("Greets the colleagues", "I greet the colleagues who come in."),
    ];
    let rubric: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(id, step)| serde_json::json!({"id": format!("p{id}"), "text": step.0}))
        .collect();
    let text = steps.map(|step| step.1).join(" ");
    let job = job_with_rubric(
        "What do you do when you open the shop?",
        rubric.into(),
        serde_json::json!([]),
        &text,
    );
    let features = measure(&job, Some(typed(&text, Language::En)));
    let lines = &feature(&features, "content.rubric_coverage").evidence;
    assert_eq!(lines.len(), steps.len());
    let own = lines.iter().zip(steps).filter(|(line, step)| line.text == format!("✓ {}: {}", step.0, step.1));
    let own = own.count();
    assert!(own >= 12, "{own} of {}: {lines:#?}", steps.len());
}

#[test]
fn abbreviations_end_no_sentence() {
    let length = |text: &str| value(&measured(text), "content.sentence_length");
    let padding = "We talked about the repair of the pump for an hour and then went home to write it down";
    for (with, without) in [
        ("Dr. Smith came at noon.", "Doctor Smith came at noon."),
        ("The pump No. 5 was broken.", "The pump number 5 was broken."),
        ("I wrote it in .NET last year.", "I wrote it in dotnet last year."),
        ("Mr. Brown and Mrs. Green agreed.", "Mister Brown and Missis Green agreed."),
    ] {
        let (with, without) = (format!("{with} {padding}."), format!("{without} {padding}."));
        assert_eq!(length(&with), length(&without), "{with}");
    }
    assert_ne!(
        length(&format!("Is it broken? No. {padding}.")),
        length(&format!("Is it broken? No {padding}."))
    );
}
