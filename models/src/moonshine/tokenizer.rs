//! The vocabulary of Moonshine (`tokenizer.bin`): token ids to text.
//!
//! The file is one record after another: a length (one byte below 128, or two bytes `b`, `n` for
//! `128 n + b - 128`), then so many bytes. U+2581 stands for the space before a word.

/// Begins a word.
const WORD_START: &[u8] = "\u{2581}".as_bytes();
/// More tokens than any vocabulary of the model family has; a longer file is not a vocabulary.
const MOST_TOKENS: usize = 1 << 18;

/// Tokens by their ids.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    bytes: Vec<u8>,
    /// Where each token stands in `bytes`.
    ranges: Vec<(u32, u32)>,
}

impl Tokenizer {
    /// Reads a vocabulary.
    ///
    /// # Errors
    /// Says at which byte and token the file is not a vocabulary.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let mut ranges = Vec::new();
        let mut position = 0;
        while position < bytes.len() {
            if ranges.len() == MOST_TOKENS {
                return Err(format!("more than {MOST_TOKENS} tokens"));
            }
            let broken = || format!("token {} at byte {position} is cut off", ranges.len());
            let first = usize::from(bytes[position]);
            let (start, length) = if first < 128 {
                (position + 1, first)
            } else {
                let second = usize::from(*bytes.get(position + 1).ok_or_else(broken)?);
                (position + 2, second * 128 + first - 128)
            };
            let end = start + length;
            if end > bytes.len() {
                return Err(broken());
            }
            let offset = |at: usize| u32::try_from(at).map_err(|_| "file over 4 GiB".to_owned());
            ranges.push((offset(start)?, offset(end)?));
            position = end;
        }
        Ok(Self { bytes, ranges })
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is no token at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The bytes of a token; empty for an unknown id and for control tokens such as `<s>`.
    #[must_use]
    pub fn token(&self, id: usize) -> &[u8] {
        let bytes =
            self.ranges.get(id).map_or(&[][..], |&(start, end)| &self.bytes[start as usize..end as usize]);
        let control = bytes.len() > 2 && bytes.first() == Some(&b'<') && bytes.last() == Some(&b'>');
        if control { &[] } else { bytes }
    }

    /// Whether a token begins a word.
    #[must_use]
    pub fn starts_word(&self, id: usize) -> bool {
        self.token(id).starts_with(WORD_START)
    }

    /// The text of tokens, trimmed; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn text(&self, ids: &[usize]) -> String {
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| self.token(id)).copied().collect();
        String::from_utf8_lossy(&bytes).replace('\u{2581}', " ").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(tokens: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for token in tokens {
            if token.len() < 128 {
                bytes.push(u8::try_from(token.len()).unwrap());
            } else {
                bytes.push(u8::try_from(token.len() % 128 + 128).unwrap());
                bytes.push(u8::try_from(token.len() / 128).unwrap());
            }
            bytes.extend_from_slice(token);
        }
        bytes
    }

    #[test]
    fn control_tokens_are_silent_and_the_word_mark_is_a_space() {
        let tokens = ["<unk>", "<s>", "\u{2581}he", "llo", "\u{2581}<", "<>"];
        let tokens: Vec<Vec<u8>> = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        let tokenizer = Tokenizer::parse(encode(&tokens)).unwrap();
        assert_eq!(tokenizer.text(&[1, 2, 3, 4, 5, 99]), "hello <<>");
        assert!(tokenizer.starts_word(2) && !tokenizer.starts_word(3) && !tokenizer.starts_word(99));
    }

    proptest! {
        #[test]
        fn every_vocabulary_is_read_back(tokens in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..50)) {
            let tokenizer = Tokenizer::parse(encode(&tokens)).unwrap();
            prop_assert_eq!(tokenizer.len(), tokens.len());
            for (id, token) in tokens.iter().enumerate() {
                let control = token.len() > 2 && token[0] == b'<' && token[token.len() - 1] == b'>';
                prop_assert_eq!(tokenizer.token(id), if control { &[][..] } else { &token[..] });
            }
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), ids in prop::collection::vec(any::<usize>(), 0..20)) {
            if let Ok(tokenizer) = Tokenizer::parse(bytes) {
                let all: Vec<usize> = (0..tokenizer.len()).chain(ids).collect();
                let _ = tokenizer.text(&all);
            }
        }
    }
}
