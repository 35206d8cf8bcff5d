//! Crops for the networks, taken straight from the planes of the decoder.
//!
//! Only the pixels that a crop needs are read and turned into RGB; the picture as a whole is never converted,
//! turned upright or copied. Sampling is bilinear without half-pixel shift and without smoothing, as the
//! networks were trained.

use crate::media::VideoFrame;
use crate::media::frame::{ColourMatrix, PixelLayout, Plane, Rotation};

/// A square of the picture, in pixels of the display orientation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Centre, pixels from the left.
    pub centre_x: f32,
    /// Centre, pixels from the top.
    pub centre_y: f32,
    /// Length of a side.
    pub side: f32,
    /// Rotation in radians, clockwise.
    pub rotation: f32,
}

impl Region {
    /// The smallest centred square that holds the whole picture.
    #[must_use]
    pub fn whole(frame: &VideoFrame) -> Self {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        Self { centre_x: width / 2.0, centre_y: height / 2.0, side: width.max(height), rotation: 0.0 }
    }

    /// Whether it can be sampled: finite, of some size and not absurdly large or far away.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        const FAR: f32 = 1.0e6;
        self.rotation.is_finite()
            && self.centre_x.abs() < FAR
            && self.centre_y.abs() < FAR
            && self.side > 1.0
            && self.side < FAR
    }

    /// From a point of the region, given as shares of its sides, to the picture.
    #[must_use]
    pub fn to_picture(&self, share: [f32; 2]) -> [f32; 2] {
        let (sin, cos) = self.rotation.sin_cos();
        let (x, y) = ((share[0] - 0.5) * self.side, (share[1] - 0.5) * self.side);
        [self.centre_x + x * cos - y * sin, self.centre_y + x * sin + y * cos]
    }
}

/// What lies outside the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Border {
    /// Black.
    Black,
    /// Black, also everything outside this box: left, top, right (exclusive), bottom (exclusive), in whole pixels.
    BlackOutside([i32; 4]),
    /// The nearest pixel of the edge.
    Edge,
}

/// A picture whose planes were checked to be as large as they must be.
pub struct Picture<'a> {
    width: usize,
    height: usize,
    rotation: Rotation,
    pixels: Pixels<'a>,
}

enum Pixels<'a> {
    Gray(Gray<'a>),
    Rgb(Rgb<'a>),
    Planar(Planar<'a>),
    SemiPlanar(SemiPlanar<'a>),
}

/// Bilinear taps: the two columns and rows around a point and the weights of the second ones.
#[derive(Clone, Copy)]
struct Taps {
    columns: [usize; 2],
    rows: [usize; 2],
    weight_x: f32,
    weight_y: f32,
}

impl Taps {
    fn blend(&self, corners: [f32; 4]) -> f32 {
        let top = corners[0] + (corners[1] - corners[0]) * self.weight_x;
        let bottom = corners[2] + (corners[3] - corners[2]) * self.weight_x;
        top + (bottom - top) * self.weight_y
    }
}

/// Reads taps of one layout.
trait Source {
    /// Red, green and blue, 0–255 before clamping.
    fn blend(&self, taps: &Taps) -> [f32; 3];
    /// Red, green and blue of one pixel.
    fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        self.blend(&Taps { columns: [x, x], rows: [y, y], weight_x: 0.0, weight_y: 0.0 })
    }
}

struct Gray<'a>(Plane<'a>, Conversion);

impl Source for Gray<'_> {
    #[inline]
    fn blend(&self, taps: &Taps) -> [f32; 3] {
        let plane = &self.0;
        let value = taps.blend(corners(plane.data, plane.stride, taps, |column| column));
        [(value - self.1.black) * self.1.gain; 3]
    }
}

struct Rgb<'a>(Plane<'a>);

impl Source for Rgb<'_> {
    #[inline]
    fn blend(&self, taps: &Taps) -> [f32; 3] {
        let plane = &self.0;
        // Written out: a closure over the channels is not inlined.
        [
            taps.blend(corners(plane.data, plane.stride, taps, |column| column * 3)),
            taps.blend(corners(plane.data, plane.stride, taps, |column| column * 3 + 1)),
            taps.blend(corners(plane.data, plane.stride, taps, |column| column * 3 + 2)),
        ]
    }
}

/// Three planes; chroma is halved in width and height as `shift` says and repeated, as FFmpeg's scaler does.
struct Planar<'a> {
    planes: [Plane<'a>; 3],
    shift: (u32, u32),
    conversion: Conversion,
}

impl Source for Planar<'_> {
    #[inline]
    fn blend(&self, taps: &Taps) -> [f32; 3] {
        let [luma, first, second] = &self.planes;
        let chroma = taps.chroma(self.shift);
        self.conversion.rgb(
            taps.blend(corners(luma.data, luma.stride, taps, |column| column)),
            taps.blend(corners(first.data, first.stride, &chroma, |column| column)),
            taps.blend(corners(second.data, second.stride, &chroma, |column| column)),
        )
    }
}

/// A plane of brightness and one of chroma pairs, both halved.
struct SemiPlanar<'a> {
    luma: Plane<'a>,
    chroma: Plane<'a>,
    conversion: Conversion,
}

impl Source for SemiPlanar<'_> {
    #[inline]
    fn blend(&self, taps: &Taps) -> [f32; 3] {
        let halved = taps.chroma((1, 1));
        let pair = |offset| {
            taps.blend(corners(self.chroma.data, self.chroma.stride, &halved, |column| column * 2 + offset))
        };
        self.conversion.rgb(
            taps.blend(corners(self.luma.data, self.luma.stride, taps, |column| column)),
            pair(0),
            pair(1),
        )
    }
}

impl Taps {
    #[inline]
    fn chroma(&self, shift: (u32, u32)) -> Self {
        Self {
            columns: self.columns.map(|column| column >> shift.0),
            rows: self.rows.map(|row| row >> shift.1),
            ..*self
        }
    }
}

#[inline]
fn corners(data: &[u8], stride: usize, taps: &Taps, byte: impl Fn(usize) -> usize) -> [f32; 4] {
    let [top, bottom] = taps.rows.map(|row| &data[row * stride..]);
    let [left, right] = taps.columns.map(byte);
    [top[left], top[right], bottom[left], bottom[right]].map(f32::from)
}

/// From brightness and chroma to red, green and blue.
#[derive(Clone, Copy)]
struct Conversion {
    black: f32,
    gain: f32,
    red: f32,
    green: (f32, f32),
    blue: f32,
}

impl Conversion {
    /// The matrices of ITU-R BT.601-7, BT.709-6 and BT.2020-2.
    fn new(matrix: ColourMatrix, full_range: bool) -> Self {
        let (red, blue) = match matrix {
            ColourMatrix::Bt601 => (0.299, 0.114),
            ColourMatrix::Bt709 => (0.2126, 0.0722),
            ColourMatrix::Bt2020 => (0.2627, 0.0593),
        };
        let green = 1.0 - red - blue;
        let (black, gain, chroma) =
            if full_range { (0.0, 1.0, 1.0) } else { (16.0, 255.0 / 219.0, 255.0 / 224.0) };
        Self {
            black,
            gain,
            red: 2.0 * (1.0 - red) * chroma,
            green: (2.0 * blue * (1.0 - blue) / green * chroma, 2.0 * red * (1.0 - red) / green * chroma),
            blue: 2.0 * (1.0 - blue) * chroma,
        }
    }

    #[inline]
    fn rgb(&self, luma: f32, blue: f32, red: f32) -> [f32; 3] {
        let (luma, blue, red) = ((luma - self.black) * self.gain, blue - 128.0, red - 128.0);
        [luma + self.red * red, luma - self.green.0 * blue - self.green.1 * red, luma + self.blue * blue]
    }
}

/// How the values of a crop are scaled: `value * gain + offset`, value 0–255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    gain: f32,
    offset: f32,
}

impl Scale {
    /// 0 to 255.
    pub const BYTE: Self = Self { gain: 1.0, offset: 0.0 };
    /// 0 to 1.
    pub const UNIT: Self = Self { gain: 1.0 / 255.0, offset: 0.0 };
    /// -1 to 1.
    pub const SIGNED: Self = Self { gain: 1.0 / 127.5, offset: -1.0 };
}

impl<'a> Picture<'a> {
    /// Looks at the planes of a frame; `None` when they are smaller than its size asks for.
    #[must_use]
    pub fn new(frame: &'a VideoFrame) -> Option<Self> {
        let (width, height) = (frame.coded_width as usize, frame.coded_height as usize);
        if width == 0 || height == 0 {
            return None;
        }
        let plane = |index: usize, columns: usize, rows: usize| {
            let plane = frame.plane(index)?;
            let needed = plane.stride.checked_mul(rows - 1)?.checked_add(columns)?;
            (plane.stride >= columns && plane.data.len() >= needed).then_some(plane)
        };
        let conversion = Conversion::new(frame.matrix, frame.full_range);
        let planar = |shift: (u32, u32)| {
            let (columns, rows) = (halved(width, shift.0), halved(height, shift.1));
            let planes = [plane(0, width, height)?, plane(1, columns, rows)?, plane(2, columns, rows)?];
            Some(Pixels::Planar(Planar { planes, shift, conversion }))
        };
        let pixels = match frame.layout {
            PixelLayout::Yuv420 => planar((1, 1))?,
            PixelLayout::Yuv422 => planar((1, 0))?,
            PixelLayout::Yuv444 => planar((0, 0))?,
            PixelLayout::Nv12 => Pixels::SemiPlanar(SemiPlanar {
                luma: plane(0, width, height)?,
                chroma: plane(1, halved(width, 1).checked_mul(2)?, halved(height, 1))?,
                conversion,
            }),
            PixelLayout::Rgb24 => Pixels::Rgb(Rgb(plane(0, width.checked_mul(3)?, height)?)),
            PixelLayout::Gray => Pixels::Gray(Gray(plane(0, width, height)?, conversion)),
        };
        Some(Self { width, height, rotation: frame.rotation, pixels })
    }

    /// Samples a region into `size * size` pixels of red, green and blue, row after row. `out` is cleared first;
    /// its memory is used again.
    pub fn crop(&self, region: &Region, size: usize, border: Border, scale: Scale, out: &mut Vec<f32>) {
        let walk = self.walk(region, size);
        let inside = match border {
            Border::BlackOutside(bounds) => self.stored_box(bounds),
            Border::Black | Border::Edge => [0, 0, self.width as i32, self.height as i32],
        };
        let black = border != Border::Edge;
        match &self.pixels {
            Pixels::Gray(source) => sample(source, &walk, size, inside, black, scale, out),
            Pixels::Rgb(source) => sample(source, &walk, size, inside, black, scale, out),
            Pixels::Planar(source) => sample(source, &walk, size, inside, black, scale, out),
            Pixels::SemiPlanar(source) => sample(source, &walk, size, inside, black, scale, out),
        }
    }

    /// Width in display orientation.
    pub(super) fn shown_width(&self) -> usize {
        match self.rotation {
            Rotation::None | Rotation::Half => self.width,
            Rotation::Clockwise90 | Rotation::Clockwise270 => self.height,
        }
    }

    /// Share of points that lie outside the picture.
    pub(super) fn outside_ratio(&self, points: &[[f32; 3]]) -> f64 {
        let outside = points
            .iter()
            .filter(|point| {
                let [x, y] = self.stored([point[0], point[1]]);
                !(x >= -0.5 && y >= -0.5 && x < self.width as f32 && y < self.height as f32)
            })
            .count();
        outside as f64 / points.len().max(1) as f64
    }

    /// The steps through the picture as stored that make the crop.
    fn walk(&self, region: &Region, size: usize) -> Walk {
        let (sin, cos) = region.rotation.sin_cos();
        let step = region.side / size as f32;
        let half = region.side / 2.0;
        let display = Walk {
            start: [region.centre_x - half * cos + half * sin, region.centre_y - half * sin - half * cos],
            right: [step * cos, step * sin],
            down: [-step * sin, step * cos],
        };
        Walk {
            start: self.stored(display.start),
            right: self.turned(display.right),
            down: self.turned(display.down),
        }
    }

    /// A point of the display orientation in the picture as stored.
    fn stored(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (right, bottom) = (self.width as f32 - 1.0, self.height as f32 - 1.0);
        match self.rotation {
            Rotation::None => [x, y],
            Rotation::Clockwise90 => [y, bottom - x],
            Rotation::Half => [right - x, bottom - y],
            Rotation::Clockwise270 => [right - y, x],
        }
    }

    /// A direction of the display orientation in the picture as stored.
    fn turned(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        match self.rotation {
            Rotation::None => [x, y],
            Rotation::Clockwise90 => [y, -x],
            Rotation::Half => [-x, -y],
            Rotation::Clockwise270 => [-y, x],
        }
    }

    /// A box of whole pixels of the display orientation in the picture as stored, clipped to it.
    fn stored_box(&self, [left, top, right, bottom]: [i32; 4]) -> [i32; 4] {
        let (width, height) = (self.width as i32, self.height as i32);
        let turned = match self.rotation {
            Rotation::None => [left, top, right, bottom],
            Rotation::Clockwise90 => [top, height.saturating_sub(right), bottom, height.saturating_sub(left)],
            Rotation::Half => [
                width.saturating_sub(right),
                height.saturating_sub(bottom),
                width.saturating_sub(left),
                height.saturating_sub(top),
            ],
            Rotation::Clockwise270 => [width.saturating_sub(bottom), left, width.saturating_sub(top), right],
        };
        [
            turned[0].clamp(0, width),
            turned[1].clamp(0, height),
            turned[2].clamp(0, width),
            turned[3].clamp(0, height),
        ]
    }

    /// The plane of brightness with its size, and the first bytes per pixel of it (3 for RGB, whose green stands
    /// for brightness, else 1).
    pub(super) fn luma(&self) -> Luma<'_> {
        let (plane, step, offset, conversion) = match &self.pixels {
            Pixels::Gray(source) => (source.0, 1, 0, Some(source.1)),
            Pixels::Rgb(source) => (source.0, 3, 1, None),
            Pixels::Planar(source) => (source.planes[0], 1, 0, Some(source.conversion)),
            Pixels::SemiPlanar(source) => (source.luma, 1, 0, Some(source.conversion)),
        };
        let (black, gain) = conversion.map_or((0.0, 1.0), |conversion| (conversion.black, conversion.gain));
        Luma { plane, width: self.width, height: self.height, step, offset, black, gain }
    }
}

/// The brightness of a picture as stored.
pub(super) struct Luma<'a> {
    pub(super) plane: Plane<'a>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bytes from one pixel to the next.
    pub(super) step: usize,
    /// Bytes before the first one.
    pub(super) offset: usize,
    /// The byte that means black.
    pub(super) black: f32,
    /// Factor to 0–255.
    pub(super) gain: f32,
}

fn halved(length: usize, shift: u32) -> usize {
    if shift == 0 { length } else { length.div_ceil(2) }
}

struct Walk {
    start: [f32; 2],
    right: [f32; 2],
    down: [f32; 2],
}

fn sample<S: Source>(
    source: &S,
    walk: &Walk,
    size: usize,
    inside: [i32; 4],
    black: bool,
    scale: Scale,
    out: &mut Vec<f32>,
) {
    out.resize(size * size * 3, 0.0);
    let [left, top, right, bottom] = inside;
    if right <= left || bottom <= top {
        out.fill(scale.offset);
        return;
    }
    let safe = [left as f32, top as f32, (right - 1) as f32, (bottom - 1) as f32];
    for (row, line) in out.chunks_exact_mut(size * 3).enumerate() {
        let start = [walk.start[0] + walk.down[0] * row as f32, walk.start[1] + walk.down[1] * row as f32];
        for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
            let x = start[0] + walk.right[0] * column as f32;
            let y = start[1] + walk.right[1] * column as f32;
            let rgb = if x >= safe[0] && y >= safe[1] && x < safe[2] && y < safe[3] {
                // In 32 bits, which processors convert faster; the bounds of the picture were just checked.
                let (column, row) = (x as i32, y as i32);
                source.blend(&Taps {
                    columns: [column as usize, column as usize + 1],
                    rows: [row as usize, row as usize + 1],
                    weight_x: x - column as f32,
                    weight_y: y - row as f32,
                })
            } else {
                border_pixel(source, x, y, inside, black)
            };
            for (target, value) in pixel.iter_mut().zip(rgb) {
                *target = rounded(value) * scale.gain + scale.offset;
            }
        }
    }
}

/// The nearest whole number of 0 to 255: what is left when so large a number is added that nothing after the point
/// fits any more.
#[inline]
fn rounded(value: f32) -> f32 {
    const LARGE: f32 = 12_582_912.0;
    (value.clamp(0.0, 255.0) + LARGE) - LARGE
}

/// A pixel of which at least one tap lies outside.
#[cold]
fn border_pixel<S: Source>(source: &S, x: f32, y: f32, inside: [i32; 4], black: bool) -> [f32; 3] {
    let [left, top, right, bottom] = inside;
    let (column, row) = (x.floor(), y.floor());
    let (weight_x, weight_y) = (x - column, y - row);
    let (column, row) = (column as i32, row as i32);
    let mut sum = [0.0; 3];
    for (dy, share_y) in [(0, 1.0 - weight_y), (1, weight_y)] {
        for (dx, share_x) in [(0, 1.0 - weight_x), (1, weight_x)] {
            let (at_x, at_y) = (column.saturating_add(dx), row.saturating_add(dy));
            let is_inside = (left..right).contains(&at_x) && (top..bottom).contains(&at_y);
            if black && !is_inside {
                continue;
            }
            let pixel =
                source.pixel(at_x.clamp(left, right - 1) as usize, at_y.clamp(top, bottom - 1) as usize);
            for (total, value) in sum.iter_mut().zip(pixel) {
                *total += value.clamp(0.0, 255.0) * share_x * share_y;
            }
        }
    }
    sum
}
