//! One form for what means the same: letter case, width, composed accents, traditional characters, apostrophes.

use std::collections::HashMap;
use std::sync::OnceLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use unicode_normalization::UnicodeNormalization;

/// Conversions until a character does not change any more; chains of three occur.
const LONGEST_CHAIN: usize = 4;

/// OpenCC's dictionaries; `None` never occurs, because the conversion is built into the program (a test reads it).
fn converter() -> Option<&'static OpenCC> {
    static CONVERTER: OnceLock<Option<OpenCC>> = OnceLock::new();
    CONVERTER.get_or_init(|| OpenCC::from_config(BuiltinConfig::T2s).ok()).as_ref()
}

/// The simplified form of a single character, by OpenCC.
fn convert(c: char) -> char {
    let Some(converter) = converter() else { return c };
    let mut simple = c;
    for _ in 0..LONGEST_CHAIN {
        let converted = converter.convert(simple.encode_utf8(&mut [0; 4]));
        let mut characters = converted.chars();
        match (characters.next(), characters.next()) {
            (Some(next), None) if next != simple => simple = next,
            _ => break,
        }
    }
    simple
}

/// Characters of the two common blocks that have another simplified form; looked up once and for all, because every
/// character of every text is asked for.
fn simplified(c: char) -> char {
    static TABLE: OnceLock<HashMap<char, char>> = OnceLock::new();
    match c {
        '\u{3400}'..='\u{9fff}' => {
            let table = TABLE.get_or_init(|| {
                let pairs = ('\u{3400}'..='\u{9fff}').map(|from| (from, convert(from)));
                pairs.filter(|(from, to)| from != to).collect()
            });
            table.get(&c).copied().unwrap_or(c)
        }
        '\u{20000}'..='\u{3ffff}' => convert(c),
        _ => c,
    }
}

/// The normal form of a text: NFKC (full-width letters and digits become narrow, accents composed), lower case,
/// traditional characters simplified, typographic apostrophes straight, format characters removed. Normalising
/// twice changes nothing.
#[must_use]
pub fn normalise(text: &str) -> String {
    let folded: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_format(*c))
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' | '\u{00b4}' => '\'',
            other => simplified(other),
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
        assert_eq!(normalise("我們為客戶說明退款"), "我们为客户说明退款");
        assert_eq!(normalise("臺灣後裡乾隻鬥穀"), "台湾后里干只斗谷");
        assert_eq!(normalise("\u{2A3AB}"), normalise(&normalise("\u{2A3AB}")));
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
