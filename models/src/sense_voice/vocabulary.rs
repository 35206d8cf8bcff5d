//! The tokens of SenseVoice: pieces of text, and tags that say which language and what kind of sound was heard.

/// One entry of the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A part of the text; a leading space begins a word.
    Text(Vec<u8>),
    /// A tag such as `zh`, `Speech` or `withitn`, without its brackets.
    Tag(String),
    /// Nothing to write: begin, end, unknown.
    Silent,
}

/// Most entries: the model has 25,055.
const MOST_PIECES: usize = 100_000;

/// The vocabulary, by token number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    pieces: Vec<Piece>,
}

impl Vocabulary {
    /// Reads a `tokens.txt`: one piece and its number a line, numbers from 0 upwards without gaps.
    ///
    /// # Errors
    /// The first line that is wrong and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let wrong = |reason: &str| format!("line {}: {reason}", number + 1);
            // The piece itself may be or hold a space of another kind, so the number is split off from the right.
            let (piece, id) = line
                .trim_end_matches('\r')
                .rsplit_once([' ', '\t'])
                .ok_or_else(|| wrong("no number after the piece"))?;
            if id.parse() != Ok(number) {
                return Err(wrong("the numbers do not count up from 0"));
            }
            if number >= MOST_PIECES {
                return Err(wrong("too many pieces"));
            }
            pieces.push(classify(piece));
        }
        if pieces.is_empty() { Err("no pieces".to_owned()) } else { Ok(Self { pieces }) }
    }

    /// Number of pieces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there is no piece; never for a vocabulary that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The piece of a token.
    #[must_use]
    pub fn piece(&self, token: usize) -> &Piece {
        self.pieces.get(token).unwrap_or(&Piece::Silent)
    }

    /// The tag of a token, where it is one.
    #[must_use]
    pub fn tag(&self, token: usize) -> Option<&str> {
        match self.piece(token) {
            Piece::Tag(name) => Some(name),
            Piece::Text(_) | Piece::Silent => None,
        }
    }
}

/// `▁` stands for a space, `<0x41>` for a byte, `<|name|>` for a tag.
fn classify(piece: &str) -> Piece {
    let inside = |open: &str, close: &str| piece.strip_prefix(open)?.strip_suffix(close);
    if let Some(tag) = inside("<|", "|>") {
        return Piece::Tag(tag.to_owned());
    }
    if let Some(byte) = inside("<0x", ">").and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
        return Piece::Text(vec![byte]);
    }
    match piece {
        "<unk>" | "<s>" | "</s>" | "<pad>" | "<blank>" => Piece::Silent,
        text => Piece::Text(text.replace('\u{2581}', " ").into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_bytes_and_tags_are_told_apart() {
        let vocabulary =
            Vocabulary::parse("<unk> 0\n<s> 1\n\u{2581}the 2\n的 3\n<0xE4> 4\n<|zh|> 5\n< 6\n\u{3000} 7\r\n")
                .unwrap();
        assert_eq!(vocabulary.len(), 8);
        let text = |token: usize| match vocabulary.piece(token) {
            Piece::Text(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            [text(2), text(3), text(4), text(6), text(7)],
            [b" the".to_vec(), "的".into(), vec![0xe4], b"<".to_vec(), "\u{3000}".into()]
        );
        assert_eq!(vocabulary.tag(5), Some("zh"));
        assert_eq!((vocabulary.piece(0), vocabulary.piece(999)), (&Piece::Silent, &Piece::Silent));
    }

    #[test]
    fn a_file_with_gaps_is_refused_with_its_line() {
        for (text, reason) in [
            ("", "no pieces"),
            ("<unk> 0\nthe 2\n", "line 2"),
            ("<unk> 0\nthe\n", "line 2"),
            ("the x\n", "line 1"),
        ] {
            let error = Vocabulary::parse(text).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
