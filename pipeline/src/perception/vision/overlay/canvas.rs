//! A picture to draw on: points, lines, boxes and small text.

use font8x8::UnicodeFonts;
use image::{Rgb, RgbImage};

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// A picture that is drawn on; whatever lies outside is left out.
pub(super) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    /// Takes over `width * height` pixels of red, green and blue; missing ones are black.
    pub(super) fn new(width: u32, height: u32, mut rgb: Vec<u8>) -> Self {
        rgb.resize(width as usize * height as usize * 3, 0);
        Self { image: RgbImage::from_raw(width, height, rgb).unwrap_or_else(|| RgbImage::new(width, height)) }
    }

    /// The finished picture.
    pub(super) fn image(&self) -> &RgbImage {
        &self.image
    }

    fn set(&mut self, x: i64, y: i64, colour: Colour) {
        if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
            && let Some(pixel) = self.image.get_pixel_mut_checked(x, y)
        {
            *pixel = Rgb(colour);
        }
    }

    /// A filled square with a side of `2 * reach + 1` pixels.
    pub(super) fn dot(&mut self, [x, y]: [f32; 2], reach: i64, colour: Colour) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        let (x, y) = (x.round() as i64, y.round() as i64);
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                self.set(x.saturating_add(dx), y.saturating_add(dy), colour);
            }
        }
    }

    /// A line two pixels wide.
    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], colour: Colour) {
        let reach = (to[0] - from[0]).abs().max((to[1] - from[1]).abs());
        // Lines that reach far beyond the picture come from points that were guessed; they are left out.
        if !reach.is_finite() || reach > 8192.0 {
            return;
        }
        let steps = reach.ceil().max(1.0) as u32;
        for step in 0..=steps {
            let share = step as f32 / steps as f32;
            let at = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
            self.dot(at, 0, colour);
            self.dot([at[0] + 1.0, at[1]], 0, colour);
            self.dot([at[0], at[1] + 1.0], 0, colour);
        }
    }

    /// The edges of a box given as left, top, right and bottom.
    pub(super) fn rectangle(&mut self, [left, top, right, bottom]: [f32; 4], colour: Colour) {
        self.line([left, top], [right, top], colour);
        self.line([right, top], [right, bottom], colour);
        self.line([right, bottom], [left, bottom], colour);
        self.line([left, bottom], [left, top], colour);
    }

    /// Text on a black ground, 8 × 8 pixels a letter times `size`; the top left stands at `x`, `y`.
    pub(super) fn text(&mut self, [x, y]: [f32; 2], size: i64, text: &str, colour: Colour) {
        let (x, y) = (x.max(0.0).round() as i64, y.max(0.0).round() as i64);
        for (index, letter) in text.chars().enumerate() {
            let left = x + index as i64 * 8 * size;
            let rows = font8x8::BASIC_FONTS
                .get(letter)
                .or_else(|| font8x8::LATIN_FONTS.get(letter))
                .unwrap_or([0; 8]);
            for dy in 0..8 * size {
                let row = rows[(dy / size) as usize];
                for dx in 0..8 * size {
                    let lit = row >> (dx / size) & 1 == 1;
                    self.set(left + dx, y + dy, if lit { colour } else { [0, 0, 0] });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_picture_is_drawn_and_nothing_panics() {
        let mut canvas = Canvas::new(20, 10, Vec::new());
        canvas.line([-50.0, 5.0], [50.0, 5.0], [255, 0, 0]);
        canvas.line([0.0, 0.0], [f32::INFINITY, 1.0e30], [255, 0, 0]);
        canvas.dot([f32::NAN, 3.0], 2, [255, 0, 0]);
        canvas.text([18.0, 8.0], 2, "yaw +3°", [0, 255, 0]);
        canvas.rectangle([-5.0, -5.0, 100.0, 100.0], [0, 0, 255]);
        assert_eq!(canvas.image().get_pixel(3, 5).0, [255, 0, 0]);
        assert_eq!(canvas.image().get_pixel(3, 3).0, [0, 0, 0]);
    }
}
