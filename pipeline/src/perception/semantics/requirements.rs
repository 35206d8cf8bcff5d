//! Requirements of a position in the words in which they are looked for.

use interview_schemas::Language;
use interview_schemas::job::Requirement;

use super::words::Cleaner;
use crate::text::{Lexicons, Unit, units};

/// One requirement, ready to be looked for. Words of a level ("proficient in", 熟悉, 三年以上) are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Its own words.
    pub own: Vec<Unit>,
    /// Other words for it: its own synonyms and those of the table.
    pub others: Vec<Vec<Unit>>,
    /// Its own words, synonyms united.
    pub united: Vec<Unit>,
    /// It is written in capitals: "SAP", "IT".
    pub capitals: bool,
    /// It begins with a full stop: ".NET".
    pub dotted: bool,
}

/// Every requirement with every other word for it.
pub(super) fn wanted(
    requirements: &[Requirement],
    language: Language,
    lexicons: &Lexicons,
    cleaner: &Cleaner,
) -> Vec<Wanted> {
    let of = |requirement: &Requirement| {
        let all = units(&requirement.text);
        let own = without_level(&all, language, lexicons);
        let plain: Vec<&str> = own.iter().map(|unit| unit.text.as_str()).collect();
        let plain = plain.join(if own.iter().all(|unit| unit.han) { "" } else { " " });
        let mut words = lexicons.synonyms(language, &requirement.text);
        words.extend(lexicons.synonyms(language, &plain));
        let others = requirement.synonyms.iter().chain(&words);
        let others = others.map(|text| without_level(&units(text), language, lexicons));
        let written = own.iter().filter_map(|unit| requirement.text.get(unit.span.clone()));
        let written: String = written.collect();
        Wanted {
            united: cleaner.passage(&plain).units,
            others: others.filter(|other| !other.is_empty() && *other != own).collect(),
            capitals: written.chars().count() > 1 && !written.chars().any(char::is_lowercase),
            dotted: requirement.text.trim_start().starts_with('.'),
            own,
        }
    };
    requirements.iter().map(of).collect()
}

/// The words of a requirement without those of a level and of amounts beside them; all of them where nothing is left.
fn without_level(all: &[Unit], language: Language, lexicons: &Lexicons) -> Vec<Unit> {
    let list = lexicons.list(language, "claims");
    let mut level = vec![false; all.len()];
    for found in list.phrases(&["level"]).find(all) {
        level[found.units].fill(true);
    }
    let mut amount: Vec<bool> = all.iter().map(|unit| unit.text.starts_with(char::is_numeric)).collect();
    for found in list.phrases(&["amounts"]).find(all) {
        amount[found.units].fill(true);
    }
    for index in (0..all.len().saturating_sub(1)).rev() {
        level[index] = level[index] || amount[index] && level[index + 1];
    }
    let mut left: &[Unit] = &all
        .iter()
        .zip(&level)
        .filter(|(_, level)| !**level)
        .map(|(unit, _)| unit.clone())
        .collect::<Vec<_>>();
    if left.len() == all.len() {
        return all.to_vec();
    }
    let loose = |unit: &Unit| list.entries("loose").iter().any(|entry| entry.term == unit.text);
    while left.first().is_some_and(loose) {
        left = &left[1..];
    }
    while left.last().is_some_and(loose) {
        left = &left[..left.len() - 1];
    }
    if left.is_empty() { all.to_vec() } else { left.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_level_are_left_out() {
        let core = |language: Language, text: &str| {
            let left = without_level(&units(text), language, &Lexicons::shipped());
            left.iter().map(|unit| unit.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(core(Language::Zh, "熟悉Spring Boot"), "spring boot");
        assert_eq!(core(Language::Zh, "三年以上销售经验"), "销 售");
        assert_eq!(core(Language::Zh, "3年及以上Java开发经验"), "java 开 发");
        assert_eq!(core(Language::Zh, "沟通能力强"), "沟 通");
        assert_eq!(core(Language::Zh, "Python编程"), "python");
        assert_eq!(core(Language::En, "proficient in Excel"), "excel");
        assert_eq!(core(Language::En, "At least three years of experience in sales"), "sales");
        assert_eq!(core(Language::En, "experience"), "experience");
        assert_eq!(core(Language::Zh, "经验"), "经 验");
    }
}
