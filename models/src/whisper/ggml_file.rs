//! A look at a GGML model file before whisper.cpp reads it.
//!
//! whisper.cpp trusts the numbers in its files: a truncated or foreign one may end the process or be read as
//! noise. Here every length is checked against the file first. Layout: magic, eleven hyperparameters, mel
//! filters, vocabulary, then tensors (number of dimensions, length of name, type, dimensions, name, data), all
//! little endian.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

pub(super) const MAGIC: u32 = 0x6767_6d6c;
/// Vocabulary of the English-only models; multilingual ones have one or two more.
pub(super) const ENGLISH_VOCABULARY: i32 = 51_864;
const LONGEST_TOKEN: u32 = 1_024;
const LONGEST_NAME: i32 = 256;
const MOST_TENSORS: usize = 4_096;

/// The hyperparameters of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HyperParameters {
    /// Number of tokens, control tokens included.
    pub vocabulary: i32,
    /// Frames of the encoder; 1500 for 30 s.
    pub audio_context: i32,
    /// Width of the encoder.
    pub audio_state: i32,
    /// Attention heads of the encoder.
    pub audio_heads: i32,
    /// Layers of the encoder.
    pub audio_layers: i32,
    /// Tokens of the decoder; 448.
    pub text_context: i32,
    /// Width of the decoder.
    pub text_state: i32,
    /// Attention heads of the decoder.
    pub text_heads: i32,
    /// Layers of the decoder.
    pub text_layers: i32,
    /// Mel bands.
    pub mels: i32,
    /// Type of the weights with the version of the quantisation.
    pub file_type: i32,
}

impl HyperParameters {
    /// Whether the model understands more than English.
    #[must_use]
    pub fn is_multilingual(&self) -> bool {
        self.vocabulary > ENGLISH_VOCABULARY
    }

    fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: i32, low: i32, high: i32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(format!("{name} is {value}, not {low} to {high}"))
            }
        };
        within("vocabulary", self.vocabulary, ENGLISH_VOCABULARY, ENGLISH_VOCABULARY + 2)?;
        within("audio context", self.audio_context, 1, 1_500)?;
        within("audio state", self.audio_state, 1, 2_048)?;
        within("audio heads", self.audio_heads, 1, 64)?;
        within("audio layers", self.audio_layers, 1, 64)?;
        within("text context", self.text_context, 32, 448)?;
        within("text state", self.text_state, 1, 2_048)?;
        within("text heads", self.text_heads, 1, 64)?;
        within("text layers", self.text_layers, 1, 64)?;
        within("mel bands", self.mels, 1, 256)?;
        within("file type", self.file_type, 0, 9_999)?;
        if self.audio_state != self.text_state {
            return Err(format!("states of {} and {} differ", self.audio_state, self.text_state));
        }
        if self.audio_state % self.audio_heads != 0 || self.text_state % self.text_heads != 0 {
            return Err(format!("a state of {} cannot be shared among the heads", self.audio_state));
        }
        Ok(())
    }
}

/// Bytes and values of one block of a tensor type; `None` for types that models do not use.
fn block(tensor_type: i32) -> Option<(u64, u64)> {
    Some(match tensor_type {
        0 => (4, 1),
        1 => (2, 1),
        2 => (18, 32),
        3 => (20, 32),
        6 => (22, 32),
        7 => (24, 32),
        8 => (34, 32),
        10 => (84, 256),
        11 => (110, 256),
        12 => (144, 256),
        13 => (176, 256),
        14 => (210, 256),
        _ => return None,
    })
}

/// Checks that a file is a whole Whisper model in GGML format.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(path: &Path) -> Result<HyperParameters, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    check_reader(BufReader::new(file), length)
}

/// Checks a model of so many bytes.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_reader(reader: impl Read + Seek, length: u64) -> Result<HyperParameters, String> {
    let mut input = Input { reader, position: 0, length };
    if input.number()? as u32 != MAGIC {
        return Err("this is no GGML file".to_owned());
    }
    let mut numbers = [0; 11];
    for number in &mut numbers {
        *number = input.number()?;
    }
    let [
        vocabulary,
        audio_context,
        audio_state,
        audio_heads,
        audio_layers,
        text_context,
        text_state,
        text_heads,
        text_layers,
        mels,
        file_type,
    ] = numbers;
    let parameters = HyperParameters {
        vocabulary,
        audio_context,
        audio_state,
        audio_heads,
        audio_layers,
        text_context,
        text_state,
        text_heads,
        text_layers,
        mels,
        file_type,
    };
    parameters.check()?;
    let (filters, bins) = (input.number()?, input.number()?);
    if filters != mels || !(1..=1_024).contains(&bins) {
        return Err(format!("mel filters of {filters} x {bins} do not fit {mels} bands"));
    }
    input.skip(u64::from(filters.unsigned_abs()) * u64::from(bins.unsigned_abs()) * 4)?;
    let tokens = input.number()?;
    if !(1..=vocabulary).contains(&tokens) {
        return Err(format!("{tokens} tokens do not fit a vocabulary of {vocabulary}"));
    }
    let mut space = false;
    for token in 0..tokens {
        let bytes = input.number()? as u32;
        if bytes > LONGEST_TOKEN {
            return Err(format!("token {token} has {bytes} bytes"));
        }
        space |= input.bytes(bytes as usize)? == b" ";
    }
    if !space {
        return Err("the vocabulary has no space".to_owned());
    }
    tensors(&mut input)?;
    Ok(parameters)
}

fn tensors(input: &mut Input<impl Read + Seek>) -> Result<(), String> {
    let mut names = BTreeSet::new();
    while input.position < input.length {
        let (dimensions, name_length, tensor_type) = (input.number()?, input.number()?, input.number()?);
        if !(1..=4).contains(&dimensions) || !(1..=LONGEST_NAME).contains(&name_length) {
            return Err(format!("damaged at byte {}", input.position));
        }
        let mut values = 1u64;
        for _ in 0..dimensions {
            let size = u64::try_from(input.number()?).unwrap_or(0);
            // whisper.cpp counts in 32 bits.
            values = values.saturating_mul(size);
            if size == 0 || values > i32::MAX as u64 {
                return Err(format!("damaged at byte {}", input.position));
            }
        }
        let name = input.bytes(name_length.unsigned_abs() as usize)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        let (bytes, per_block) = block(tensor_type)
            .filter(|(_, per_block)| values.is_multiple_of(*per_block))
            .ok_or_else(|| format!("tensor {name} has the unknown type {tensor_type}"))?;
        input.skip(values / per_block * bytes).map_err(|_| format!("cut off within tensor {name}"))?;
        if names.len() == MOST_TENSORS || !names.insert(name) {
            return Err("tensors repeat themselves".to_owned());
        }
    }
    if names.is_empty() { Err("no tensors".to_owned()) } else { Ok(()) }
}

struct Input<R> {
    reader: R,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Input<R> {
    fn number(&mut self) -> Result<i32, String> {
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes).map_err(|_| self.cut_off())?;
        self.position += 4;
        Ok(i32::from_le_bytes(bytes))
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).map_err(|_| self.cut_off())?;
        self.position += count as u64;
        Ok(bytes)
    }

    fn skip(&mut self, count: u64) -> Result<(), String> {
        if count > self.length.saturating_sub(self.position) {
            return Err(self.cut_off());
        }
        let offset = i64::try_from(count).map_err(|_| self.cut_off())?;
        self.reader.seek(SeekFrom::Current(offset)).map_err(|error| error.to_string())?;
        self.position += count;
        Ok(())
    }

    fn cut_off(&self) -> String {
        format!("cut off after byte {}", self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::testing::tiny_model;
    use super::*;

    #[test]
    fn a_whole_model_is_accepted_and_every_cut_refused() {
        let bytes = tiny_model(1);
        let parameters = check_reader(Cursor::new(&bytes), bytes.len() as u64).unwrap();
        assert!(parameters.is_multilingual());
        for share in [0, 1, 3, 4, 30, 100, 5_000, bytes.len() / 2, bytes.len() - 1] {
            let cut = &bytes[..share];
            assert!(check_reader(Cursor::new(cut), share as u64).is_err(), "{share} bytes");
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(check_reader(Cursor::new(&longer), longer.len() as u64).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_files_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400), magic in any::<bool>()) {
            if magic && bytes.len() >= 4 {
                bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
            }
            prop_assert!(check_reader(Cursor::new(&bytes), bytes.len() as u64).is_err());
        }
    }
}
