//! One decoded picture: its planes as the decoder left them, its time and how to turn it upright.

use interview_sandbox::buffers::Pixels;
use interview_sandbox::message::PictureHeader;
use interview_sandbox::picture::plane_length;

pub use interview_sandbox::picture::{ColourMatrix, PixelLayout, Rotation};

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
    /// Bytes that came from the decoder's process, with offset and stride per plane.
    Received { bytes: Pixels, planes: Vec<(usize, usize)> },
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

    /// A picture that came from the decoder's process, its header and planes checked on the way.
    pub(super) fn received(header: &PictureHeader, planes: Vec<(usize, usize)>, bytes: Pixels) -> Self {
        Self {
            t_s: header.t_s,
            coded_width: header.width,
            coded_height: header.height,
            rotation: header.rotation,
            layout: header.layout,
            matrix: header.matrix,
            full_range: header.full_range,
            backing: Backing::Received { bytes, planes },
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
        self.layout.plane_size(self.coded_width, self.coded_height, index)
    }

    /// A plane by its number; `None` when the layout has fewer. The bytes end with the last byte of the
    /// last row, so the last row may be shorter than the stride.
    #[must_use]
    pub fn plane(&self, index: usize) -> Option<Plane<'_>> {
        let (row_bytes, rows) = self.plane_size(index)?;
        match &self.backing {
            Backing::Decoder(frame) => decoder_plane(frame, index, row_bytes, rows),
            Backing::Owned { bytes, planes } => part(bytes, planes.get(index), row_bytes, rows),
            Backing::Received { bytes, planes } => part(bytes, planes.get(index), row_bytes, rows),
        }
    }
}

/// The plane at an offset with a stride.
fn part<'a>(
    bytes: &'a [u8],
    place: Option<&(usize, usize)>,
    row_bytes: usize,
    rows: usize,
) -> Option<Plane<'a>> {
    let &(offset, stride) = place?;
    let length = plane_length(stride, row_bytes, rows)?;
    Some(Plane { data: bytes.get(offset..offset.checked_add(length)?)?, stride })
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
