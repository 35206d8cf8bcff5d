//! Writes pictures into an MP4: H.264 where this FFmpeg can encode it, else MPEG-4 part 2.

use std::path::Path;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::software::scaling;
use ffmpeg_next::{Dictionary, Error, Packet, Rational, codec, encoder, format, frame};
use image::RgbImage;

/// Times are counted in thousandths of a second.
const TICKS_PER_S: i32 = 1000;

/// An MP4 that is being written.
pub(super) struct Mp4 {
    output: format::context::Output,
    encoder: encoder::Video,
    scaler: scaling::Context,
    stream_time_base: Rational,
    width: u32,
    height: u32,
    last_tick: Option<i64>,
}

impl Mp4 {
    /// Opens the file; width and height must be even.
    pub(super) fn create(path: &Path, width: u32, height: u32) -> Result<Self, Error> {
        ffmpeg_next::init()?;
        let mut output = format::output_as(path, "mp4")?;
        let global_header = output.format().flags().contains(format::Flags::GLOBAL_HEADER);
        let wanted = [codec::Id::H264, codec::Id::MPEG4];
        let found = wanted.into_iter().find_map(encoder::find).ok_or(Error::EncoderNotFound)?;
        let mut stream = output.add_stream(found)?;
        let mut video = codec::context::Context::new_with_codec(found).encoder().video()?;
        video.set_width(width);
        video.set_height(height);
        video.set_format(Pixel::YUV420P);
        video.set_time_base(Rational(1, TICKS_PER_S));
        video.set_bit_rate(4_000_000);
        if global_header {
            video.set_flags(codec::Flags::GLOBAL_HEADER);
        }
        let mut options = Dictionary::new();
        options.set("preset", "veryfast");
        let encoder = video.open_with(options)?;
        stream.set_parameters(&encoder);
        stream.set_time_base(Rational(1, TICKS_PER_S));
        let index = stream.index();
        output.write_header()?;
        let stream_time_base =
            output.stream(index).map_or(Rational(1, TICKS_PER_S), |stream| stream.time_base());
        let scaler = scaling::Context::get(
            Pixel::RGB24,
            width,
            height,
            Pixel::YUV420P,
            width,
            height,
            scaling::Flags::BILINEAR,
        )?;
        Ok(Self { output, encoder, scaler, stream_time_base, width, height, last_tick: None })
    }

    /// Width and height of the pictures.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Adds a picture shown from `t_s` on; pictures come in order of time.
    pub(super) fn add(&mut self, t_s: f64, image: &RgbImage) -> Result<(), Error> {
        let mut rgb = frame::Video::new(Pixel::RGB24, self.width, self.height);
        let (stride, row_bytes) = (rgb.stride(0), self.width as usize * 3);
        for (line, row) in rgb.data_mut(0).chunks_mut(stride).zip(image.as_raw().chunks(row_bytes)) {
            line[..row.len()].copy_from_slice(row);
        }
        let mut yuv = frame::Video::empty();
        self.scaler.run(&rgb, &mut yuv)?;
        let tick = (t_s * f64::from(TICKS_PER_S)).round() as i64;
        let tick = self.last_tick.map_or(tick.max(0), |last| tick.max(last + 1));
        self.last_tick = Some(tick);
        yuv.set_pts(Some(tick));
        self.encoder.send_frame(&yuv)?;
        self.write()
    }

    /// Writes what is left and closes the file.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.encoder.send_eof()?;
        self.write()?;
        self.output.write_trailer()
    }

    fn write(&mut self) -> Result<(), Error> {
        let mut packet = Packet::empty();
        loop {
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_stream(0);
                    packet.rescale_ts(Rational(1, TICKS_PER_S), self.stream_time_base);
                    packet.write_interleaved(&mut self.output)?;
                }
                Err(Error::Eof) => return Ok(()),
                Err(Error::Other { errno }) if errno == ffmpeg_next::error::EAGAIN => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
