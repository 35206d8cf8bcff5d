//! Makes a [`VideoFrame`] of a decoded frame: without a copy where the layout allows, else through swscale.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use ffmpeg_next::software::scaling;
use ffmpeg_next::util::frame::side_data;

use super::frame::{ColourMatrix, PixelLayout, Rotation, VideoFrame};
use super::streams::matrix_rotation;

/// `AVColorSpace` of ITU-R BT.709, BT.470BG, SMPTE 170M and 240M, BT.2020.
const SPACE_BT709: i32 = 1;
const SPACES_BT601: [i32; 4] = [4, 5, 6, 7];
const SPACES_BT2020: [i32; 2] = [9, 10];
/// `AVColorRange`: 1 is limited ("MPEG"), 2 is full ("JPEG").
const RANGE_LIMITED: i32 = 1;
const RANGE_FULL: i32 = 2;

/// Turns decoded frames into pictures; keeps the scaler between frames of one shape.
pub(super) struct PictureMaker {
    stream_rotation: Rotation,
    /// Still-picture codecs store BT.601 in full range and say so less often than video.
    still_codec: bool,
    scaler: Option<((Pixel, u32, u32), scaling::Context)>,
}

// SAFETY: the scaler is owned by this value alone and used through `&mut self`; swscale contexts are not
// tied to the thread that made them.
unsafe impl Send for PictureMaker {}

impl PictureMaker {
    pub(super) fn new(stream_rotation: Rotation, decoder: &str) -> Self {
        Self { stream_rotation, still_codec: matches!(decoder, "mjpeg" | "png" | "gif"), scaler: None }
    }

    /// How the frame must be turned: its own display matrix or EXIF orientation, else the stream's.
    pub(super) fn rotation(&self, frame: &Video) -> Rotation {
        if let Some(matrix) = frame.side_data(side_data::Type::DisplayMatrix) {
            return matrix_rotation(matrix.data());
        }
        match frame.metadata().get("Orientation").map(str::trim) {
            Some("3") => Rotation::Half,
            Some("6") => Rotation::Clockwise90,
            Some("8") => Rotation::Clockwise270,
            _ => self.stream_rotation,
        }
    }

    /// The picture at `t_s`, or `None` when the frame has no picture that can be read.
    pub(super) fn make(&mut self, frame: Video, t_s: f64) -> Option<VideoFrame> {
        let rotation = self.rotation(&frame);
        let (matrix, full_range) = self.colour(&frame);
        let direct = direct_layout(frame.format()).filter(|_| upright_memory(&frame));
        let (frame, layout) = match direct {
            Some(layout) => (frame, layout),
            None => self.convert(&frame)?,
        };
        let picture = VideoFrame::from_decoder(frame, t_s, rotation, layout, matrix, full_range);
        // A frame whose planes do not lie in its own buffers is never handed on.
        let planes = match layout {
            PixelLayout::Rgb24 | PixelLayout::Gray => 1,
            PixelLayout::Nv12 => 2,
            PixelLayout::Yuv420 | PixelLayout::Yuv422 | PixelLayout::Yuv444 => 3,
        };
        (0..planes).all(|index| picture.plane(index).is_some()).then_some(picture)
    }

    fn colour(&self, frame: &Video) -> (ColourMatrix, bool) {
        // SAFETY: both fields are C enums of a valid frame. They are read as integers, for their values
        // come from the file and need not be members of the Rust enum.
        let (space, range) = unsafe {
            let raw = frame.as_ptr();
            (
                (&raw const (*raw).colorspace).cast::<i32>().read(),
                (&raw const (*raw).color_range).cast::<i32>().read(),
            )
        };
        let (short, long) = (frame.width().min(frame.height()), frame.width().max(frame.height()));
        let matrix = if space == SPACE_BT709 {
            ColourMatrix::Bt709
        } else if SPACES_BT2020.contains(&space) {
            ColourMatrix::Bt2020
        } else if SPACES_BT601.contains(&space) || self.still_codec {
            ColourMatrix::Bt601
        } else if short > 576 || long >= 1280 {
            ColourMatrix::Bt709
        } else {
            ColourMatrix::Bt601
        };
        let full_by_format = matches!(
            frame.format(),
            Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P | Pixel::YUVJ411P
        );
        let full = full_by_format || range == RANGE_FULL || (self.still_codec && range != RANGE_LIMITED);
        (matrix, full)
    }

    fn convert(&mut self, frame: &Video) -> Option<(Video, PixelLayout)> {
        let shape = (frame.format(), frame.width(), frame.height());
        let (target, layout) = target_layout(shape.0)?;
        if self.scaler.as_ref().is_none_or(|(known, _)| *known != shape) {
            // Bit-exact: the same file gives the same bytes on every processor.
            let flags = scaling::Flags::BILINEAR | scaling::Flags::ACCURATE_RND | scaling::Flags::BITEXACT;
            let context =
                scaling::Context::get(shape.0, shape.1, shape.2, target, shape.1, shape.2, flags).ok()?;
            self.scaler = Some((shape, context));
        }
        let (_, scaler) = self.scaler.as_mut()?;
        let mut output = Video::new(target, shape.1, shape.2);
        // SAFETY: only the first plane pointer is read, to see whether the allocation succeeded.
        if unsafe { (*output.as_ptr()).data[0].is_null() } {
            return None;
        }
        scaler.run(frame, &mut output).ok()?;
        Some((output, layout))
    }
}

/// Layouts that are handed on as they are.
fn direct_layout(format: Pixel) -> Option<PixelLayout> {
    Some(match format {
        Pixel::YUV420P | Pixel::YUVJ420P => PixelLayout::Yuv420,
        Pixel::YUV422P | Pixel::YUVJ422P => PixelLayout::Yuv422,
        Pixel::YUV444P | Pixel::YUVJ444P => PixelLayout::Yuv444,
        Pixel::NV12 => PixelLayout::Nv12,
        Pixel::RGB24 => PixelLayout::Rgb24,
        Pixel::GRAY8 => PixelLayout::Gray,
        _ => return None,
    })
}

/// What every other layout is converted to: colours that are RGB stay RGB, grey stays grey.
fn target_layout(format: Pixel) -> Option<(Pixel, PixelLayout)> {
    let descriptor = format.descriptor()?;
    // SAFETY: descriptors are static tables of FFmpeg.
    let (flags, components) = unsafe { ((*descriptor.as_ptr()).flags, (*descriptor.as_ptr()).nb_components) };
    let rgb = u64::from(ffmpeg_next::ffi::AV_PIX_FMT_FLAG_RGB as u32);
    let palette = u64::from(ffmpeg_next::ffi::AV_PIX_FMT_FLAG_PAL as u32);
    let upright = direct_layout(format);
    Some(if flags & (rgb | palette) != 0 {
        (Pixel::RGB24, PixelLayout::Rgb24)
    } else if components <= 2 {
        (Pixel::GRAY8, PixelLayout::Gray)
    } else if let Some(layout) = upright {
        (format, layout)
    } else {
        (Pixel::YUV420P, PixelLayout::Yuv420)
    })
}

/// Whether the rows of all planes follow each other downwards in memory.
fn upright_memory(frame: &Video) -> bool {
    // SAFETY: the fields of a valid frame.
    let raw = unsafe { &*frame.as_ptr() };
    raw.linesize.iter().all(|&stride| stride >= 0)
}
