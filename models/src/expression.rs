//! Facial expression: the seven-class network of face-api. Only loaded where policy and consent allow it.

use crate::session::{Input, ModelSession, Numbers};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name in the manifest.
pub const MODEL: &str = "face-api-expression";
/// Side of the square input in pixels.
pub const INPUT_SIZE: usize = 112;
/// The classes in the order of the output.
pub const CLASSES: [&str; 7] = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"];

/// A loaded expression network.
pub struct ExpressionNet {
    session: ModelSession,
}

impl ExpressionNet {
    /// Loads the network.
    ///
    /// # Errors
    /// [`ModelError`] when the file is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore) -> Result<Self, ModelError> {
        Ok(Self { session: runtime.network(MODEL, store, SessionOptions::default())? })
    }

    /// Probability of each of [`CLASSES`]; they add up to 1.
    ///
    /// `input`: RGB, row after row, `112 * 112 * 3` values of 0 to 255, the face padded with black to a square.
    ///
    /// # Errors
    /// [`ModelError::Inference`]; also when a probability is not a number.
    pub fn run(&mut self, input: &[f32]) -> Result<[f32; CLASSES.len()], ModelError> {
        let input = Input { name: "", shape: &[1, INPUT_SIZE, INPUT_SIZE, 3], numbers: Numbers::F32(input) };
        let outputs = self.session.run("facial-expression", 1, &[input])?;
        let (_, values) = outputs.get("probabilities")?;
        values
            .try_into()
            .ok()
            .filter(|values: &[f32; CLASSES.len()]| values.iter().all(|value| value.is_finite()))
            .ok_or_else(|| ModelError::inference(MODEL, "seven probabilities were expected"))
    }
}
