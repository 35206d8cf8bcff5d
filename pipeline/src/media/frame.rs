//! One decoded picture: its planes as the decoder left them, its time and how to turn it upright.

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

/// One plane of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// The bytes; row `r` begins at `r * stride`.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// What owns the bytes of the planes.
enum Backing {
    /// A frame of the decoder, kept by reference: no copy is made.
    Decoder(ffmpeg_next::frame::Video),
    /// Bytes of our own, with offset and stride per plane.
    Owned { bytes: Vec<u8>, planes: Vec<(usize, usize)> },
}

/// One decoded picture.
pub struct VideoFrame {
    /// Presentation time in seconds, counted from the first decoded sample or frame of the file.
    pub t_s: f64,
    /// Width as stored, before rotation.
    pub coded_width: u32,
    /// Height as stored, before rotation.
    pub coded_height: u32,
    /// How to turn it upright.
    pub rotation: Rotation,
    /// How the planes hold it.
    pub layout: PixelLayout,
    /// The matrix to RGB; unused for [`PixelLayout::Rgb24`] and [`PixelLayout::Gray`].
    pub matrix: ColourMatrix,
    /// Whether brightness runs over 0–255 instead of 16–235.
    pub full_range: bool,
    backing: Backing,
}

impl VideoFrame {
    /// Wraps a frame of the decoder without copying it.
    #[must_use]
    pub fn from_decoder(
        frame: ffmpeg_next::frame::Video,
        t_s: f64,
        rotation: Rotation,
        layout: PixelLayout,
        matrix: ColourMatrix,
        full_range: bool,
    ) -> Self {
        Self {
            t_s,
            coded_width: frame.width(),
            coded_height: frame.height(),
            rotation,
            layout,
            matrix,
            full_range,
            backing: Backing::Decoder(frame),
        }
    }

    /// A picture from R, G, B triples, row after row; for still pictures and tests. Bytes that are missing
    /// are taken as black.
    #[must_use]
    pub fn from_rgb(t_s: f64, width: u32, height: u32, mut rgb: Vec<u8>) -> Self {
        rgb.resize(width as usize * height as usize * 3, 0);
        Self {
            t_s,
            coded_width: width,
            coded_height: height,
            rotation: Rotation::None,
            layout: PixelLayout::Rgb24,
            matrix: ColourMatrix::Bt601,
            full_range: true,
            backing: Backing::Owned { bytes: rgb, planes: vec![(0, width as usize * 3)] },
        }
    }

    /// Width in display orientation.
    #[must_use]
    pub fn width(&self) -> u32 {
        match self.rotation {
            Rotation::None | Rotation::Half => self.coded_width,
            Rotation::Clockwise90 | Rotation::Clockwise270 => self.coded_height,
        }
    }

    /// Height in display orientation.
    #[must_use]
    pub fn height(&self) -> u32 {
        match self.rotation {
            Rotation::None | Rotation::Half => self.coded_height,
            Rotation::Clockwise90 | Rotation::Clockwise270 => self.coded_width,
        }
    }

    /// Bytes of a row and number of rows of a plane, as coded; `None` when the layout has fewer planes.
    #[must_use]
    pub fn plane_size(&self, index: usize) -> Option<(usize, usize)> {
        let (width, height) = (self.coded_width as usize, self.coded_height as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        match (self.layout, index) {
            (PixelLayout::Rgb24, 0) => Some((width.checked_mul(3)?, height)),
            (_, 0) => Some((width, height)),
            (PixelLayout::Yuv420, 1 | 2) => Some((half_width, half_height)),
            (PixelLayout::Yuv422, 1 | 2) => Some((half_width, height)),
            (PixelLayout::Yuv444, 1 | 2) => Some((width, height)),
            (PixelLayout::Nv12, 1) => Some((half_width * 2, half_height)),
            _ => None,
        }
    }

    /// A plane by its number; `None` when the layout has fewer. The bytes end with the last byte of the
    /// last row, so the last row may be shorter than the stride.
    #[must_use]
    pub fn plane(&self, index: usize) -> Option<Plane<'_>> {
        let (row_bytes, rows) = self.plane_size(index)?;
        match &self.backing {
            Backing::Decoder(frame) => decoder_plane(frame, index, row_bytes, rows),
            Backing::Owned { bytes, planes } => {
                let &(offset, stride) = planes.get(index)?;
                let length = plane_length(stride, row_bytes, rows)?;
                Some(Plane { data: bytes.get(offset..offset.checked_add(length)?)?, stride })
            }
        }
    }
}

fn plane_length(stride: usize, row_bytes: usize, rows: usize) -> Option<usize> {
    if row_bytes == 0 || rows == 0 || stride < row_bytes {
        return None;
    }
    stride.checked_mul(rows - 1)?.checked_add(row_bytes)
}

/// A plane of the decoder's frame, held against the buffers it must lie in.
fn decoder_plane(
    frame: &ffmpeg_next::frame::Video,
    index: usize,
    row_bytes: usize,
    rows: usize,
) -> Option<Plane<'_>> {
    // SAFETY: the frame is valid as long as it is borrowed; only its fields are read here.
    let raw = unsafe { &*frame.as_ptr() };
    // Negative strides (pictures stored upside down) are converted before they come here.
    let stride = usize::try_from(*raw.linesize.get(index)?).ok()?;
    let start = *raw.data.get(index)?;
    let length = plane_length(stride, row_bytes, rows)?;
    let inside = raw.buf.iter().filter(|buffer| !buffer.is_null()).any(|&buffer| {
        // SAFETY: a buffer reference that is not null is valid as long as its frame.
        let (base, size) = unsafe { ((*buffer).data as usize, (*buffer).size) };
        let from = start as usize;
        from >= base && from - base <= size && size - (from - base) >= length
    });
    if start.is_null() || !inside {
        return None;
    }
    // SAFETY: `length` bytes from `start` lie in a buffer the frame owns (checked above), initialised by
    // the decoder; nobody writes to them while the frame is borrowed.
    Some(Plane { data: unsafe { std::slice::from_raw_parts(start, length) }, stride })
}
