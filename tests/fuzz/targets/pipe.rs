//! What a decoder that was taken over may send: no bytes crash the parent, or make it believe the impossible.

#![no_main]

use std::io::Cursor;

use interview_sandbox::buffers::Buffers;
use interview_sandbox::receiver::{self, Bounds, Event, Receiver};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = receiver::ready(&mut Cursor::new(bytes));
    let bounds =
        Bounds { max_pixels: 64 * 64, max_duration_s: 600.0, sample_fps: 5.0, audio: true, video: true };
    let mut receiver = Receiver::new(Cursor::new(bytes), bounds, Buffers::default());
    let mut newest_s = -1.0;
    loop {
        match receiver.event() {
            Ok(Event::Audio(samples)) => assert!(samples.iter().all(|one| (-1.0..=1.0).contains(one))),
            Ok(Event::Picture(header, planes, pixels)) => {
                assert!(u64::from(header.width) * u64::from(header.height) <= 64 * 64);
                assert!(header.t_s > newest_s && header.t_s.is_finite());
                newest_s = header.t_s;
                for (index, (offset, stride)) in planes.into_iter().enumerate() {
                    let (row, rows) = header.layout.plane_size(header.width, header.height, index).unwrap();
                    assert!(offset + stride * (rows - 1) + row <= pixels.len());
                }
            }
            Ok(Event::Claimed(seconds)) => assert!(seconds.is_finite() && seconds >= 0.0),
            Ok(Event::Alive | Event::Outcome(_)) => {}
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return;
            }
        }
    }
});
