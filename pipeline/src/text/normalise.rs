//! One form for what means the same: letter case, width, composed accents, traditional characters, apostrophes.

use std::collections::HashMap;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;

/// Traditional -> simplified characters; origin and licence stand in the file.
const TRADITIONAL: &str = include_str!("../../lexicons/zh/traditional.tsv");

fn simplified() -> &'static HashMap<char, char> {
    static TABLE: OnceLock<HashMap<char, char>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = HashMap::new();
        for line in TRADITIONAL.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t').filter_map(|column| column.chars().next());
            if let (Some(from), Some(to)) = (columns.next(), columns.next()) {
                table.insert(from, to);
            }
        }
        table
    })
}

/// The normal form of a text: NFKC (full-width letters and digits become narrow, accents composed), lower case,
/// traditional characters simplified, typographic apostrophes straight, format characters removed. Normalising
/// twice changes nothing.
#[must_use]
pub fn normalise(text: &str) -> String {
    let table = simplified();
    let folded: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_format(*c))
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' | '\u{00b4}' => '\'',
            other => table.get(&other).copied().unwrap_or(other),
        })
        .collect();
    // Lower-casing can leave a form that NFKC composes again (İ becomes i and a dot above).
    folded.nfkc().collect()
}

/// Characters without a width or a sound: zero-width spaces and joiners, direction marks, soft hyphens.
pub(crate) fn is_format(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether a character is a Chinese character (unified ideographs with their extensions, and 々 〇).
pub(crate) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' | '々' | '〇')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_width_and_traditional_characters_become_one() {
        assert_eq!(normalise("ＡＢＣ１２３ Don’t"), "abc123 don't");
        assert_eq!(normalise("我們為客戶說明退款"), normalise("我们为客户说明退款"));
        assert_eq!(normalise("zero\u{200b}width"), "zerowidth");
        assert_eq!(normalise("Cafe\u{301}"), normalise("CAFÉ"));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }
    }
}
