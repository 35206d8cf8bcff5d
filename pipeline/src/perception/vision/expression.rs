//! Expression probabilities of a face, smoothed over time. Only ever called where policy and consent allow it.

use std::collections::BTreeMap;

use interview_models::ModelError;
use interview_models::expression::{CLASSES, ExpressionNet, INPUT_SIZE};
use interview_schemas::features::round_decimals;

use super::crop::{Border, Picture, Region, Scale};
use super::mesh::Mesh;

/// The box of the 68 points is grown by this share of its width and height on every side.
const GROWN: f32 = 0.1;
/// Time constant of the smoothing in seconds: a change shows by two thirds after this time.
const TIME_CONSTANT_S: f64 = 0.4;
/// After a gap of so many seconds the smoothing starts anew.
const GAP_S: f64 = 1.5;
/// Number of classes.
const COUNT: usize = CLASSES.len();

/// Smoothed probabilities of the faces in view.
#[derive(Debug, Default)]
pub struct ExpressionSmoother {
    states: BTreeMap<u32, (f64, [f64; COUNT])>,
}

impl ExpressionSmoother {
    /// Takes the probabilities of one frame and returns the smoothed ones; they add up to 1.
    pub fn push(&mut self, track: u32, t_s: f64, raw: [f32; COUNT]) -> [f64; COUNT] {
        self.states.retain(|_, (last, _)| (0.0..=GAP_S).contains(&(t_s - *last)));
        let raw = raw.map(f64::from);
        let smoothed = match self.states.get(&track) {
            Some((last, before)) => {
                let weight = 1.0 - (-(t_s - last) / TIME_CONSTANT_S).exp();
                std::array::from_fn(|class| before[class] + (raw[class] - before[class]) * weight)
            }
            None => raw,
        };
        self.states.insert(track, (t_s, smoothed));
        smoothed
    }
}

/// The probabilities as they are written down.
#[must_use]
pub fn named(probabilities: [f64; COUNT]) -> BTreeMap<String, f64> {
    CLASSES
        .iter()
        .zip(probabilities)
        .map(|(name, value)| ((*name).to_owned(), round_decimals(value, 4)))
        .collect()
}

/// Probabilities of one face in one frame; `None` when it lies outside the picture. `shown`: width and height of the
/// picture in display orientation.
///
/// # Errors
/// [`ModelError::Inference`].
pub fn read(
    net: &mut ExpressionNet,
    input: &mut Vec<f32>,
    picture: &Picture<'_>,
    shown: (u32, u32),
    mesh: &Mesh,
) -> Result<Option<[f32; COUNT]>, ModelError> {
    let Some((region, inside)) = face_box(mesh.edges_of_68(), shown) else { return Ok(None) };
    picture.crop(&region, INPUT_SIZE, Border::BlackOutside(inside), Scale::BYTE, input);
    net.run(input).map(Some)
}

/// The box that face-api cuts out: grown, clipped to the picture, whole pixels, centred in a square.
fn face_box([left, top, right, bottom]: [f32; 4], shown: (u32, u32)) -> Option<(Region, [i32; 4])> {
    let (grow_x, grow_y) = ((right - left) * GROWN, (bottom - top) * GROWN);
    let clip = |value: f32, limit: u32| value.clamp(0.0, limit as f32);
    let (x0, x1) = (clip(left - grow_x, shown.0), clip(right + grow_x, shown.0));
    let (y0, y1) = (clip(top - grow_y, shown.1), clip(bottom + grow_y, shown.1));
    let (x, y, width, height) = (x0.floor(), y0.floor(), (x1 - x0).floor(), (y1 - y0).floor());
    if !(width >= 2.0 && height >= 2.0) {
        return None;
    }
    let side = width.max(height);
    let (pad_x, pad_y) = (((side - width) / 2.0).round(), ((side - height) / 2.0).round());
    let region =
        Region { centre_x: x - pad_x + side / 2.0, centre_y: y - pad_y + side / 2.0, side, rotation: 0.0 };
    Some((region, [x as i32, y as i32, (x + width) as i32, (y + height) as i32]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_follows_a_change_and_starts_anew_after_a_gap() {
        let mut smoother = ExpressionSmoother::default();
        let (neutral, happy) = ([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(smoother.push(1, 0.0, neutral)[0], 1.0);
        let after = smoother.push(1, 0.4, happy);
        assert!((after[1] - (1.0 - (-1.0f64).exp())).abs() < 1e-9);
        assert!((after.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(smoother.push(1, 3.0, happy)[1], 1.0);
    }

    #[test]
    fn the_box_is_clipped_to_the_picture_and_centred_in_a_square() {
        let (region, inside) = face_box([-50.0, 10.0, 50.0, 110.0], (200, 200)).unwrap();
        assert_eq!(inside, [0, 0, 60, 120]);
        assert_eq!((region.centre_x, region.centre_y, region.side), (30.0, 60.0, 120.0));
        assert!(face_box([300.0, 10.0, 350.0, 110.0], (200, 200)).is_none());
    }
}
