//! Requirements: what is claimed, what is denied, and what is only a word that looks like a name.

use interview_schemas::Feature;
use proptest::prelude::*;

use crate::helpers::{feature, job, measure_with};
use interview_pipeline::perception::semantics::typed;
use interview_schemas::Language;

fn measured(requirements: &[&str], resume: Option<&str>, answer: &str, spoken: bool) -> Vec<Feature> {
    let requirements: Vec<_> = requirements.iter().map(|text| serde_json::json!({"text": text})).collect();
    let mut job = job(None, requirements.into(), answer);
    job.candidate.resume = resume.map(str::to_owned);
    let mut transcript = typed(answer, Language::Auto);
    if spoken {
        transcript.model = "spoken".to_owned();
    }
    measure_with(&job, Some(transcript), false)
}

/// The marks of the requirements: ✓, ≈ and ✗ in their order.
fn marks(features: &[Feature], name: &str) -> String {
    feature(features, name).evidence.iter().filter_map(|line| line.text.chars().next()).collect()
}

fn said(requirements: &[&str], answer: &str) -> String {
    marks(&measured(requirements, None, answer, false), "content.requirement_coverage")
}

fn spoken(requirements: &[&str], answer: &str) -> String {
    marks(&measured(requirements, None, answer, true), "content.requirement_coverage")
}

fn resume(requirements: &[&str], resume: &str) -> String {
    marks(&measured(requirements, Some(resume), "Yes.", false), "content.resume_coverage")
}

#[test]
fn a_denied_skill_is_no_hit() {
    let skills = ["Docker", "Java", "Kubernetes"];
    for (text, expected) in [
        ("I have no experience with Docker.", "✗✗✗"),
        ("Docker I have never used, and neither Kubernetes.", "✗✗✗"),
        ("We never used Docker there. Java was not part of my job.", "✗✗✗"),
        ("I am not good at Java and I know nothing about Kubernetes.", "✗✗✗"),
        ("I lack experience with Docker, Java or Kubernetes.", "✗✗✗"),
        ("I would like to learn Kubernetes.", "✗✗✗"),
        ("I don't know Java, but I use Docker daily.", "✓✗✗"),
        ("I have no experience with Java. Docker is my daily tool.", "✓✗✗"),
        ("I never used Docker at school. At my job I use Docker every day.", "✓✗✗"),
    ] {
        assert_eq!(said(&skills, text), expected, "{text}");
    }
    let skills = ["Docker", "英语", "Python"];
    for (text, expected) in [
        ("Docker我没有用过，也不会Python。", "✗✗✗"),
        ("我对Docker不熟悉，英语我不会说。", "✗✗✗"),
        ("我没用过Docker，英语不太好。", "✗✗✗"),
        ("没有Docker经验，想学Python。", "✗✗✗"),
        ("Docker，我没用过。", "✗✗✗"),
        ("我不会Docker，英语很好。", "✗✓✗"),
        ("我会Python不会Docker。", "✗✗✓"),
    ] {
        assert_eq!(said(&skills, text), expected, "{text}");
    }
}

#[test]
fn emphasis_is_no_denial() {
    let skills = ["Docker", "Java", "Kubernetes"];
    for (text, expected) in [
        ("I can't imagine working without Docker. I don't only know Java but Kubernetes as well.", "✓✓✓"),
        ("I have never had a problem with Java or Docker.", "✓✓✗"),
        ("Not only Docker, also Java.", "✓✓✗"),
        ("I didn't know Docker at first but I learned it within two weeks.", "✓✗✗"),
        ("There was not a day without Docker.", "✓✗✗"),
    ] {
        assert_eq!(said(&skills, text), expected, "{text}");
    }
    let skills = ["Docker", "Python"];
    for text in [
        "我不仅会Docker，还会Python编程。",
        "Docker没问题，Python也没问题。",
        "我没少用Docker，Python也用过。",
        "我没有不会用Docker的时候，熟悉Python。",
    ] {
        assert_eq!(said(&skills, text), "✓✓", "{text}");
    }
}

#[test]
fn a_resume_denies_too() {
    let text = "No experience with Docker. I want to learn Java. Excelled at school. Never used Kubernetes.";
    assert_eq!(resume(&["Docker", "Java", "Excel", "Kubernetes"], text), "✗✗✗✗");
    let text = "Skills: Docker, Java\nTools: Microsoft Excel\nLanguages: English (fluent)\nNo Kubernetes";
    assert_eq!(resume(&["Docker", "Java", "Excel", "Kubernetes", "English"], text), "✓✓✓✗✓");
    assert_eq!(resume(&["Docker", "MySQL"], "熟悉Spring Boot、MySQL。没有Docker经验。"), "✗✓");
}

#[test]
fn names_that_are_words_need_evidence() {
    let names = ["IT", "Go", "Excel", "Word", "Access", "SAP", "Rust", "C", "R"];
    let plain = "I did consulting, it was good. I go to work and I excel. In other words I had access to a garden, \
        took the sap from a tree, removed the rust and ate vitamin C. It is fine. We did it every day.";
    assert_eq!(said(&names, plain), "✗✗✗✗✗✗✗✗✗");
    assert_eq!(spoken(&names, &plain.to_uppercase()), "✗✗✗✗✗✗✗✗✗");
    assert_eq!(spoken(&names, plain), "✗✗✗✗✗✗✗✗✗");
    let meant = "I work in the IT department. We wrote it in Go and Rust. My reports are in Excel and Word. I used \
        Access and SAP. I learned programming in C, and I know Python and R.";
    assert_eq!(said(&names, meant), "✓✓✓✓✓✓✓✓✓");
    assert_eq!(spoken(&names, &meant.to_lowercase()), "✓✓✓✓✓✓✓✓✓");
    let capital = "My favourite tools were always SAP, Excel and sometimes Go, all day long in the office.";
    assert_eq!(said(&["SAP", "Excel", "Go"], capital), "✓✓✓");
    assert_eq!(said(&["Go", "Excel"], "Go on, please. Excel at what you do."), "✗✗");
    assert_eq!(said(&["IT", "Go"], "我在IT公司用Go写后端。"), "✓✓");
}

#[test]
fn other_words_are_nearly_hits_and_kinds_only_one_way() {
    assert_eq!(said(&["Salesforce", "Excel"], "We used a CRM and a spreadsheet."), "✗≈");
    assert_eq!(said(&["CRM"], "We used Salesforce."), "≈");
    assert_eq!(said(&["Kubernetes", "buyer"], "We ran it on k8s, the customers were happy."), "≈✗");
    assert_eq!(
        said(
            &["information technology", "artificial intelligence", "3 years"],
            "I have three years of practice in the IT sector with AI tools, and that is a lot of time."
        ),
        "≈≈✓"
    );
    assert_eq!(said(&["project management"], "I managed two big projects."), "≈");
    assert_eq!(said(&["驾驶证"], "我有驾照，开车五年了。"), "≈");
    assert_eq!(said(&[".NET", ".NET"], "I built services in dotnet. My net salary was good."), "≈≈");
    assert_eq!(said(&[".NET"], "I built services in .NET for years."), "✓");
}

#[test]
fn words_of_a_level_need_not_be_said() {
    let wanted = ["熟悉Spring Boot", "三年以上销售经验", "沟通能力强", "Python编程"];
    assert_eq!(said(&wanted, "我用过SpringBoot，做过四年销售，擅长和人沟通，会Python。"), "✓✓✓✓");
    assert_eq!(said(&["熟悉Spring Boot"], "我精通spring-boot。"), "✓");
    assert_eq!(
        said(&["Proficient in Excel", "Experience with Kubernetes"], "I use Excel and Kubernetes."),
        "✓✓"
    );
}

proptest! {
    #[test]
    fn whatever_is_written_has_a_line_per_requirement(
        answer in "(I |never |used |Docker |not |only |but |, |\\. |没|用过|我|不会|，|Go |it |in ){0,24}",
        wanted in "[A-Za-z .+#熟悉经验年]{1,12}",
    ) {
        let requirement = [wanted.as_str(), "Docker"];
        let features = measured(&requirement, Some(&answer), &format!("x {answer}"), false);
        for name in ["content.requirement_coverage", "content.resume_coverage"] {
            let found = feature(&features, name);
            prop_assert!(found.value.is_none_or(|value| (0.0..=1.0).contains(&value)));
            prop_assert!(found.value.is_none() || found.evidence.len() == 2);
        }
    }
}
