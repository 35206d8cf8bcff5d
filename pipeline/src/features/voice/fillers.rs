//! Filled pauses: "um", "uh", 嗯, 呃, found in the words by a lexicon per language.

use interview_schemas::Language;

use super::syllables::is_han;
use super::timing::{MIN_PAUSE_S, SpokenWord};
use crate::text::lexicon::Lexicons;

/// One entry of a lexicon.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Lower case; repeated letters once.
    text: String,
    /// Counted only between two boundaries: a pause, a comma, another filler, its own repetition.
    isolated: bool,
}

/// A filled pause.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FilledPause {
    pub(super) text: String,
    pub(super) start_s: f64,
    pub(super) end_s: f64,
}

/// A word in Latin letters or one Chinese character, with what surrounds it.
struct Token {
    text: String,
    start_s: f64,
    end_s: f64,
    boundary_before: bool,
    /// A pause or a comma follows.
    boundary_after: bool,
    /// Written in capitals, as an abbreviation is.
    capitals: bool,
}

/// The filled pauses among the words, by the word lists of the tenant.
pub(super) fn find(words: &[SpokenWord<'_>], language: Language, lexicons: &Lexicons) -> Vec<FilledPause> {
    let tokens = tokens(words);
    let languages: &[Language] = match &language {
        Language::Auto => &[Language::En, Language::Zh],
        known => std::slice::from_ref(known),
    };
    let entries: Vec<Entry> = languages.iter().flat_map(|&language| entries(language, lexicons)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    // Whether the token before was a filler, which is a boundary too.
    let mut after_filler = false;
    while at < tokens.len() {
        let matched = entries.iter().find_map(|entry| {
            let length = match_length(&tokens[at..], entry)?;
            let accepted = !entry.isolated || {
                let rest = &tokens[at + length..];
                let repeated = match_length(rest, entry).is_some();
                let before = after_filler || tokens[at].boundary_before;
                let filler_follows = rest.first().is_some_and(|next| always_filler(&entries, next));
                repeated || (before && (tokens[at + length - 1].boundary_after || filler_follows))
            };
            accepted.then_some(length)
        });
        after_filler = matched.is_some();
        if let Some(length) = matched {
            let covered = &tokens[at..at + length];
            found.push(FilledPause {
                text: covered.iter().map(|token| token.text.as_str()).collect(),
                start_s: covered[0].start_s,
                end_s: covered[length - 1].end_s,
            });
        }
        at += matched.unwrap_or(1);
    }
    found
}

/// How many tokens, one at least, make up the entry at the beginning of `tokens`.
fn match_length(tokens: &[Token], entry: &Entry) -> Option<usize> {
    let first = tokens.first()?;
    if !entry.text.starts_with(is_han) {
        let long_enough = first.text.chars().count() >= 2 && !first.capitals;
        return (long_enough && once(&first.text) == entry.text).then_some(1);
    }
    let length = entry.text.chars().count();
    let covered = tokens.get(..length)?;
    let same = covered.iter().map(|token| token.text.as_str()).eq(entry.text.split_inclusive(|_| true));
    // A pause within the word would make it two words.
    let whole = covered[..length - 1].iter().all(|token| !token.boundary_after);
    (same && whole).then_some(length)
}

fn always_filler(entries: &[Entry], token: &Token) -> bool {
    let alone = std::slice::from_ref(token);
    entries.iter().any(|entry| !entry.isolated && match_length(alone, entry).is_some())
}

/// Cuts the words into tokens; the time of a word is shared evenly among its characters.
fn tokens(words: &[SpokenWord<'_>]) -> Vec<Token> {
    let shouted = !words.iter().any(|word| word.text.chars().any(char::is_lowercase));
    let mut tokens: Vec<Token> = Vec::new();
    for word in words {
        let characters: Vec<char> = word.text.chars().collect();
        let step_s = (word.end_s - word.start_s) / characters.len().max(1) as f64;
        let time_s = |index: usize| word.start_s + step_s * index as f64;
        // A pause ends what came before it.
        if let Some(last) = tokens.last_mut() {
            last.boundary_after |= word.start_s - last.end_s >= MIN_PAUSE_S - 1e-9;
        }
        let mut after_pause = tokens.last().is_none_or(|last| last.boundary_after);
        let mut at = 0;
        while let Some(&first) = characters.get(at) {
            let in_word = |c: &&char| c.is_alphanumeric() && !is_han(**c) || matches!(c, '\'' | '’' | '-');
            let length = if is_han(first) || !first.is_alphanumeric() {
                1
            } else {
                characters[at..].iter().take_while(in_word).count()
            };
            if first.is_alphanumeric() {
                let text: String = characters[at..at + length].iter().collect();
                tokens.push(Token {
                    capitals: !shouted && length > 1 && text.chars().all(char::is_uppercase),
                    text: text.to_lowercase(),
                    start_s: time_s(at),
                    end_s: time_s(at + length),
                    boundary_before: after_pause,
                    boundary_after: false,
                });
                after_pause = false;
            } else if !first.is_whitespace() {
                after_pause = true;
                // The end of a sentence is no hesitation: "I want that." ends with what is wanted.
                let hesitates = matches!(first, ',' | '，' | '、' | '…' | '-' | '—');
                if let Some(last) = tokens.last_mut().filter(|_| hesitates) {
                    last.boundary_after = true;
                }
            }
            at += length;
        }
    }
    // What follows punctuation or a pause begins anew.
    for index in 1..tokens.len() {
        tokens[index].boundary_before |= tokens[index - 1].boundary_after;
    }
    tokens
}

/// The word list of a language.
fn entries(language: Language, lexicons: &Lexicons) -> Vec<Entry> {
    let list = lexicons.list(language, "filled_pauses");
    let section = |name: &str, isolated: bool| -> Vec<Entry> {
        let terms = list.entries(name).iter();
        terms.map(|entry| Entry { text: once(&entry.term.to_lowercase()), isolated }).collect()
    };
    let mut entries = section("always", false);
    entries.extend(section("between", true));
    entries
}

/// The text with each run of one letter written once: "ummm" and "um" are the same.
fn once(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        if !result.ends_with(character) || is_han(character) {
            result.push(character);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<'a>(spoken: &[(&'a str, f64, f64)]) -> Vec<SpokenWord<'a>> {
        spoken
            .iter()
            .map(|&(text, start_s, end_s)| SpokenWord { text, start_s, end_s, syllables: 1 })
            .collect()
    }

    /// The text spoken without a pause, its words parted at spaces.
    fn fluent<'a>(text: &'a str) -> Vec<SpokenWord<'a>> {
        let spoken: Vec<_> = text
            .split_whitespace()
            .enumerate()
            .map(|(index, word)| (word, index as f64 * 0.3, (index + 1) as f64 * 0.3))
            .collect();
        words(&spoken)
    }

    fn texts(words: &[SpokenWord<'_>], language: Language) -> Vec<String> {
        find(words, language, &Lexicons::shipped()).into_iter().map(|filler| filler.text).collect()
    }

    #[test]
    fn english_fillers_are_found_however_long_they_are_drawn() {
        let spoken = fluent("Um, I worked, uhhh, with hmm customers Ummm yes er and erm no");
        assert_eq!(texts(&spoken, Language::En), ["um", "uhhh", "hmm", "ummm", "er", "erm"]);
    }

    #[test]
    fn english_words_that_look_alike_are_not_fillers() {
        let spoken = fluent("uh-huh the ER in a hummer, umbrella, mm-hmm, I like A and M");
        assert_eq!(texts(&spoken, Language::En), Vec::<String>::new());
    }

    #[test]
    fn mandarin_hesitations_are_found_as_characters_or_in_words() {
        assert_eq!(texts(&fluent("嗯，我 呃 觉得"), Language::Zh), ["嗯", "呃"]);
        assert_eq!(texts(&fluent("嗯我觉得"), Language::Zh), ["嗯"]);
        assert_eq!(texts(&fluent("然后，那个，我们"), Language::Zh), ["那个"]);
        assert_eq!(texts(&fluent("我说 那个 那个 客户"), Language::Zh), ["那个"]);
        assert_eq!(texts(&fluent("嗯 那个 呃 客户"), Language::Zh), ["嗯", "那个", "呃"]);
    }

    #[test]
    fn that_customer_is_no_hesitation() {
        for text in
            ["那个客户很生气", "我 找到 那个 客户", "我要那个。", "金额 很大", "额度，不够", "这个 产品"]
        {
            assert_eq!(texts(&fluent(text), Language::Zh), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn pauses_on_both_sides_isolate_a_hesitation() {
        let apart = words(&[("然后", 0.0, 0.4), ("那", 0.9, 1.0), ("个", 1.0, 1.1), ("我们", 1.5, 1.9)]);
        let found = find(&apart, Language::Zh, &Lexicons::shipped());
        assert_eq!(found, [FilledPause { text: "那个".to_owned(), start_s: 0.9, end_s: 1.1 }]);
        let before_only = words(&[("然后", 0.0, 0.4), ("那个", 0.9, 1.1), ("客户", 1.1, 1.5)]);
        assert_eq!(find(&before_only, Language::Zh, &Lexicons::shipped()), []);
    }
}
