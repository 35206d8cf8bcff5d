//! What a person should look at: no face, several faces, another face, looks to one off-screen spot, a picture that
//! stands still. Spans only, never a score (R19).

use interview_schemas::answer::Answer;
use interview_schemas::perception::Span;
use interview_schemas::report::Flag;
use interview_schemas::{AnswerId, Bilingual};

use super::super::AnswerContext;
use super::episodes::{Point, Rule, episodes};
use super::face::series;
use super::gaze::GazeSeries;
use super::view::{Sample, View};

/// Shape distance from which a face is taken for somebody else's, in shares of the distance of the outer eye corners.
const OTHER_SHAPE: f64 = 0.022;
/// Change of the picture (0–1) under which nothing moves, not even noise.
const FROZEN_CHANGE: f64 = 0.0002;
/// Length of the window in which a living face must move, in seconds.
const LIVING_S: f64 = 10.0;
/// Least movement (standard deviation) of eye opening and mouth opening of a living face.
const LIVING: (f64, f64) = (0.010, 0.006);

/// The spans of every finding.
pub(super) struct Findings {
    pub(super) no_face: Vec<Span>,
    pub(super) several_faces: Vec<Span>,
    pub(super) other_face: Vec<Span>,
    pub(super) reading: Vec<Span>,
    pub(super) frozen: Vec<Span>,
    pub(super) still_face: Vec<Span>,
}

impl Findings {
    /// Looks for all of them.
    pub(super) fn new(view: &View<'_>) -> Self {
        let lasting = |shortest_s| Rule { enter: 1.0, stay: 1.0, shortest_s, bridge_s: 0.45 };
        let frozen = spans(view, lasting(3.0), |sample| {
            sample.picture.is_some_and(|picture| picture.change < FROZEN_CHANGE)
        });
        Self {
            no_face: spans(view, lasting(1.5), |sample| sample.faces == 0),
            several_faces: spans(view, lasting(0.8), |sample| sample.faces > 1),
            other_face: spans(view, lasting(0.8), |sample| is_other(view, sample)),
            reading: GazeSeries::new(view).map(|gaze| gaze.readings()).unwrap_or_default(),
            still_face: still_face(view),
            frozen,
        }
    }
}

/// The spans in which a test holds.
fn spans(view: &View<'_>, rule: Rule, test: impl Fn(&Sample<'_>) -> bool) -> Vec<Span> {
    let points: Vec<Point> = view
        .samples
        .iter()
        .map(|sample| Point {
            t_s: sample.t_s,
            step_s: sample.step_s,
            value: Some(f64::from(u8::from(test(sample)))),
        })
        .collect();
    episodes(&points, rule)
}

/// Somebody else is there instead of the candidate: a face of clearly another shape while the candidate is gone.
fn is_other(view: &View<'_>, sample: &Sample<'_>) -> bool {
    sample.face.is_none()
        && sample.largest.is_some_and(|face| {
            view.faces
                .tracks
                .iter()
                .find(|track| track.track == face.track)
                .and_then(|track| track.shape_distance)
                .is_some_and(|distance| distance >= OTHER_SHAPE)
        })
}

/// Windows of 10 s in which the candidate neither blinks nor moves the mouth, joined.
fn still_face(view: &View<'_>) -> Vec<Span> {
    let eyes = series(view, |geometry| geometry.eye_aspect_ratio);
    let mouth = series(view, |geometry| geometry.mouth_opening);
    let mut spans: Vec<Span> = Vec::new();
    let mut first = 0;
    for last in 0..eyes.len() {
        let end_s = eyes[last].t_s + eyes[last].step_s;
        while first < last && end_s - eyes[first].t_s > LIVING_S + view.step_s / 2.0 {
            first += 1;
        }
        let whole = end_s - eyes[first].t_s >= LIVING_S - view.step_s / 2.0;
        if !whole || eyes[first..=last].iter().any(|point| point.value.is_none()) {
            continue;
        }
        if deviation(&eyes[first..=last]) < LIVING.0 && deviation(&mouth[first..=last]) < LIVING.1 {
            let start_s = eyes[first].t_s;
            match spans.last_mut() {
                Some(before) if start_s <= before.end_s => before.end_s = end_s,
                _ => spans.push(Span { start_s, end_s }),
            }
        }
    }
    spans
}

fn deviation(points: &[Point]) -> f64 {
    let values = || points.iter().filter_map(|point| point.value);
    let count = values().count().max(1) as f64;
    let mean = values().sum::<f64>() / count;
    (values().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// The flags of one answer.
#[must_use]
pub fn flags(context: &AnswerContext<'_>) -> Vec<Flag> {
    if !matches!(context.answer, Answer::Video(_)) {
        return Vec::new();
    }
    let Ok(view) = View::new(context) else { return Vec::new() };
    let findings = Findings::new(&view);
    let id = context.answer.id();
    let mut flags = Vec::new();
    let mut add = |code: &str, spans: Vec<Span>, en: &str, zh: &str| {
        if !spans.is_empty() {
            flags.push(flag(code, id, spans, en, zh));
        }
    };
    add(
        "NO_FACE",
        findings.no_face,
        "No face is in view for a while. Please look at the recording.",
        "有一段时间画面中没有人脸，请查看录像。",
    );
    add(
        "MORE_THAN_ONE_FACE",
        findings.several_faces,
        "More than one face is in view. It may be somebody passing by, a picture on the wall or a helper. Please look.",
        "画面中出现不止一张人脸，可能是路过的人、墙上的图片或协助者，请人工查看。",
    );
    add(
        "OTHER_FACE",
        findings.other_face,
        "After a break a face of another shape is in view. Judged by coarse geometry only, which can be wrong. Please look.",
        "中断后画面中出现脸型不同的人脸。仅依据粗略几何特征判断，可能有误，请人工查看。",
    );
    add(
        "LOOKING_OFF_SCREEN",
        findings.reading,
        "The eyes rest for long on the same spot away from the camera. It may be notes, a second screen or a habit. Please look.",
        "视线长时间停留在镜头以外的同一位置，可能是看笔记、第二块屏幕或个人习惯，请人工查看。",
    );
    add(
        "FROZEN_PICTURE",
        findings.frozen,
        "The picture stands still: the camera, the connection or the recording stopped. Please look.",
        "画面静止不动：摄像头、网络或录制可能中断，请查看录像。",
    );
    add(
        "STILL_FACE",
        findings.still_face,
        "The face neither blinks nor moves for ten seconds or more, as a photograph would. Please look.",
        "人脸连续十秒以上没有眨眼也没有动作，类似照片，请人工查看。",
    );
    flags
}

fn flag(code: &str, answer: &AnswerId, spans: Vec<Span>, en: &str, zh: &str) -> Flag {
    let round = |value| interview_schemas::features::round_decimals(value, 3);
    Flag {
        code: code.to_owned(),
        answer: Some(answer.clone()),
        spans: spans
            .into_iter()
            .map(|span| Span { start_s: round(span.start_s), end_s: round(span.end_s) })
            .collect(),
        message: Bilingual::new(en, zh),
    }
}
