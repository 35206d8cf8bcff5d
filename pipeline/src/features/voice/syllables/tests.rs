//! Known syllable counts, and the upkeep of the list of exceptions.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Words of interviews with their syllables, counted by hand.
const KNOWN: &[(usize, &str)] = &[
    (
        1,
        "I we you the was were have done made make makes played walked worked asked through strength change name \
         team lead sales goals like time work learn skills staff trained tasks school yes don't can't won't I'm \
         we've that's aren't months years please helped missed solved league guess weren't",
    ),
    (
        2,
        "manage table people wanted needed problem challenge boxes changes pleases client clients being doing \
         quiet something someone statement lately hopeful careful science project result deadline question \
         answer didn't couldn't isn't wasn't product software support python business prism rhythm create going \
         seeing training working trouble simple handled wages closely haven't doesn't boss's",
    ),
    (
        3,
        "customer customer's manager company engineer idea example internet decided department positive employee \
         resources finally period interview performance difficult together radio video media leadership creative \
         exciting another tomorrow satisfied understand area nobody every",
    ),
    (
        4,
        "experience technology development information communicate responsible priority presentation definitely \
         motivated conversation automatic material situation operation economic political january",
    ),
    (
        5,
        "opportunity opportunities university organization communication creativity cooperation international \
         electricity curiosity immediately individuals",
    ),
    (6, "responsibility"),
];

fn known() -> impl Iterator<Item = (&'static str, usize)> {
    KNOWN.iter().flat_map(|&(count, words)| words.split_whitespace().map(move |word| (word, count)))
}

#[test]
fn words_of_interviews_have_the_syllables_counted_by_hand() {
    let wrong: Vec<String> = known()
        .filter(|&(text, expected)| count(text, Language::En, false) != expected)
        .map(|(text, expected)| format!("{text}: {} not {expected}", count(text, Language::En, false)))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert!(known().count() >= 150);
}

#[test]
fn words_that_no_dictionary_holds_are_counted_by_the_rule() {
    for (text, expected) in
        [("blorpable", 3), ("zindation", 3), ("quaffed", 1), ("trunding", 2), ("vlimes", 1)]
    {
        assert_eq!(count(text, Language::En, false), expected, "{text}");
    }
}

#[test]
fn numbers_are_counted_as_english_reads_them() {
    let spoken = [
        ("0", 2),
        ("7", 2),
        ("15", 2),
        ("20", 2),
        ("20th", 3),
        ("21st", 3),
        ("70", 3),
        ("77", 5),
        ("100", 3),
        ("2019", 4),
        ("1984", 5),
        ("1905", 4),
        ("2,019", 5),
        ("1,000,000", 3),
        ("3.5", 3),
        ("50%", 4),
        ("007", 6),
        ("99999999999999999999999", 23),
    ];
    for (text, expected) in spoken {
        assert_eq!(count(text, Language::En, false), expected, "{text}");
    }
}

#[test]
fn mandarin_counts_characters_and_reads_numbers() {
    let spoken = [
        ("广州市房地产中介协会分析", 12),
        ("你好，世界。", 4),
        ("15", 2),
        ("20", 2),
        ("100", 2),
        ("105", 4),
        ("115", 5),
        ("1999", 7),
        ("2024年", 5),
        ("10000", 2),
        ("10005", 4),
        ("100000", 2),
        ("1010000", 5),
        ("3.5", 3),
        ("50%", 5),
        ("0", 1),
        ("我用Java写KPI", 8),
    ];
    for (text, expected) in spoken {
        assert_eq!(count(text, Language::Zh, false), expected, "{text}");
    }
}

#[test]
fn abbreviations_are_read_by_their_letters() {
    for (text, expected) in [("HR", 2), ("KPI", 3), ("AWS", 5), ("HTML", 4), ("AI", 2), ("JAVA", 2), ("I", 1)]
    {
        assert_eq!(count(text, Language::En, false), expected, "{text}");
    }
    assert_eq!(count("THE FIRST GREAT SORROW OF HIS LIFE", Language::En, true), 8);
}

#[test]
fn what_is_not_spoken_has_no_syllables() {
    for text in ["", " ", "—", "...", "，。！"] {
        assert_eq!(count(text, Language::En, false), 0, "{text}");
    }
}

#[test]
fn every_exception_is_needed_and_in_order() {
    let entries: Vec<(&str, usize)> = EXCEPTIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').map(|(word, count)| (word, count.parse().unwrap())).unwrap())
        .collect();
    assert!(entries.len() > 1000 && entries.is_sorted());
    for (word, count) in entries {
        assert!(count >= 1 && rule(word) != count, "{word} {count} follows the rule");
    }
}

/// Writes the list of exceptions anew. Run it after a change of the rule with `CMUDICT` (the file
/// `cmudict.dict`) and `WORD_LIST` (one word a line, such as Debian's `american-english-small`).
#[test]
#[ignore = "writes pipeline/lexicons/en/syllables.txt; needs CMUDICT and WORD_LIST"]
fn write_exceptions() {
    let read = |name: &str| std::fs::read_to_string(std::env::var(name).unwrap()).unwrap();
    let plain = |word: &str| word.len() > 1 && word.bytes().all(|letter| letter.is_ascii_lowercase());
    let (words, dictionary) = (read("WORD_LIST"), read("CMUDICT"));
    let common: BTreeSet<String> = words.lines().map(str::to_lowercase).filter(|word| plain(word)).collect();
    let mut known = BTreeMap::new();
    for line in dictionary.lines() {
        let mut fields = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(word) = fields.next().filter(|word| common.contains(*word)) else { continue };
        // The first pronunciation: others have a number in brackets. Vowels end in their stress.
        known.entry(word).or_insert_with(|| fields.filter(|sound| sound.ends_with(['0', '1', '2'])).count());
    }
    let exceptions: Vec<_> =
        known.iter().filter(|&(word, &count)| count > 0 && rule(word) != count).collect();
    println!("{} exceptions among {} words", exceptions.len(), known.len());
    let header: String =
        EXCEPTIONS.lines().filter(|line| line.starts_with('#')).flat_map(|l| [l, "\n"]).collect();
    let lines: String = exceptions.iter().map(|(word, count)| format!("{word} {count}\n")).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/lexicons/en/syllables.txt");
    std::fs::write(path, header + &lines).unwrap();
}
