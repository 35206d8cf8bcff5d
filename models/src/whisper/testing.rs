//! Makes tiny Whisper models with random weights in GGML format, to try the adapter without real weights.
//!
//! Layout and tensor names are those that whisper.cpp's loader expects. The texts such a model writes are
//! noise; its shapes, its control tokens and the way it is driven are those of a real one.

use super::ggml_file::MAGIC;

const VOCABULARY: usize = 51_865;
const TEXT_TOKENS: usize = 50_257;
const AUDIO_CONTEXT: usize = 1_500;
const TEXT_CONTEXT: usize = 448;
const STATE: usize = 32;
const HEADS: usize = 2;
const AUDIO_LAYERS: usize = 4;
const TEXT_LAYERS: usize = 1;
const MELS: usize = 80;
const BINS: usize = 201;

/// What a model thinks of the next token: ids with their logits; all other tokens have about 0.
pub type Thought = Vec<(usize, f32)>;

/// A multilingual model of about 7 MB; the same seed gives the same bytes.
#[must_use]
pub fn tiny_model(seed: u64) -> Vec<u8> {
    write_model(seed, &[])
}

/// A model of the same shapes that writes what it is told, whatever it hears: `thoughts[position]` stands for every
/// position of the decoder, the last for all that follow. Position 0 is the start token, 1 the language, 2 the task; the
/// first token of the text is chosen at position 2, or so many later as there are tokens of a prompt and one more.
///
/// A few dozen different thoughts can be told apart.
#[must_use]
pub fn scripted_model(thoughts: &[Thought]) -> Vec<u8> {
    write_model(1, thoughts)
}

fn write_model(seed: u64, thoughts: &[Thought]) -> Vec<u8> {
    let mut model = Writer { bytes: Vec::with_capacity(7 << 20), random: seed, quiet: !thoughts.is_empty() };
    model.number(MAGIC as usize);
    for value in [
        VOCABULARY,
        AUDIO_CONTEXT,
        STATE,
        HEADS,
        AUDIO_LAYERS,
        TEXT_CONTEXT,
        STATE,
        HEADS,
        TEXT_LAYERS,
        MELS,
        1,
    ] {
        model.number(value);
    }
    model.mel_filters();
    model.vocabulary();
    model.encoder();
    if thoughts.is_empty() {
        model.decoder();
    } else {
        model.scripted_decoder(thoughts);
    }
    model.bytes
}

struct Writer {
    bytes: Vec<u8>,
    random: u64,
    /// Layers of the decoder add nothing.
    quiet: bool,
}

impl Writer {
    fn number(&mut self, value: usize) {
        self.bytes.extend_from_slice(&u32::try_from(value).unwrap_or(0).to_le_bytes());
    }

    /// Uniform in [-1, 1): splitmix64.
    fn random(&mut self) -> f32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn mel_filters(&mut self) {
        self.number(MELS);
        self.number(BINS);
        for band in 0..MELS {
            for bin in 0..BINS {
                let distance = (bin as f32 - (band as f32 + 0.5) * BINS as f32 / MELS as f32).abs() / 3.0;
                self.bytes.extend_from_slice(&(0.02 * (1.0 - distance).max(0.0)).to_le_bytes());
            }
        }
    }

    /// Bytes first, then short syllables with and without a space in front, and some Chinese characters.
    fn vocabulary(&mut self) {
        self.number(TEXT_TOKENS);
        for id in 0..TEXT_TOKENS {
            let token = match id {
                0..256 => vec![u8::try_from(id).unwrap_or(b'?')],
                _ if id % 7 == 0 => {
                    char::from_u32(0x4e00 + id as u32 % 5_000).unwrap_or('一').to_string().into_bytes()
                }
                _ => {
                    let space = if id % 2 == 0 { " " } else { "" };
                    format!("{space}{}", syllables(id)).into_bytes()
                }
            };
            self.number(token.len());
            self.bytes.extend_from_slice(&token);
        }
    }

    /// A tensor with dimensions from the innermost outwards; random around `centre`.
    fn tensor(&mut self, name: &str, dimensions: &[usize], half: bool, centre: f32, spread: f32) {
        // Projections of a quiet decoder are zero.
        let quiet = self.quiet && centre == 0.0 && name.starts_with("decoder.blocks");
        let spread = if quiet { 0.0 } else { spread };
        let values: Vec<f32> =
            (0..dimensions.iter().product()).map(|_| centre + spread * self.random()).collect();
        self.values(name, dimensions, half, &values);
    }

    fn values(&mut self, name: &str, dimensions: &[usize], half: bool, values: &[f32]) {
        self.number(dimensions.len());
        self.number(name.len());
        self.number(usize::from(half));
        for &size in dimensions {
            self.number(size);
        }
        self.bytes.extend_from_slice(name.as_bytes());
        for &value in values {
            if half {
                self.bytes.extend_from_slice(&half_precision(value).to_le_bytes());
            } else {
                self.bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    fn norm(&mut self, name: &str) {
        self.tensor(&format!("{name}.weight"), &[STATE], false, 1.0, 0.1);
        self.tensor(&format!("{name}.bias"), &[STATE], false, 0.0, 0.1);
    }

    fn linear(&mut self, name: &str, from: usize, to: usize, bias: bool) {
        self.tensor(&format!("{name}.weight"), &[from, to], true, 0.0, 0.3);
        if bias {
            self.tensor(&format!("{name}.bias"), &[to], false, 0.0, 0.1);
        }
    }

    fn attention(&mut self, name: &str) {
        self.linear(&format!("{name}.query"), STATE, STATE, true);
        self.linear(&format!("{name}.key"), STATE, STATE, false);
        self.linear(&format!("{name}.value"), STATE, STATE, true);
        self.linear(&format!("{name}.out"), STATE, STATE, true);
    }

    /// A decoder without layers of effect: what it thinks depends on the position alone. Every different thought has a
    /// direction of its own, made of as many 1 as -1, which the last normalisation leaves as it is.
    fn scripted_decoder(&mut self, thoughts: &[Thought]) {
        let mut different: Vec<&Thought> = Vec::new();
        let mut places = Vec::new();
        for thought in thoughts {
            let known = different.iter().position(|known| *known == thought);
            places.push(known.unwrap_or(different.len()));
            if known.is_none() {
                different.push(thought);
            }
        }
        let directions: Vec<[f32; STATE]> = different.iter().map(|_| self.direction()).collect();
        let last = places.last().copied().unwrap_or(0);
        let at = |position: usize| directions[places.get(position).copied().unwrap_or(last)];
        // So long that the token before does not matter.
        let positions: Vec<f32> =
            (0..TEXT_CONTEXT).flat_map(|position| at(position).map(|value| 1_000.0 * value)).collect();
        let mut embeddings = vec![0.0; VOCABULARY * STATE];
        for (thought, direction) in different.iter().zip(&directions) {
            for (token, logit) in *thought {
                let row = embeddings[token * STATE..(token + 1) * STATE].iter_mut();
                row.zip(direction).for_each(|(value, along)| *value += logit / STATE as f32 * along);
            }
        }
        self.values("decoder.positional_embedding", &[STATE, TEXT_CONTEXT], false, &positions);
        self.values("decoder.token_embedding.weight", &[STATE, VOCABULARY], true, &embeddings);
        for layer in 0..TEXT_LAYERS {
            self.block(&format!("decoder.blocks.{layer}"), true);
        }
        self.values("decoder.ln.weight", &[STATE], false, &[1.0; STATE]);
        self.values("decoder.ln.bias", &[STATE], false, &[0.0; STATE]);
    }

    /// As many 1 as -1, in a random order.
    fn direction(&mut self) -> [f32; STATE] {
        let mut direction = [1.0; STATE];
        direction[..STATE / 2].fill(-1.0);
        for index in (1..STATE).rev() {
            let other = (((self.random() + 1.0) / 2.0 * (index + 1) as f32) as usize).min(index);
            direction.swap(index, other);
        }
        direction
    }

    fn block(&mut self, name: &str, cross: bool) {
        self.norm(&format!("{name}.attn_ln"));
        self.attention(&format!("{name}.attn"));
        if cross {
            self.norm(&format!("{name}.cross_attn_ln"));
            self.attention(&format!("{name}.cross_attn"));
        }
        self.norm(&format!("{name}.mlp_ln"));
        self.linear(&format!("{name}.mlp.0"), STATE, 4 * STATE, true);
        self.linear(&format!("{name}.mlp.2"), 4 * STATE, STATE, true);
    }

    fn encoder(&mut self) {
        self.tensor("encoder.positional_embedding", &[STATE, AUDIO_CONTEXT], false, 0.0, 0.5);
        self.tensor("encoder.conv1.weight", &[3, MELS, STATE], true, 0.0, 0.2);
        self.tensor("encoder.conv1.bias", &[1, STATE], false, 0.0, 0.1);
        self.tensor("encoder.conv2.weight", &[3, STATE, STATE], true, 0.0, 0.2);
        self.tensor("encoder.conv2.bias", &[1, STATE], false, 0.0, 0.1);
        for layer in 0..AUDIO_LAYERS {
            self.block(&format!("encoder.blocks.{layer}"), false);
        }
        self.norm("encoder.ln_post");
    }

    fn decoder(&mut self) {
        self.tensor("decoder.positional_embedding", &[STATE, TEXT_CONTEXT], false, 0.0, 0.5);
        self.tensor("decoder.token_embedding.weight", &[STATE, VOCABULARY], true, 0.0, 1.0);
        for layer in 0..TEXT_LAYERS {
            self.block(&format!("decoder.blocks.{layer}"), true);
        }
        self.norm("decoder.ln");
    }
}

fn syllables(id: usize) -> String {
    const CONSONANTS: &[u8] = b"bdfgklmnprst";
    const VOWELS: &[u8] = b"aeiou";
    let mut text = String::new();
    let mut rest = id;
    while rest > 0 {
        text.push(char::from(CONSONANTS[rest % CONSONANTS.len()]));
        rest /= CONSONANTS.len();
        text.push(char::from(VOWELS[rest % VOWELS.len()]));
        rest /= VOWELS.len();
    }
    text
}

/// IEEE half precision of a number well within its range; small ones become zero, digits are cut off.
fn half_precision(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) & 0x8000;
    let exponent = ((bits >> 23) & 0xff) as i32 - 127 + 15;
    let half = if exponent <= 0 { sign } else { sign | ((exponent as u32) << 10) | ((bits >> 13) & 0x3ff) };
    u16::try_from(half & 0xffff).unwrap_or(0)
}
