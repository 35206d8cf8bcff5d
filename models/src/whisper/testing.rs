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

/// A multilingual model of about 7 MB; the same seed gives the same bytes.
#[must_use]
pub fn tiny_model(seed: u64) -> Vec<u8> {
    let mut model = Writer { bytes: Vec::with_capacity(7 << 20), random: seed };
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
    model.decoder();
    model.bytes
}

struct Writer {
    bytes: Vec<u8>,
    random: u64,
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
        self.number(dimensions.len());
        self.number(name.len());
        self.number(usize::from(half));
        for &size in dimensions {
            self.number(size);
        }
        self.bytes.extend_from_slice(name.as_bytes());
        for _ in 0..dimensions.iter().product() {
            let value = centre + spread * self.random();
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
