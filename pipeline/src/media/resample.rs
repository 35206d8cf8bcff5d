//! Converts decoded sound to 16 kHz mono f32 with swresample.

use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::frame::Audio;

use super::SAMPLE_RATE_HZ;

/// Most samples one call may give: 60 s, far above what one decoded frame holds at any accepted rate.
const MOST_SAMPLES: i32 = 60 * SAMPLE_RATE_HZ as i32;

/// Rate, format and channels of decoded sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SoundShape {
    pub(super) rate_hz: i32,
    pub(super) channels: i32,
    format: i32,
    /// Bits of the speaker positions; 0 when the order of the channels is not stated.
    positions: u64,
}

impl SoundShape {
    pub(super) fn of(frame: &Audio) -> Self {
        // SAFETY: plain fields of a valid frame; `mask` is the active member of the union for the native
        // order.
        unsafe {
            let raw = &*frame.as_ptr();
            let native = raw.ch_layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE;
            Self {
                rate_hz: raw.sample_rate,
                channels: raw.ch_layout.nb_channels,
                format: raw.format,
                positions: if native { raw.ch_layout.u.mask } else { 0 },
            }
        }
    }
}

/// A converter for one shape of sound.
pub(super) struct Resampler {
    context: *mut ffi::SwrContext,
    shape: SoundShape,
}

// SAFETY: the context is owned by this value alone and used through `&mut self`; swresample contexts are
// not tied to the thread that made them.
unsafe impl Send for Resampler {}

impl Resampler {
    /// A converter for frames of the shape of `frame`; `None` when swresample cannot mix it down.
    pub(super) fn for_frame(frame: &Audio) -> Option<Self> {
        let shape = SoundShape::of(frame);
        let mut context = ptr::null_mut();
        // SAFETY: both layouts are initialised before use and freed after it; swr_alloc_set_opts2 copies
        // them; the options are set before swr_init; on every failure `Resampler` frees the context.
        unsafe {
            let mut mono: ffi::AVChannelLayout = std::mem::zeroed();
            ffi::av_channel_layout_default(&raw mut mono, 1);
            let mut input: ffi::AVChannelLayout = std::mem::zeroed();
            let known = shape.positions != 0
                && ffi::av_channel_layout_copy(&raw mut input, &raw const (*frame.as_ptr()).ch_layout) >= 0;
            if !known {
                // No positions stated: the usual ones for that many channels.
                ffi::av_channel_layout_default(&raw mut input, shape.channels);
            }
            let code = ffi::swr_alloc_set_opts2(
                &raw mut context,
                &raw mut mono,
                ffi::AVSampleFormat::AV_SAMPLE_FMT_FLT,
                SAMPLE_RATE_HZ as i32,
                &raw mut input,
                frame.format().into(),
                shape.rate_hz,
                0,
                ptr::null_mut(),
            );
            ffi::av_channel_layout_uninit(&raw mut input);
            ffi::av_channel_layout_uninit(&raw mut mono);
            if code < 0 || context.is_null() {
                return None;
            }
            let resampler = Self { context, shape };
            // Mixing channels down must not exceed full scale: without this option swresample sums stereo
            // to 1.41 when the output is float.
            ffi::av_opt_set_double(context.cast(), c"rematrix_maxval".as_ptr(), 1.0, 0);
            (ffi::swr_init(context) >= 0).then_some(resampler)
        }
    }

    /// Whether the converter fits frames of this shape.
    pub(super) fn fits(&self, shape: SoundShape) -> bool {
        self.shape == shape
    }

    /// Samples at 16 kHz that went in and did not come out yet.
    pub(super) fn delay(&mut self) -> i64 {
        // SAFETY: the context is valid and initialised.
        unsafe { ffi::swr_get_delay(self.context, i64::from(SAMPLE_RATE_HZ)) }.max(0)
    }

    /// Converts one frame and appends what comes out. Returns false when swresample refuses.
    pub(super) fn convert(&mut self, frame: &Audio, output: &mut Vec<f32>) -> bool {
        // SAFETY: the frame is valid and of the shape the context was made for (checked by the caller
        // with `fits`): extended_data points to one pointer per plane of nb_samples samples each.
        unsafe {
            let raw = &*frame.as_ptr();
            self.run(raw.extended_data.cast(), raw.nb_samples, output)
        }
    }

    /// Appends what the filter still holds.
    pub(super) fn flush(&mut self, output: &mut Vec<f32>) {
        // SAFETY: a null input asks swresample for its rest.
        unsafe { self.run(ptr::null_mut(), 0, output) };
    }

    /// # Safety
    /// `input` is null, or points to one plane pointer per plane of `count` samples each.
    unsafe fn run(&mut self, input: *mut *const u8, count: i32, output: &mut Vec<f32>) -> bool {
        // SAFETY: the context is valid; the output has room for `room` samples, which swresample does not
        // exceed; exactly the number it reports is added to the length.
        unsafe {
            let room = ffi::swr_get_out_samples(self.context, count);
            if !(0..=MOST_SAMPLES).contains(&room) {
                return false;
            }
            output.reserve(room as usize);
            let mut target = output.as_mut_ptr().add(output.len()).cast::<u8>();
            let got = ffi::swr_convert(self.context, &raw mut target, room, input, count);
            let Ok(got) = usize::try_from(got) else { return false };
            output.set_len(output.len() + got.min(room as usize));
        }
        true
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        // SAFETY: the context is ours; swr_free clears the pointer.
        unsafe { ffi::swr_free(&raw mut self.context) };
    }
}
