//! `--overlay`: the recording with everything that was seen drawn on it, for checking with one's own eyes.
//!
//! Boxes with track, mesh and irises, head axes and gaze, numbers beside each face, shoulders and arms, and the
//! quality of the picture at the top. The recording is decoded and looked at once more, because the points of the
//! mesh are not kept in the perception.

mod canvas;
mod encoder;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use interview_models::ModelError;
use interview_schemas::perception::{BodyFrame, Face, PictureFrame};
use interview_schemas::policy::ResolvedPolicy;

use super::crop::{Border, Picture, Region, Scale};
use super::tracker::TrackedFace;
use super::{VisionAnalyzer, VisionConfig, VisionModels, VisionPerception};
use crate::media::{CancelToken, DecodeOptions, Decoders, MediaError, MediaSink, VideoFrame};
use canvas::{Canvas, Colour};
use encoder::Mp4;

/// The overlay is at most so many pixels wide and high.
const LONGEST_SIDE: f32 = 1280.0;
/// Colours of the tracks, one after the other.
const TRACK_COLOURS: [Colour; 6] =
    [[80, 220, 100], [255, 170, 40], [90, 170, 255], [255, 90, 160], [210, 210, 60], [170, 120, 255]];
/// Colour of mesh points, irises and gaze.
const MESH: Colour = [190, 230, 255];
const IRIS: Colour = [255, 255, 0];
const GAZE: Colour = [255, 60, 60];
const BODY: Colour = [255, 140, 0];
/// Lines between points of the body.
const LIMBS: [(&str, &str); 8] = [
    ("left_shoulder", "right_shoulder"),
    ("left_shoulder", "left_elbow"),
    ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"),
    ("right_elbow", "right_wrist"),
    ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"),
    ("left_hip", "right_hip"),
];

/// An overlay that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// The recording could not be used.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The video could not be written.
    #[error("{}: {source}; check that the folder exists and that this FFmpeg can encode H.264 or MPEG-4", path.display())]
    Write {
        /// The file that was to be written.
        path: PathBuf,
        /// What FFmpeg said.
        source: ffmpeg_next::Error,
    },
    /// The recording has no picture.
    #[error("{}: there is no picture to draw on", path.display())]
    NoPicture {
        /// The recording.
        path: PathBuf,
    },
}

/// Looks at the recording at `video` and writes it with all findings drawn on it to `out` (MP4, at the sampling rate
/// of `options`). The recording is decoded by `decoders`. Returns what was seen.
///
/// # Errors
/// [`OverlayError`], with the file concerned.
pub fn draw(
    decoders: &Decoders,
    video: &Path,
    out: &Path,
    models: &mut VisionModels,
    policy: &ResolvedPolicy,
    options: &DecodeOptions,
) -> Result<VisionPerception, OverlayError> {
    let options = DecodeOptions { want_audio: false, want_video: true, ..options.clone() };
    let mut painter = Painter {
        analyzer: VisionAnalyzer::new(models, policy, VisionConfig::default()),
        out,
        mp4: None,
        pixels: Vec::new(),
        failure: None,
    };
    let decoded = decoders.decode(video, &options, &CancelToken::new(), &mut painter);
    if let Some(failure) = painter.failure.take() {
        return Err(failure);
    }
    decoded?;
    let mp4 = painter.mp4.take().ok_or_else(|| OverlayError::NoPicture { path: video.to_owned() })?;
    mp4.finish().map_err(|source| OverlayError::Write { path: out.to_owned(), source })?;
    Ok(painter.analyzer.finish())
}

struct Painter<'a> {
    analyzer: VisionAnalyzer<'a>,
    out: &'a Path,
    mp4: Option<Mp4>,
    pixels: Vec<f32>,
    failure: Option<OverlayError>,
}

impl MediaSink for Painter<'_> {
    fn audio(&mut self, _samples: &[f32]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        match self.paint(&frame) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Painter<'_> {
    fn paint(&mut self, frame: &VideoFrame) -> Result<(), OverlayError> {
        self.analyzer.push(frame)?;
        let picture = Picture::new(frame).ok_or_else(|| {
            ModelError::inference("vision", "the planes of a frame are smaller than its size")
        })?;
        let (mut canvas, view) = canvas_of(frame, &picture, &mut self.pixels);
        let seen = self.analyzer.seen();
        if let Some(body) = seen.body.as_ref().and_then(|body| body.frames.last()) {
            draw_body(&mut canvas, &view, body);
        }
        let described = seen.faces.frames.last().map_or(&[][..], |frame| &frame.faces);
        for (tracked, face) in self.analyzer.tracked().iter().zip(described) {
            draw_face(&mut canvas, &view, tracked, face);
        }
        if let Some(quality) = seen.picture.frames.last() {
            canvas.text([4.0, 4.0], 1, &picture_line(quality), [255, 255, 255]);
        }
        let image = canvas.image();
        let failed = |source| OverlayError::Write { path: self.out.to_owned(), source };
        let mp4 = match &mut self.mp4 {
            Some(mp4) => mp4,
            empty => empty.insert(Mp4::create(self.out, image.width(), image.height()).map_err(failed)?),
        };
        // A recording that changes its size keeps the size of its first picture.
        let (width, height) = mp4.size();
        if image.dimensions() == (width, height) {
            mp4.add(frame.t_s, image).map_err(failed)
        } else {
            let fitted = image::imageops::resize(image, width, height, image::imageops::FilterType::Triangle);
            mp4.add(frame.t_s, &fitted).map_err(failed)
        }
    }
}

/// From pixels of the recording to pixels of the overlay.
struct Zoom(f32);

impl Zoom {
    fn at(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [x * self.0, y * self.0]
    }
}

/// The upright picture, at most [`LONGEST_SIDE`] long, with even sides.
fn canvas_of(frame: &VideoFrame, picture: &Picture<'_>, pixels: &mut Vec<f32>) -> (Canvas, Zoom) {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let side = width.max(height);
    let size = side.min(LONGEST_SIDE);
    let zoom = size / side;
    let even = |length: f32| (((length * zoom / 2.0).floor() * 2.0).max(2.0)) as u32;
    let (shown_width, shown_height) = (even(width), even(height));
    // The square whose top left is that of the picture.
    let region = Region { centre_x: side / 2.0, centre_y: side / 2.0, side, rotation: 0.0 };
    let size = size as usize;
    picture.crop(&region, size, Border::Black, Scale::BYTE, pixels);
    let rgb = pixels
        .chunks_exact(size * 3)
        .take(shown_height as usize)
        .flat_map(|row| row[..(shown_width as usize * 3).min(row.len())].iter().map(|value| *value as u8))
        .collect();
    (Canvas::new(shown_width, shown_height, rgb), Zoom(zoom))
}

fn draw_face(canvas: &mut Canvas, zoom: &Zoom, tracked: &TrackedFace, face: &Face) {
    let colour = TRACK_COLOURS[face.track as usize % TRACK_COLOURS.len()];
    let mesh = &tracked.mesh;
    for (index, point) in mesh.points.iter().enumerate() {
        let is_iris = index >= interview_models::face_mesh::SKIN_POINTS;
        canvas.dot(zoom.at([point[0], point[1]]), 0, if is_iris { IRIS } else { MESH });
    }
    let edges = mesh.edges().map(|value| value * zoom.0);
    canvas.rectangle(edges, colour);
    let width = edges[2] - edges[0];
    if let Some(pose) = &tracked.pose {
        let nose = zoom.at(mesh.at(1));
        let axes: [Colour; 3] = [[255, 0, 0], [0, 255, 0], [80, 80, 255]];
        for (axis, colour) in axes.into_iter().enumerate() {
            let reach = width * 0.4;
            let tip = [
                nose[0] + pose.rotation[(0, axis)] as f32 * reach,
                nose[1] - pose.rotation[(1, axis)] as f32 * reach,
            ];
            canvas.line(nose, tip, colour);
        }
    }
    if let Some(gaze) = face.gaze {
        let (yaw, pitch) = (gaze.yaw_deg.to_radians() as f32, gaze.pitch_deg.to_radians() as f32);
        for iris in mesh.irises() {
            let from = zoom.at([iris[0], iris[1]]);
            let tip = [from[0] + yaw.sin() * pitch.cos() * width, from[1] - pitch.sin() * width];
            canvas.line(from, tip, GAZE);
            canvas.dot(from, 1, IRIS);
        }
    }
    let lines = lines_of(face);
    let text_width = lines.iter().map(|line| 8 * line.len()).max().unwrap_or(0) as f32;
    // Beside the box where there is room, else within the picture.
    let room = canvas.image().width() as f32 - text_width;
    let left = if edges[2] + 6.0 <= room { edges[2] + 6.0 } else { edges[0] - 6.0 - text_width };
    let left = if left >= 0.0 { left } else { room.max(0.0) };
    for (index, line) in lines.iter().enumerate() {
        canvas.text([left, edges[1] + 10.0 * index as f32], 1, line, colour);
    }
}

fn lines_of(face: &Face) -> Vec<String> {
    let mut lines = vec![
        format!("face {} {:.2}", face.track, face.score),
        format!("yaw {:+.0} pitch {:+.0} roll {:+.0}", face.yaw_deg, face.pitch_deg, face.roll_deg),
    ];
    if let Some(gaze) = face.gaze {
        lines.push(format!("gaze {:+.0} {:+.0}", gaze.yaw_deg, gaze.pitch_deg));
    }
    if let Some(geometry) = &face.geometry {
        lines.push(format!("eyes {:.2} brows {:.2}", geometry.eye_aspect_ratio, geometry.brow_raise));
        lines.push(format!(
            "mouth {:.2} open {:.2} lift {:+.2}",
            geometry.mouth_width, geometry.mouth_opening, geometry.mouth_corner_lift
        ));
    }
    let best = face.expression.as_ref().and_then(|all| all.iter().max_by(|a, b| a.1.total_cmp(b.1)));
    if let Some((name, probability)) = best {
        lines.push(format!("{name} {probability:.2}"));
    }
    lines
}

fn draw_body(canvas: &mut Canvas, zoom: &Zoom, body: &BodyFrame) {
    let at = |name: &str| body.points.get(name).map(|point| zoom.at([point.x as f32, point.y as f32]));
    for (from, to) in LIMBS {
        if let (Some(from), Some(to)) = (at(from), at(to)) {
            canvas.line(from, to, BODY);
        }
    }
    for name in body.points.keys() {
        if let Some(point) = at(name) {
            canvas.dot(point, 2, BODY);
        }
    }
}

fn picture_line(quality: &PictureFrame) -> String {
    format!(
        "{:7.2} s  light {:.2}  dark {:.2}  bright {:.2}  sharp {:.0}  change {:.4}",
        quality.t_s,
        quality.brightness,
        quality.dark_ratio,
        quality.bright_ratio,
        quality.sharpness,
        quality.change
    )
}
