//! Picture quality: light, sharpness and change of the whole picture and of a face.

use interview_models::face_mesh::{INPUT_SIZE, SKIN_POINTS};
use interview_schemas::features::round_decimals;
use interview_schemas::perception::{FaceQuality, PictureFrame};

use super::crop::{Luma, Picture};

/// Width to which the picture is reduced before it is looked at.
const WIDTH: usize = 256;
/// At most so many rows of the picture are read for one row of the reduced one.
const ROWS_PER_ROW: usize = 4;
/// Brightness (0–255) below which a pixel is nearly black.
const DARK: f32 = 20.0;
/// Brightness (0–255) above which a pixel is nearly white.
const BRIGHT: f32 = 240.0;
/// Share by which the picture must change at once to be a cut (0–1).
const CUT: f64 = 0.12;

/// The brightness of a picture, reduced to at most 256 columns by averaging, 0–255.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Reduced {
    /// Reduces a picture.
    #[must_use]
    pub fn new(picture: &Picture<'_>) -> Self {
        let luma = picture.luma();
        let shown_width = picture.shown_width();
        let factor = (shown_width as f64 / WIDTH as f64).max(1.0);
        let length = |pixels: usize| ((pixels as f64 / factor).round() as usize).max(1);
        let (width, height) = (length(luma.width), length(luma.height));
        let mut values = Vec::with_capacity(width * height);
        let mut sums = vec![0u32; luma.width];
        for row in 0..height {
            let rows = part(row, height, luma.height);
            let skip = rows.len().div_ceil(ROWS_PER_ROW).max(1);
            let read = add_rows(&luma, rows, skip, &mut sums);
            for column in 0..width {
                let columns = part(column, width, luma.width);
                let count = (columns.len() as u32 * read).max(1);
                let sum: u32 = sums[columns].iter().sum();
                values.push(((sum as f32 / count as f32 - luma.black) * luma.gain).clamp(0.0, 255.0));
            }
        }
        Self { width, height, values }
    }

    /// Quality of the picture; `before`: the frame before.
    #[must_use]
    pub fn measure(&self, t_s: f64, before: Option<&Self>) -> PictureFrame {
        let count = self.values.len().max(1) as f64;
        let share =
            |test: fn(f32) -> bool| self.values.iter().filter(|&&value| test(value)).count() as f64 / count;
        let mean = self.values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        PictureFrame {
            t_s: round_decimals(t_s, 3),
            brightness: round_decimals(mean / 255.0, 4),
            dark_ratio: round_decimals(share(|value| value < DARK), 4),
            bright_ratio: round_decimals(share(|value| value > BRIGHT), 4),
            sharpness: round_decimals(laplacian_variance(&self.values, self.width), 2),
            change: round_decimals(before.map_or(0.0, |before| self.change(before)), 6),
        }
    }

    /// Mean absolute change of brightness, 0–1; 1 when the sizes differ.
    #[must_use]
    pub fn change(&self, before: &Self) -> f64 {
        if (self.width, self.height) != (before.width, before.height) {
            return 1.0;
        }
        let sum: f64 = self.values.iter().zip(&before.values).map(|(a, b)| f64::from((a - b).abs())).sum();
        sum / self.values.len().max(1) as f64 / 255.0
    }

    /// Whether the picture changed altogether since the frame before. A mere change of exposure is none: the
    /// difference of the means is taken off.
    #[must_use]
    pub fn is_cut(&self, before: &Self) -> bool {
        if (self.width, self.height) != (before.width, before.height) {
            return true;
        }
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
        let shift = mean(&self.values) - mean(&before.values);
        let sum: f64 =
            self.values.iter().zip(&before.values).map(|(a, b)| f64::from((a - b - shift).abs())).sum();
        sum / self.values.len().max(1) as f64 / 255.0 > CUT
    }
}

/// The part of `total` that belongs to `index` of `count`.
fn part(index: usize, count: usize, total: usize) -> std::ops::Range<usize> {
    let start = index * total / count;
    start..((index + 1) * total / count).max(start + 1).min(total)
}

/// Sums every `skip`-th of the rows; returns how many were read.
fn add_rows(luma: &Luma<'_>, rows: std::ops::Range<usize>, skip: usize, sums: &mut [u32]) -> u32 {
    sums.fill(0);
    let mut read = 0;
    for row in rows.step_by(skip) {
        let line = &luma.plane.data[row * luma.plane.stride + luma.offset..];
        if luma.step == 1 {
            for (sum, &value) in sums.iter_mut().zip(line) {
                *sum += u32::from(value);
            }
        } else {
            for (sum, &value) in sums.iter_mut().zip(line.iter().step_by(luma.step)) {
                *sum += u32::from(value);
            }
        }
        read += 1;
    }
    read
}

/// Variance of the Laplacian (4-neighbourhood) of an image, without its edge (Pech-Pacheco et al. 2000).
fn laplacian_variance(values: &[f32], width: usize) -> f64 {
    let height = values.len() / width.max(1);
    if width < 3 || height < 3 {
        return 0.0;
    }
    let (mut sum, mut squares) = (0.0f64, 0.0f64);
    for row in 1..height - 1 {
        let line = |row: usize| &values[row * width..(row + 1) * width];
        let (above, here, below) = (line(row - 1), line(row), line(row + 1));
        let (mut row_sum, mut row_squares) = (0.0f32, 0.0f32);
        for column in 1..width - 1 {
            let edge =
                above[column] + below[column] + here[column - 1] + here[column + 1] - 4.0 * here[column];
            row_sum += edge;
            row_squares += edge * edge;
        }
        sum += f64::from(row_sum);
        squares += f64::from(row_squares);
    }
    let count = ((width - 2) * (height - 2)) as f64;
    (squares / count - (sum / count).powi(2)).max(0.0)
}

/// How well the face of a crop can be seen. `crop`: red, green and blue of 0 to 1; `points`: the mesh in crop
/// pixels; `outside_ratio`: share of the points outside the picture.
#[must_use]
pub fn face_quality(crop: &[f32], points: &[[f32; 3]], outside_ratio: f64) -> FaceQuality {
    let limit = INPUT_SIZE as f32;
    let (mut low, mut high) = ([limit; 2], [0.0f32; 2]);
    for point in points.iter().take(SKIN_POINTS) {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let first = low.map(|value| value.clamp(0.0, limit - 3.0) as usize);
    let last = [0, 1].map(|axis| (high[axis].clamp(0.0, limit) as usize).max(first[axis] + 3));
    let width = last[0] - first[0];
    let mut values = Vec::with_capacity(width * (last[1] - first[1]));
    for row in first[1]..last[1] {
        let pixels =
            crop[(row * INPUT_SIZE + first[0]) * 3..(row * INPUT_SIZE + last[0]) * 3].chunks_exact(3);
        values.extend(pixels.map(|rgb| (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) * 255.0));
    }
    let half = width / 2;
    let (mut left, mut right, mut dark, mut bright) = (0.0f64, 0.0f64, 0u32, 0u32);
    for row in values.chunks_exact(width) {
        left += f64::from(row[..half].iter().sum::<f32>());
        right += f64::from(row[half..].iter().sum::<f32>());
        for &value in row {
            dark += u32::from(value < DARK);
            bright += u32::from(value > BRIGHT);
        }
    }
    let rows = (last[1] - first[1]) as f64;
    let count = values.len().max(1) as f64;
    let share = |counted: u32| round_decimals(f64::from(counted) / count, 4);
    let mean = |sum: f64, columns: usize| sum / (rows * columns as f64).max(1.0) / 255.0;
    FaceQuality {
        brightness: round_decimals(mean(left + right, width), 4),
        dark_ratio: share(dark),
        bright_ratio: share(bright),
        side_light: round_decimals((mean(left, half) - mean(right, width - half)).abs(), 4),
        sharpness: round_decimals(laplacian_variance(&values, width), 2),
        outside_ratio: round_decimals(outside_ratio, 4),
    }
}
