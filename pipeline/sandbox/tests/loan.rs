//! Pages lent to a pipe: the reader gets what they held when they were lent, whatever their owner does later.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Seek};
use std::time::Duration;

use interview_sandbox::loan::Loans;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

/// Bytes that are spoilt as soon as nobody keeps them.
struct Picture(Vec<u8>);

impl Picture {
    fn new(number: usize, length: usize) -> Self {
        Self((0..length).map(|at| pattern(number, at)).collect())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.0.fill(0xee);
        std::hint::black_box(&self.0);
    }
}

fn pattern(number: usize, at: usize) -> u8 {
    (number.wrapping_mul(31) + at / 7) as u8
}

/// Large and small ones, never in whole pages.
const LENGTHS: [usize; 6] = [1, 5000, 70_001, 1_400_000, 16_384, 300_003];

fn pieces(picture: &Picture) -> std::io::Result<Vec<&[u8]>> {
    let (first, second) = picture.0.split_at(picture.0.len() / 3);
    Ok(vec![first, second])
}

#[test]
fn a_slow_reader_gets_what_was_lent() {
    for places in [4096, 65_536, 1 << 20] {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
        // Refused where the user's pipes hold too much already; then it is as large as it is.
        let _ = fcntl_setpipe_size(&writer, places);
        let (reader, mut writer) = (File::from(reader), File::from(writer));
        std::thread::scope(|scope| {
            // Gone with the first thing that is wrong, so that the writer does not wait for it.
            let mut reader = reader;
            scope.spawn(move || {
                let mut loans = Loans::new(&writer);
                for number in 0..60 {
                    let picture = Picture::new(number, LENGTHS[number % LENGTHS.len()]);
                    loans.hand_over(&mut writer, picture, pieces).expect("a reader");
                    // What the pipe holds and the newest: a few.
                    assert!(loans.kept() <= 64, "{} pictures are kept", loans.kept());
                }
                // What the pipe still holds outlives the loans.
                drop((loans, writer));
            });
            for number in 0..60 {
                let mut bytes = vec![0; LENGTHS[number % LENGTHS.len()]];
                if number % 7 == 0 {
                    std::thread::sleep(Duration::from_millis(10));
                }
                reader.read_exact(&mut bytes).expect("a writer");
                let wrong = bytes.iter().enumerate().position(|(at, &byte)| byte != pattern(number, at));
                assert_eq!(wrong, None, "picture {number}, pipe of {places} bytes");
            }
            assert_eq!(reader.read(&mut [0]).expect("the end"), 0);
        });
    }
}

#[test]
fn what_is_no_pipe_gets_copies() {
    let mut file = tempfile::tempfile().expect("a file");
    let mut loans = Loans::new(&file);
    loans.hand_over(&mut file, Picture::new(3, 70_001), pieces).expect("room");
    assert_eq!(loans.kept(), 0);
    let mut bytes = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut bytes).expect("a file");
    assert_eq!(bytes.len(), 70_001);
    assert!(bytes.iter().enumerate().all(|(at, &byte)| byte == pattern(3, at)));
}

#[test]
fn a_reader_that_is_gone_is_told() {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    let mut writer = File::from(writer);
    let mut loans = Loans::new(&writer);
    drop(reader);
    assert!(loans.hand_over(&mut writer, Picture::new(0, 1_400_000), pieces).is_err());
}
