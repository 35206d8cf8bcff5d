//! The pipe between decoder and parent: what is sent arrives, and nothing that arrives does harm.

use std::io::Cursor;

use interview_sandbox::buffers::Buffers;
use interview_sandbox::message::{HEADER, Kind, MOST_SAMPLES, PICTURE_HEADER, PictureHeader, header};
use interview_sandbox::picture::{ColourMatrix, PixelLayout, Rotation};
use interview_sandbox::receiver::{Bounds, Event, ReceiveError, Receiver};
use interview_sandbox::sender::Sender;
use proptest::prelude::*;

fn bounds() -> Bounds {
    Bounds { max_pixels: 100 * 100, max_duration_s: 3600.0, sample_fps: 5.0, audio: true, video: true }
}

fn receiver(bytes: Vec<u8>) -> Receiver<Cursor<Vec<u8>>> {
    Receiver::new(Cursor::new(bytes), bounds(), Buffers::default())
}

/// Everything there is to hear, and why it ended.
fn listen(bytes: Vec<u8>) -> (usize, ReceiveError) {
    let mut receiver = receiver(bytes);
    let mut events = 0;
    loop {
        match receiver.event() {
            Ok(Event::Audio(samples)) => {
                assert!(samples.len() <= MOST_SAMPLES);
                assert!(samples.iter().all(|sample| (-1.0..=1.0).contains(sample)));
            }
            Ok(Event::Picture(header, planes, pixels)) => {
                assert!(u64::from(header.width) * u64::from(header.height) <= bounds().max_pixels);
                assert!(pixels.len() <= 100 * 100 * 3 + 3 * 100 * 100 * 1024);
                assert_eq!(planes.len(), header.layout.planes());
            }
            Ok(_) => {}
            Err(error) => return (events, error),
        }
        events += 1;
    }
}

fn any_picture() -> impl Strategy<Value = PictureHeader> {
    let sides = (1_u32..100, 1_u32..100);
    (sides, 0..4_usize, 0..6_usize, 0..3_usize, any::<bool>(), 0_u32..=1024, 0.0_f64..3600.0).prop_map(
        |((width, height), rotation, layout, matrix, full_range, padding, t_s)| {
            let layout = PixelLayout::ALL[layout];
            let stride =
                |index| layout.plane_size(width, height, index).map_or(0, |(row, _)| row as u32 + padding);
            PictureHeader {
                t_s,
                width,
                height,
                rotation: Rotation::ALL[rotation],
                layout,
                matrix: ColourMatrix::ALL[matrix],
                full_range,
                strides: [stride(0), stride(1), stride(2)],
            }
        },
    )
}

proptest! {
    #[test]
    fn pictures_and_sound_arrive_as_sent(
        picture in any_picture(),
        seed in any::<u8>(),
        samples in proptest::collection::vec(-1.0_f32..=1.0, 1..10_000),
    ) {
        let (places, length) = picture.planes().unwrap();
        let pixels: Vec<u8> = (0..length).map(|index| (index as u8).wrapping_mul(31) ^ seed).collect();
        let mut planes = Vec::new();
        for (index, (offset, stride)) in places.iter().enumerate() {
            let (row, rows) = picture.layout.plane_size(picture.width, picture.height, index).unwrap();
            planes.push(&pixels[*offset..offset + stride * (rows - 1) + row]);
        }
        let mut bytes = Vec::new();
        let mut sender = Sender::new(&mut bytes);
        sender.audio(&samples).unwrap();
        sender.picture(&picture, &planes).unwrap();
        let mut receiver = receiver(bytes);
        let mut heard = Vec::new();
        while heard.len() < samples.len() {
            let Event::Audio(piece) = receiver.event().unwrap() else { panic!("sound") };
            heard.extend_from_slice(piece);
        }
        prop_assert_eq!(heard, samples);
        let Event::Picture(header, arrived, received) = receiver.event().unwrap() else { panic!("a picture") };
        prop_assert_eq!(header, picture);
        prop_assert_eq!(arrived, places);
        prop_assert_eq!(&received[..], pixels.as_slice());
        prop_assert!(matches!(receiver.event(), Err(ReceiveError::Closed)));
    }

    #[test]
    fn any_bytes_end_in_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let (_, error) = listen(bytes);
        prop_assert!(matches!(error, ReceiveError::Closed | ReceiveError::Violation(_)));
    }

    #[test]
    fn any_payload_ends_in_an_error_or_an_event(
        kind in 0_u8..9,
        length in 0_u32..70_000,
        payload in proptest::collection::vec(any::<u8>(), 0..70_000),
    ) {
        let mut bytes = header(Kind::Alive, 0).to_vec();
        bytes[0] = kind;
        bytes[4..HEADER].copy_from_slice(&length.to_le_bytes());
        bytes.extend(payload);
        listen(bytes);
    }

    #[test]
    fn any_picture_header_is_bounded(bytes in any::<[u8; PICTURE_HEADER]>(), rest in 0_usize..40_000) {
        let mut message = header(Kind::Picture, PICTURE_HEADER).to_vec();
        message.extend_from_slice(&bytes);
        message.resize(message.len() + rest, 1);
        listen(message);
    }
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let silent = Bounds { audio: false, video: false, ..bounds() };
    let mut bytes = Vec::new();
    Sender::new(&mut bytes).audio(&[0.0]).unwrap();
    let mut receiver = Receiver::new(Cursor::new(bytes), silent, Buffers::default());
    assert!(matches!(receiver.event(), Err(ReceiveError::Violation(what)) if what.contains("nobody asked")));
}

#[test]
fn memory_of_pictures_is_used_again() {
    let buffers = Buffers::default();
    let first = buffers.take(1000);
    let place = first.as_ptr();
    drop(first);
    let second = buffers.take(500);
    assert_eq!((second.as_ptr(), second.len()), (place, 500));
}
