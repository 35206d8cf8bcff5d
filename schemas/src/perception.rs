//! Perception: what was seen and heard, without any judgement (`perception.json`).
//!
//! Times are seconds of the recording, counted from its first decoded sample or frame. Boxes and points
//! are pixels in display orientation, origin at the top left. Numbers are rounded when they are made, so
//! the same recording gives the same bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AnswerId, JobId, Language};

/// `perception.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Perception {
    /// Version of this schema; `"1"`.
    pub schema_version: String,
    /// The job that was looked at.
    pub job_id: JobId,
    /// One entry per answer that is a recording or a text, in the order of the job.
    pub answers: Vec<AnswerPerception>,
}

/// What was perceived of one answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerPerception {
    /// The answer.
    pub id: AnswerId,
    /// Facts about the recording; absent for typed text.
    pub media: Option<MediaFacts>,
    /// What was said or typed; absent where there is neither sound nor text.
    pub transcript: Option<Transcript>,
    /// The voice over time; absent without sound.
    pub voice: Option<VoiceTrack>,
    /// Faces over time; absent where the picture was not looked at.
    pub faces: Option<FaceTracks>,
    /// Body over time; absent where the picture was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyTrack>,
    /// Picture quality over time; absent where the picture was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureTrack>,
}

/// Facts about a recording, all of them counted while decoding, none believed from a header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaFacts {
    /// Length in seconds: the end of the last decoded sample or frame.
    pub duration_s: f64,
    /// At least one audio sample was decoded.
    pub has_audio: bool,
    /// At least one picture was seen in the file (whether or not the policy let it be decoded).
    pub has_video: bool,
    /// Frames that were sampled for analysis.
    pub sampled_frames: u64,
    /// Width of the picture in display orientation, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height of the picture in display orientation, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// What was odd about the file.
    pub warnings: Vec<MediaWarning>,
}

/// Something odd about a recording that did not prevent its analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaWarning {
    /// Stable code, such as `CORRUPT_PACKETS`, `TRUNCATED`, `DURATION_MISMATCH`, `NO_AUDIO`.
    pub code: String,
    /// What was seen, for a person.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What was said, with times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The language it was transcribed in.
    pub language: Language,
    /// All segments joined.
    pub text: String,
    /// Pieces of speech, in order of time. Typed text has one segment from 0 to 0 s.
    pub segments: Vec<TranscriptSegment>,
    /// Which model transcribed; `typed` for text answers.
    pub model: String,
    /// Mean confidence of the words, 0–1; 1 for typed text.
    pub confidence: f64,
    /// Why the transcript must not be judged, where it must not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreliable: Option<String>,
}

/// One piece of speech.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TranscriptSegment {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// What was said.
    pub text: String,
    /// Mean probability of the chosen tokens, 0–1.
    pub confidence: f64,
    /// The words with their times; for Mandarin, words or characters as the recogniser gives them.
    pub words: Vec<Word>,
}

/// One word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The word as written, with its punctuation.
    pub text: String,
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// Probability of the chosen tokens, 0–1.
    pub confidence: f64,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
}

/// The voice over time. The parallel arrays hold one value per frame of `hop_s`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceTrack {
    /// Spans with speech, found by voice activity detection.
    pub speech: Vec<Span>,
    /// Distance between frames in seconds.
    pub hop_s: f64,
    /// Fundamental frequency in hertz; `null` where there is no voiced speech.
    pub f0_hz: Vec<Option<f32>>,
    /// Sound level in decibels relative to full scale.
    pub level_db: Vec<f32>,
    /// Share of samples at full scale, 0–1.
    pub clipped_ratio: f64,
    /// Level of speech above the level of the pauses, in decibels; `null` without one of the two.
    pub signal_to_noise_db: Option<f64>,
}

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PixelBox {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Faces over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaceTracks {
    /// The track taken for the candidate; `null` when no face was seen.
    pub candidate_track: Option<u32>,
    /// Why this track was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate_reason: Option<String>,
    /// The tracks in the order in which they appeared.
    #[serde(default)]
    pub tracks: Vec<FaceTrack>,
    /// One entry per sampled frame, in order of time.
    pub frames: Vec<FaceFrame>,
}

/// One face through the recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaceTrack {
    /// Id of the track.
    pub track: u32,
    /// When it was first seen, in seconds.
    pub first_s: f64,
    /// When it was last seen, in seconds.
    pub last_s: f64,
    /// Number of sampled frames with this face.
    pub frames: u64,
    /// Mean width of the face in pixels.
    pub mean_width: f64,
    /// How far the shape of this face is from that of the candidate, as root mean square distance of the rigid
    /// points in shares of the distance of the outer eye corners; `null` for the candidate and where one of
    /// the two was not seen well enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape_distance: Option<f64>,
}

/// The faces of one sampled frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaceFrame {
    /// Time of the frame in seconds.
    pub t_s: f64,
    /// The faces, largest first.
    pub faces: Vec<Face>,
}

/// One face in one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Face {
    /// Id of the track, stable through short absences.
    pub track: u32,
    /// Where the face is.
    #[serde(rename = "box")]
    pub bounds: PixelBox,
    /// Confidence that this is a face, 0–1.
    pub score: f64,
    /// Turn to the side in degrees; positive: towards the right edge of the picture.
    pub yaw_deg: f64,
    /// Nod in degrees; positive: upwards.
    pub pitch_deg: f64,
    /// Tilt in degrees; positive: clockwise in the picture.
    pub roll_deg: f64,
    /// Direction of the eyes in degrees, horizontal and vertical, head pose included; `null` when the eyes
    /// are not open or not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaze: Option<Gaze>,
    /// Observable geometry; no emotion is inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<FaceGeometry>,
    /// How well the face can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<FaceQuality>,
    /// Probability per expression, smoothed over time; `null` where policy or consent do not allow it.
    pub expression: Option<BTreeMap<String, f64>>,
}

/// How well a face can be seen, measured on the face scaled to 128 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaceQuality {
    /// Mean brightness of the face, 0–1.
    pub brightness: f64,
    /// Share of nearly black pixels, 0–1.
    pub dark_ratio: f64,
    /// Share of nearly white pixels, 0–1.
    pub bright_ratio: f64,
    /// Difference of brightness between its left and right half, 0–1.
    pub side_light: f64,
    /// Sharpness: variance of the Laplacian of brightness (0–255).
    pub sharpness: f64,
    /// Share of the face that lies outside the picture, 0–1.
    pub outside_ratio: f64,
}

/// Direction of the eyes relative to the camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gaze {
    /// Horizontal angle in degrees; positive: towards the right edge of the picture.
    pub yaw_deg: f64,
    /// Vertical angle in degrees; positive: upwards.
    pub pitch_deg: f64,
}

/// Observable geometry of a face, each as a ratio to a stable distance of the same face.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaceGeometry {
    /// Eye aspect ratio, mean of both eyes (Soukupová and Čech 2016).
    pub eye_aspect_ratio: f64,
    /// Mouth corners: width over the distance of the outer eye corners.
    pub mouth_width: f64,
    /// Mouth opening: inner lip distance over the distance of the outer eye corners.
    pub mouth_opening: f64,
    /// How far the mouth corners stand above the mid lip line, over the distance of the outer eye corners.
    pub mouth_corner_lift: f64,
    /// Brow to eye distance over the distance of the outer eye corners.
    pub brow_raise: f64,
}

/// Body over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyTrack {
    /// One entry per frame in which the body was looked for.
    pub frames: Vec<BodyFrame>,
}

/// The body in one frame; points in pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyFrame {
    /// Time of the frame in seconds.
    pub t_s: f64,
    /// Confidence that a body is there, 0–1.
    pub presence: f64,
    /// The named points that are in view (visibility at least 0.5).
    pub points: BTreeMap<String, BodyPoint>,
}

/// One point of the body.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyPoint {
    /// Pixels from the left.
    pub x: f64,
    /// Pixels from the top.
    pub y: f64,
    /// Probability that the point is visible, 0–1.
    pub visibility: f64,
}

/// Picture quality over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureTrack {
    /// One entry per sampled frame.
    pub frames: Vec<PictureFrame>,
}

/// Quality of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureFrame {
    /// Time of the frame in seconds.
    pub t_s: f64,
    /// Mean brightness, 0–1.
    pub brightness: f64,
    /// Share of nearly black pixels, 0–1.
    pub dark_ratio: f64,
    /// Share of nearly white pixels, 0–1.
    pub bright_ratio: f64,
    /// Sharpness: variance of the Laplacian of brightness (0–255) at 256 pixels width.
    pub sharpness: f64,
    /// Mean absolute change of brightness since the frame before, 0–1; 0 for the first.
    pub change: f64,
}
