//! FFmpeg's messages: nothing is printed, two of them are understood.
//!
//! FFmpeg tells a limit from damage only in its messages. They are compared and forgotten: nothing of the
//! file can get into a log.

use std::cell::Cell;
use std::ffi::CStr;
use std::ffi::{c_char, c_int, c_void};

use ffmpeg_next::ffi;

/// Limits that FFmpeg said were exceeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// A picture has more pixels than allowed.
    pub(super) pixels: bool,
    /// The container has more streams than allowed.
    pub(super) streams: bool,
}

thread_local! {
    static EXCEEDED: Cell<Exceeded> = const { Cell::new(Exceeded { pixels: false, streams: false }) };
}

/// Forgets what FFmpeg said on this thread.
pub(super) fn reset() {
    EXCEEDED.set(Exceeded::default());
}

/// What FFmpeg said on this thread since [`reset`]. Messages of decoder threads are not seen: with more
/// than one, an oversized picture counts as damaged.
pub(super) fn exceeded() -> Exceeded {
    EXCEEDED.get()
}

/// Takes over FFmpeg's messages for the whole process.
#[expect(clippy::missing_transmute_annotations, reason = "the name of `va_list` differs by platform")]
pub(super) fn take_over() {
    type Callback = unsafe extern "C" fn(*mut c_void, c_int, *const c_char, *mut c_void);
    let callback: Callback = listen;
    // SAFETY: the types differ only in the last parameter, a C `va_list`, which every supported ABI passes
    // as one pointer-sized value and which `listen` does not touch.
    unsafe { ffi::av_log_set_callback(Some(std::mem::transmute::<Callback, _>(callback))) };
}

unsafe extern "C" fn listen(
    source: *mut c_void,
    level: c_int,
    pattern: *const c_char,
    arguments: *mut c_void,
) {
    if level > ffi::AV_LOG_ERROR || pattern.is_null() {
        return;
    }
    // SAFETY: FFmpeg passes a C string that lives for the call.
    let fixed = unsafe { CStr::from_ptr(pattern) }.to_bytes();
    let mut exceeded = EXCEEDED.get();
    exceeded.streams |= fixed.starts_with(b"Number of streams exceeds");
    if fixed.starts_with(b"Picture size %ux%u") {
        // SAFETY: the arguments are handed on untouched, once, with the pattern they belong to.
        exceeded.pixels |= unsafe { is_large(source, pattern, arguments) };
    }
    EXCEEDED.set(exceeded);
}

/// Whether a message "Picture size WxH …" speaks of a picture that is too large, not of one without sides.
///
/// # Safety
/// `arguments` is the unread `va_list` that belongs to `pattern`.
unsafe fn is_large(source: *mut c_void, pattern: *const c_char, arguments: *mut c_void) -> bool {
    type Format = unsafe extern "C" fn(
        *mut c_void,
        c_int,
        *const c_char,
        *mut c_void,
        *mut c_char,
        c_int,
        *mut c_int,
    ) -> c_int;
    let mut line = [0_u8; 160];
    let mut prefix = 0;
    // SAFETY: as in `take_over`, the types differ only in the `va_list`; the line is as long as stated, and
    // FFmpeg ends it with a zero.
    unsafe {
        let format = std::mem::transmute::<*const (), Format>(ffi::av_log_format_line2 as *const ());
        let (target, length) = (line.as_mut_ptr().cast(), line.len() as c_int);
        format(source, ffi::AV_LOG_ERROR, pattern, arguments, target, length, &raw mut prefix);
    }
    let text = CStr::from_bytes_until_nul(&line).map(CStr::to_string_lossy).unwrap_or_default();
    let Some((_, size)) = text.split_once("Picture size ") else { return false };
    let mut sides = size.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
    // Sides that do not fit an i32 are negative numbers in the file.
    let side = |value: Option<Result<u32, _>>| {
        value.and_then(Result::ok).is_some_and(|one| (1..1 << 31).contains(&one))
    };
    side(sides.next()) && side(sides.next())
}
