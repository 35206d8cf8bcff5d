//! The arithmetic of Local Law 144 against published and hand-made examples.

use super::*;
use crate::simulate;

fn reference() -> Audited {
    let profile = ProfileRef { name: "p".to_owned(), version: "1".to_owned(), hash: String::new() };
    Audited { profile, indicators: Vec::new() }
}

/// People of groups: (sex, race, number, selected); scores 100 for the selected, 0 for the others.
fn people(groups: &[(&str, &str, usize, usize)]) -> (Vec<Person>, Table) {
    let mut people = Vec::new();
    let mut csv = "interview,sex,race\n".to_owned();
    for (sex, race, number, selected) in groups {
        for index in 0..*number {
            let id = format!("{sex}-{race}-{index}-{}", people.len());
            csv.push_str(&format!("{id},{sex},{race}\n"));
            let chosen = index < *selected;
            let score = Some(if chosen { 100.0 } else { 0.0 });
            people.push(Person { id, score, selected: chosen, indicators: Vec::new() });
        }
    }
    (people, Table::parse("groups.csv", csv.as_bytes()).unwrap())
}

fn group<'a>(audit: &'a Audit, category: &str, group: &str) -> &'a GroupResult {
    let category = audit.categories.iter().find(|one| one.category == category).unwrap();
    category.groups.iter().find(|one| one.group == group).unwrap()
}

/// The example of sex categories in the rule, 6 RCNY § 5-301: 667 of 1390 men and 555 of 1181 women selected, 48 %
/// and 47 %, impact ratio of the women 0.979.
#[test]
fn sex_categories_as_in_the_example_of_the_rule() {
    let (people, groups) = people(&[("M", "x", 1390, 667), ("F", "x", 1181, 555)]);
    let audit = judge(&people, &groups, &reference(), Selected::Recommended, 1).unwrap();
    let (male, female) = (group(&audit, "sex", "M"), group(&audit, "sex", "F"));
    assert_eq!(male.selection.impact_ratio, Some(1.0));
    let expected = (555.0 / 1181.0) / (667.0 / 1390.0);
    assert!((female.selection.impact_ratio.unwrap() - expected).abs() < 1e-6);
    assert_eq!(format!("{:.3}", female.selection.impact_ratio.unwrap()), "0.979");
    assert!(!audit.flagged());
    let (low, high) = female.selection.interval.unwrap();
    assert!(low < expected && expected < high && low > 0.85 && high <= 1.0);
}

/// Question 12 of the Questions and Answers on the Uniform Guidelines (44 FR 11996, 1979): 48 of 80 white and 12 of 40
/// black applicants are hired, 60 % and 30 %; the ratio is 50 %, below four fifths.
#[test]
fn four_fifths_as_in_the_questions_and_answers_of_the_guidelines() {
    let (people, groups) = people(&[("M", "white", 80, 48), ("M", "black", 40, 12)]);
    let audit = judge(&people, &groups, &reference(), Selected::Recommended, 1).unwrap();
    let black = group(&audit, "race", "black");
    assert_eq!(black.selection.rate, Some(0.3));
    assert_eq!((black.selection.impact_ratio, black.selection.below_four_fifths), (Some(0.5), true));
    let (low, high) = black.selection.interval.unwrap();
    // The delta method gives 0.5 times e to the ±1.96 · 0.2582.
    assert!((low - 0.30).abs() < 0.04 && (high - 0.78).abs() < 0.07, "{low} {high}");
}

#[test]
fn four_fifths_small_groups_intersections_and_unknown() {
    let (mut people, groups) = people(&[
        ("M", "a", 500, 250),
        ("F", "a", 400, 150),
        ("M", "b", 300, 150),
        ("F", "b", 300, 90),
        ("F", "c", 10, 0),
    ]);
    people.push(Person { id: "nobody".to_owned(), score: None, selected: false, indicators: Vec::new() });
    let audit = judge(&people, &groups, &reference(), Selected::Recommended, 1).unwrap();
    let names: Vec<_> = audit.categories.iter().map(|one| one.category.as_str()).collect();
    assert_eq!(names, ["sex", "race", "sex × race"]);
    assert!(audit.categories.iter().all(|one| one.unknown == 1));
    assert_eq!(audit.without_score, 1);
    // Female 240 of 710 = 33.8 %, male 400 of 800 = 50 %.
    let female = group(&audit, "sex", "F");
    assert!((female.selection.impact_ratio.unwrap() - (240.0 / 710.0) / 0.5).abs() < 1e-6);
    assert!(female.selection.below_four_fifths && audit.flagged());
    let both = group(&audit, "sex × race", "F × b");
    assert!((both.selection.impact_ratio.unwrap() - 0.6).abs() < 1e-6);
    // 10 of 1510 are below 2 %: rate, but no impact ratio.
    let small = group(&audit, "race", "c");
    assert!(small.small && small.selection.impact_ratio.is_none() && !small.selection.below_four_fifths);
    assert_eq!(small.selection.rate, Some(0.0));
}

#[test]
fn scoring_rates_are_shares_above_the_median() {
    let mut csv = "id,g\n".to_owned();
    let mut people = Vec::new();
    for (group, start) in [("a", 0), ("b", 30)] {
        for index in 0..100 {
            let id = format!("{group}{index}");
            csv.push_str(&format!("{id},{group}\n"));
            let score = Some(f64::from((index + start) % 100));
            people.push(Person { id, score, selected: false, indicators: Vec::new() });
        }
    }
    let groups = Table::parse("g.csv", csv.as_bytes()).unwrap();
    let audit = judge(&people, &groups, &reference(), Selected::Recommended, 1).unwrap();
    assert_eq!(audit.median, Some(49.5));
    assert_eq!(group(&audit, "g", "a").scoring.rate, Some(0.5));
    assert_eq!(group(&audit, "g", "b").scoring.impact_ratio, Some(1.0));
    // Nobody is selected: there is no highest rate to compare with.
    assert_eq!(group(&audit, "g", "a").selection.impact_ratio, None);
}

#[test]
fn planted_bias_is_seen_with_its_culprit() {
    let folder = tempfile::tempdir().unwrap();
    let profile = interview_pipeline::score::named("sales").unwrap();
    let run = |bias: f64| {
        let options =
            simulate::Options { interviews: 4000, seed: 2, planted: vec![1.0; 3], effect: 0.5, bias };
        let written = simulate::write(folder.path(), &options, &profile).unwrap();
        let groups = Table::read(&written.groups).unwrap();
        let population = Population::find(&[written.features]).unwrap();
        audit(&population, &profile, &groups, Selected::Considered, 2, 1).unwrap()
    };
    let biased = run(1.5);
    let origin = biased.categories.iter().find(|one| one.category == "origin").unwrap();
    assert_eq!(
        (origin.culprits[0].feature.as_str(), origin.culprits[0].group.as_str()),
        ("voice.steadiness", "C")
    );
    assert!(origin.culprits[0].difference.high < -0.5);
    assert!(group(&biased, "origin", "C").scoring.below_four_fifths);
    let sex = biased.categories.iter().find(|one| one.category == "sex").unwrap();
    assert!(sex.groups.iter().all(|one| !one.scoring.below_four_fifths));
    assert!(biased.test_candidates > 0 && sex.unknown > 0);
    let fair = run(0.0);
    let origin = fair.categories.iter().find(|one| one.category == "origin").unwrap();
    assert!(origin.groups.iter().all(|one| !one.scoring.below_four_fifths), "{:?}", origin.groups);

    let page = render(&biased).unwrap();
    assert!(page.contains("<svg") && page.contains("voice.steadiness") && !page.contains("<script"));
    let table = csv(&biased).unwrap();
    assert_eq!(
        table.lines().count(),
        1 + biased.categories.iter().map(|one| one.groups.len()).sum::<usize>()
    );
}

#[test]
fn nobody_in_the_table_is_an_error() {
    let (people, _) = people(&[("M", "a", 5, 2)]);
    let others = Table::parse("g.csv", b"id,sex\nz,F\n").unwrap();
    let error = judge(&people, &others, &reference(), Selected::Recommended, 1).unwrap_err();
    assert!(error.to_string().contains("no interview of the groups table"));
}

#[test]
fn a_column_of_identifiers_is_no_kind_of_group() {
    let (people, _) = people(&[("F", "x", 60, 30)]);
    let csv: String = people.iter().map(|person| format!("{},{}\n", person.id, person.id)).collect();
    let table = Table::parse("groups.csv", format!("interview,badge\n{csv}").as_bytes()).unwrap();
    let error = judge(&people, &table, &reference(), Selected::Recommended, 1).unwrap_err().to_string();
    assert!(error.contains("\"badge\" has 60 different values"), "{error}");
}
