//! How many syllables a text is spoken with: English words, Chinese characters, numbers and abbreviations.

use std::collections::HashMap;
use std::sync::OnceLock;

use interview_schemas::Language;

/// Words the rule counts wrongly, with their syllables in the CMU Pronouncing Dictionary.
const EXCEPTIONS: &str = include_str!("../../../lexicons/en/syllables.txt");

/// Number of syllables of a text. `shouted`: the whole transcript is in capitals, so capitals do not mark an
/// abbreviation. Digits are counted as the language reads them.
pub(super) fn count(text: &str, language: Language, shouted: bool) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let mut syllables = 0;
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let run = |belongs: &dyn Fn(char) -> bool| {
            characters[at..].iter().take_while(|&&character| belongs(character)).count()
        };
        let length;
        if is_han(first) {
            syllables += 1;
            length = 1;
        } else if first.is_ascii_digit() {
            length = run(&|c| c.is_ascii_digit() || matches!(c, '.' | ','));
            let number: String = characters[at..at + length].iter().collect();
            let after = &characters[at + length..];
            syllables += match language {
                Language::Zh => number_zh(number.trim_end_matches(['.', ',']), after.first() == Some(&'年')),
                _ => number_en(number.trim_end_matches(['.', ',']), after),
            };
        } else if first.is_alphabetic() {
            length = run(&|c| (c.is_alphabetic() && !is_han(c)) || matches!(c, '\'' | '’'));
            let word: String = characters[at..at + length].iter().collect();
            let ordinal = at > 0 && characters[at - 1].is_ascii_digit();
            if !(ordinal && matches!(word.as_str(), "st" | "nd" | "rd" | "th" | "s")) {
                syllables += self::word(&word, shouted);
            }
        } else {
            length = 1;
            syllables += match (first, language) {
                ('%', Language::Zh) => 3,
                ('%', _) => 2,
                ('&' | '+' | '＋', _) => 1,
                _ => 0,
            };
        }
        at += length;
    }
    syllables
}

/// Whether the character is a Chinese one, which is always one syllable.
pub(super) fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}' | '〇')
}

/// Syllables of one word in Latin letters, at least 1.
fn word(word: &str, shouted: bool) -> usize {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    let is_vowel = |c: &char| matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let spelled = letters.len() <= 3 || !letters.iter().any(is_vowel);
    let capitals = letters.len() >= 2 && letters.iter().all(|c| c.is_uppercase());
    if (capitals && !shouted && spelled && letters.len() <= 6) || !letters.iter().any(is_vowel) {
        // An abbreviation read by its letters, all of one syllable but W.
        return letters
            .iter()
            .map(|c| if c.eq_ignore_ascii_case(&'w') { 3 } else { 1 })
            .sum::<usize>()
            .max(1);
    }
    let lower = word.to_lowercase().replace('’', "'");
    let lower = lower.trim_matches('\'');
    if let Some(&known) = exceptions().get(lower) {
        return usize::from(known);
    }
    let of_stem = |stem: &str| exceptions().get(stem).map_or_else(|| rule(stem), |&known| usize::from(known));
    if let Some(stem) = lower.strip_suffix("n't") {
        // did-n't, is-n't, have-n't; but aren't, can't, won't
        let apart = ["d", "t", "s", "ve"].iter().any(|end| stem.ends_with(end));
        return of_stem(stem) + usize::from(apart);
    }
    let Some((stem, ending)) = lower.split_once('\'') else {
        return rule(lower);
    };
    let apart = match ending {
        "s" => ["s", "x", "z", "ch", "sh", "ce", "ge", "se", "ze"].iter().any(|end| stem.ends_with(end)),
        "d" | "ll" | "ve" | "re" => !stem.ends_with(['a', 'e', 'i', 'o', 'u', 'y', 'w']),
        _ => false,
    };
    of_stem(stem) + usize::from(apart)
}

fn exceptions() -> &'static HashMap<&'static str, u8> {
    static TABLE: OnceLock<HashMap<&'static str, u8>> = OnceLock::new();
    TABLE.get_or_init(|| {
        EXCEPTIONS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(word, count)| Some((word, count.trim().parse().ok()?)))
            .collect()
    })
}

/// Syllables of a word by its spelling: groups of vowels, less the silent e, plus vowels spoken apart.
fn rule(word: &str) -> usize {
    let letters = word.as_bytes();
    let at = |index: usize| letters.get(index).copied().unwrap_or(0);
    let mut count = 0usize;
    let mut in_group = false;
    for (index, &letter) in letters.iter().enumerate() {
        let vowel = match letter {
            b'y' => !is_vowel(at(index + 1)),
            b'u' => index == 0 || at(index - 1) != b'q',
            _ => is_vowel(letter) || !letter.is_ascii(),
        };
        count += usize::from(vowel && !in_group);
        in_group = vowel;
    }
    count = count.saturating_sub(silent_endings(word)).saturating_sub(silent_inside(word)) + apart(letters);
    // -ism, -asm, -ythm
    let base = word.strip_suffix('s').unwrap_or(word);
    count += usize::from(base.ends_with("sm") || base.ends_with("thm"));
    count.max(1)
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// 1 when the last e is not spoken: make, makes, played; but table, boxes, wanted.
fn silent_endings(word: &str) -> usize {
    let consonant_at_end = |stem: &str| stem.bytes().last().is_some_and(|letter| !is_vowel(letter));
    let syllabic_l = |stem: &str| {
        stem.strip_suffix('l')
            .is_some_and(|rest| rest.bytes().last().is_some_and(|letter| !is_vowel(letter) && letter != b'l'))
    };
    let silent = if let Some(stem) = word.strip_suffix('e') {
        (consonant_at_end(stem) && !syllabic_l(stem)) || stem.ends_with("gu") || stem.ends_with("qu")
    } else if let Some(stem) = word.strip_suffix("es") {
        let hisses =
            stem.ends_with(['s', 'x', 'z', 'c', 'g']) || stem.ends_with("ch") || stem.ends_with("sh");
        consonant_at_end(stem) && !hisses && !syllabic_l(stem)
    } else if let Some(stem) = word.strip_suffix("ed") {
        consonant_at_end(stem) && !stem.ends_with(['t', 'd']) && !syllabic_l(stem)
    } else {
        false
    };
    usize::from(silent)
}

/// 1 when an e before an ending is not spoken: lately, hopeful, statement.
fn silent_inside(word: &str) -> usize {
    let base = word.strip_suffix('s').unwrap_or(word);
    let endings = ["ly", "ful", "fully", "les", "nes", "some", "ment", "time", "where", "work"];
    let silent = endings.iter().filter_map(|ending| base.strip_suffix(ending)).any(|stem| {
        stem.strip_suffix('e').is_some_and(|root| {
            let last = root.bytes().last().unwrap_or(0);
            root.len() > 1 && last != 0 && !is_vowel(last) && last != b'l'
        })
    });
    usize::from(silent) + usize::from(word.ends_with("ically"))
}

/// How many pairs of vowels are spoken apart: sci-ence, di-al, do-ing, ge-ometry.
fn apart(letters: &[u8]) -> usize {
    let at = |index: usize| letters.get(index).copied().unwrap_or(0);
    (0..letters.len())
        .filter(|&index| {
            let before = if index == 0 { 0 } else { at(index - 1) };
            match (at(index), at(index + 1)) {
                (b'i', b'a' | b'o') => {
                    !matches!(before, b't' | b'c' | b's' | b'g' | b'x') && at(index + 2) != b'u'
                }
                (b'i', b'u') => !matches!(before, b'a' | b'e' | b'g'),
                (b'i', b'e') => at(index + 2) == b't' || letters[index..] == *b"iest",
                (b'e', b'o') => before != b'g' && at(index + 2) != b'u' && index + 2 < letters.len(),
                (b'u', b'a') => matches!(at(index + 2), b'l' | b't') && !matches!(before, b'g' | b'q'),
                (b'a' | b'e' | b'o' | b'u' | b'y', b'i') => {
                    letters[index + 1..] == *b"ing" && before != b'q' && before != b'g'
                }
                _ => false,
            }
        })
        .count()
}

/// Syllables of a number as English reads it; `after` follows it in the text.
fn number_en(digits: &str, after: &[char]) -> usize {
    let grouped = digits.contains(',');
    let plain = digits.replace(',', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let point = if fraction.is_empty() { 0 } else { 1 + each_digit_en(fraction) };
    let Some(value) = value(whole) else {
        return each_digit_en(whole) + point;
    };
    let year = !grouped && ((1100..2000).contains(&value) || (2010..2100).contains(&value));
    let syllables = if year && point == 0 {
        let (century, rest) = (value / 100, value % 100);
        below_thousand_en(century)
            + match rest {
                0 => 2,
                1..=9 => 1 + below_thousand_en(rest),
                _ => below_thousand_en(rest),
            }
    } else {
        cardinal_en(value)
    };
    // twen-ti-eth has one more than twen-ty
    let ordinal = after.starts_with(&['t', 'h']) && value % 10 == 0 && value % 100 >= 20;
    syllables + point + usize::from(ordinal)
}

/// A number of at most twelve digits without leading zeros; others are read digit by digit.
fn value(digits: &str) -> Option<u64> {
    let readable = digits.len() <= 12 && (digits == "0" || !digits.starts_with('0'));
    if readable { digits.parse().ok() } else { None }
}

fn each_digit_en(digits: &str) -> usize {
    digits.bytes().map(|digit| if matches!(digit, b'0' | b'7') { 2 } else { 1 }).sum()
}

fn cardinal_en(value: u64) -> usize {
    if value == 0 {
        return 2;
    }
    let mut syllables = 0;
    for size in [1_000_000_000, 1_000_000, 1_000] {
        let group = value / size % 1000;
        if group > 0 {
            // bil-lion, mil-lion, thou-sand
            syllables += below_thousand_en(group) + 2;
        }
    }
    syllables + below_thousand_en(value % 1000)
}

fn below_thousand_en(value: u64) -> usize {
    const ONES: [usize; 20] = [0, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 2, 2, 2, 2, 3, 2, 2];
    let hundreds = (value / 100 % 10) as usize;
    let rest = (value % 100) as usize;
    let tens = rest / 10;
    let hundred = if hundreds > 0 { ONES[hundreds] + 2 } else { 0 };
    // sev-en-ty, but twen-ty
    let ten = if tens == 7 { 3 } else { 2 };
    hundred + if rest < 20 { ONES[rest] } else { ten + ONES[rest % 10] }
}

/// Syllables of a number as Mandarin reads it: one for each character of it.
fn number_zh(digits: &str, year: bool) -> usize {
    let plain = digits.replace(',', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let point = if fraction.is_empty() { 0 } else { 1 + fraction.len() };
    let read_singly = year && whole.len() == 4;
    match value(whole).filter(|_| !read_singly) {
        None => whole.len() + point,
        Some(0) => 1 + point,
        Some(value) => cardinal_zh(value) + point,
    }
}

fn cardinal_zh(value: u64) -> usize {
    let mut syllables = 0;
    let mut zero_open = false;
    for size in [100_000_000u64, 10_000, 1] {
        let group = value / size % 10_000;
        let mut position = 1000;
        while position > 0 {
            match group / position % 10 {
                0 => zero_open = true,
                digit => {
                    // 零 once for the zeros before it, the digit, and 千百十; a leading 一十 is only 十.
                    syllables += usize::from(zero_open && syllables > 0);
                    let silent_one = digit == 1 && position == 10 && syllables == 0;
                    syllables += usize::from(!silent_one) + usize::from(position > 1);
                    zero_open = false;
                }
            }
            position /= 10;
        }
        // 亿, 万
        syllables += usize::from(size > 1 && group > 0);
    }
    syllables
}

#[cfg(test)]
mod tests;
