//! Follows faces through raw pictures from the standard input and prints their points: our side of the comparison in
//! `benches/peers/mediapipe_faces.py`.
//!
//! `faces MODELS LIBRARY WIDTH HEIGHT rgb24|yuv420p < pictures`: per picture one line of JSON with the seconds it took (processor
//! time of the thread and clock) and the 478 points of every face.

use std::error::Error;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use interview_models::{Device, Manifest, ModelStore, Runtime};
use interview_pipeline::media::VideoFrame;
use interview_pipeline::media::frame::{ColourMatrix, PixelLayout, Rotation};
use interview_pipeline::perception::vision::VisionModels;
use interview_pipeline::perception::vision::crop::Picture;
use interview_pipeline::perception::vision::tracker::{FaceTracker, TrackerConfig};
use interview_schemas::policy::Consent;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, library, width, height, format] = arguments.as_slice() else {
        return Err("usage: faces MODELS LIBRARY WIDTH HEIGHT rgb24|yuv420p < pictures".into());
    };
    let (width, height): (u32, u32) = (width.parse()?, height.parse()?);
    let runtime = Runtime::load(Path::new(library), Device::Cpu)?;
    let store = ModelStore::new(models, Manifest::built_in()?);
    let policy = interview_pipeline::policy::resolve(
        &interview_pipeline::policy::shipped("eu")?,
        &Consent::ALL.into_iter().collect(),
    )?;
    let mut vision = VisionModels::load(&runtime, &store, &policy)?;
    let mut tracker = FaceTracker::new(TrackerConfig::default());
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let luma = width as usize * height as usize;
    let planar = match format.as_str() {
        "rgb24" => false,
        // Chroma of half a pixel would have to be rounded.
        "yuv420p" if width % 2 == 0 && height % 2 == 0 => true,
        _ => return Err(format!("{format} of {width} x {height} is not read").into()),
    };
    let mut bytes = vec![0; if planar { luma * 3 / 2 } else { luma * 3 }];
    let mut index = 0u32;
    while input.read_exact(&mut bytes).is_ok() {
        let t_s = f64::from(index) * 0.2;
        let frame = if planar {
            planes(t_s, width, height, &bytes)
        } else {
            VideoFrame::from_rgb(t_s, width, height, bytes.clone())
        };
        index += 1;
        let (clock, processor) = (Instant::now(), processor_s());
        let picture = Picture::new(&frame).ok_or("empty picture")?;
        let faces = tracker.push(vision.faces(), &frame, &picture, false)?;
        let spent = (clock.elapsed().as_secs_f64(), processor_s() - processor);
        let points: Vec<_> = faces.iter().map(|face| &face.mesh.points).collect();
        let line = serde_json::json!({"wall_s": spent.0, "cpu_s": spent.1, "faces": points});
        writeln!(output, "{line}")?;
        output.flush()?;
    }
    Ok(())
}

/// A picture as a decoder gives it: three planes, limited range.
fn planes(t_s: f64, width: u32, height: u32, bytes: &[u8]) -> VideoFrame {
    let mut picture = Video::new(Pixel::YUV420P, width, height);
    let mut rest = bytes;
    for (index, halved) in [(0, 1), (1, 2), (2, 2)] {
        let (columns, rows) = (width as usize / halved, height as usize / halved);
        let stride = picture.stride(index);
        let (plane, others) = rest.split_at(columns * rows);
        rest = others;
        for (line, source) in picture.data_mut(index).chunks_mut(stride).zip(plane.chunks(columns)) {
            line[..columns].copy_from_slice(source);
        }
    }
    VideoFrame::from_decoder(picture, t_s, Rotation::None, PixelLayout::Yuv420, ColourMatrix::Bt601, false)
}

/// Processor time of this thread in seconds.
fn processor_s() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write a timespec to, and the call does nothing else.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if failed != 0 {
        return 0.0;
    }
    time.tv_sec as f64 + time.tv_nsec as f64 * 1.0e-9
}
