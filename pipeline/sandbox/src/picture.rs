//! The shape of one picture: how its planes hold it, how it must be turned, how its colours are meant.

/// How the picture must be turned clockwise to stand upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// As it is.
    #[default]
    None,
    /// By 90 degrees clockwise.
    Clockwise90,
    /// By 180 degrees.
    Half,
    /// By 270 degrees clockwise.
    Clockwise270,
}

impl Rotation {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 4] = [Self::None, Self::Clockwise90, Self::Half, Self::Clockwise270];

    /// Whether turning makes the height the width.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Clockwise90 | Self::Clockwise270)
    }
}

/// How the planes hold the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelLayout {
    /// Planes Y, U, V with chroma halved in width and height (`yuv420p`, `yuvj420p`).
    Yuv420,
    /// Planes Y, U, V with chroma halved in width.
    Yuv422,
    /// Planes Y, U, V of the same size.
    Yuv444,
    /// Plane Y and a plane of U, V pairs halved in width and height.
    Nv12,
    /// One plane of R, G, B triples.
    Rgb24,
    /// One plane of brightness.
    Gray,
}

impl PixelLayout {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 6] =
        [Self::Yuv420, Self::Yuv422, Self::Yuv444, Self::Nv12, Self::Rgb24, Self::Gray];

    /// Number of planes.
    #[must_use]
    pub fn planes(self) -> usize {
        match self {
            Self::Yuv420 | Self::Yuv422 | Self::Yuv444 => 3,
            Self::Nv12 => 2,
            Self::Rgb24 | Self::Gray => 1,
        }
    }

    /// Bytes of a row and number of rows of plane `index` of a picture of `width` × `height` pixels; `None`
    /// when the layout has fewer planes.
    #[must_use]
    pub fn plane_size(self, width: u32, height: u32, index: usize) -> Option<(usize, usize)> {
        let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        match (self, index) {
            (Self::Rgb24, 0) => Some((width.checked_mul(3)?, height)),
            (_, 0) => Some((width, height)),
            (Self::Yuv420, 1 | 2) => Some((half_width, half_height)),
            (Self::Yuv422, 1 | 2) => Some((half_width, height)),
            (Self::Yuv444, 1 | 2) => Some((width, height)),
            (Self::Nv12, 1) => Some((half_width.checked_mul(2)?, half_height)),
            _ => None,
        }
    }
}

/// The matrix from YUV to RGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourMatrix {
    /// ITU-R BT.601, usual below 720 lines.
    #[default]
    Bt601,
    /// ITU-R BT.709, usual from 720 lines.
    Bt709,
    /// ITU-R BT.2020.
    Bt2020,
}

impl ColourMatrix {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 3] = [Self::Bt601, Self::Bt709, Self::Bt2020];
}

/// Bytes of a plane whose last row ends with its last pixel; `None` when it has none or its rows overlap.
#[must_use]
pub fn plane_length(stride: usize, row_bytes: usize, rows: usize) -> Option<usize> {
    if row_bytes == 0 || rows == 0 || stride < row_bytes {
        return None;
    }
    stride.checked_mul(rows - 1)?.checked_add(row_bytes)
}
