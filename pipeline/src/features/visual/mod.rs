//! What is seen of the candidate: gaze, face, head, posture, gestures, expressions, picture quality (R13, R19, R20).
//!
//! What each feature is stands in [`catalogue::visual`](super::catalogue::visual). Everything but the integrity
//! group is measured on the time after the question, on faces that are large, lit, sharp and frontal enough.

mod body;
mod episodes;
mod expression;
mod face;
mod gaze;
mod head;
mod integrity;
mod quality;
mod view;

#[cfg(test)]
mod tests;

use interview_schemas::Feature;
use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::perception::Span;

use super::AnswerContext;
use super::catalogue::visual::DEFINITIONS;
use body::Body;
use episodes::{evidence, length_s};
use expression::Expressions;
use gaze::GazeSeries;
use integrity::Findings;
use view::View;

pub use integrity::flags;

/// How many spans are shown as evidence.
const MAX_EVIDENCE: usize = 5;
/// Least usable time for rates per minute, in seconds.
const RATE_S: f64 = 5.0;
/// Largest distance between samples in which nods and shakes can be seen, in seconds.
const HEAD_STEP_S: f64 = 0.26;

/// A value with confidence and evidence, or why there is none.
type Outcome = Result<(f64, f64, Vec<Evidence>), NotAssessed>;

/// Measures every feature of the catalogue's visual group, ordered by name.
#[must_use]
pub fn measure(context: &AnswerContext<'_>) -> Vec<Feature> {
    let seen = Seen::new(context);
    DEFINITIONS
        .iter()
        .map(|definition| {
            let outcome =
                seen.as_ref().map_err(|reason| *reason).and_then(|seen| seen.outcome(definition.name));
            match outcome {
                Ok((value, confidence, evidence)) => definition.measured(value, confidence, evidence),
                Err(reason) => definition.not_assessed(reason),
            }
        })
        .collect()
}

/// What was seen, prepared for measuring.
struct Seen<'a> {
    view: View<'a>,
    face: Result<(), NotAssessed>,
    gaze: Option<GazeSeries>,
    body: Result<Body<'a>, NotAssessed>,
    expressions: Result<Expressions, NotAssessed>,
    whole_s: f64,
    findings: Findings,
}

impl<'a> Seen<'a> {
    fn new(context: &AnswerContext<'a>) -> Result<Self, NotAssessed> {
        let whole = View::new(context)?;
        let (whole_s, findings) = (whole.total_s, Findings::new(&whole));
        let view = whole.after_question(context.answer);
        let face = view.face_floor();
        let expressions = if context.policy.expression {
            face.and_then(|()| Expressions::new(&view).ok_or(NotAssessed::NoModel))
        } else {
            Err(NotAssessed::Policy)
        };
        let body = match &context.perception.body {
            Some(track) => Body::new(&track.frames, &view),
            None => Err(NotAssessed::NoBody),
        };
        let gaze = face.ok().and_then(|()| GazeSeries::new(&view));
        Ok(Self { face, gaze, body, expressions, whole_s, findings, view })
    }

    fn outcome(&self, name: &str) -> Outcome {
        match name.split_once('.').unwrap_or((name, "")) {
            ("expression", measure) => self.expression(measure),
            ("face", measure) => self.face(measure),
            ("gaze", measure) => self.gaze(measure),
            ("gesture", measure) => self.gesture(measure),
            ("head", measure) => self.head(measure),
            ("integrity", measure) => self.integrity(measure),
            ("picture", measure) => self.picture(measure),
            ("posture", measure) => self.posture(measure),
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    fn expression(&self, measure: &str) -> Outcome {
        let expressions = self.expressions.as_ref().map_err(|reason| *reason)?;
        // The network is right on about two thirds of posed faces and less on spontaneous ones.
        let confidence = 0.6 * self.view.confidence();
        if measure == "steadiness" {
            let value = expressions.steadiness.ok_or(NotAssessed::TooShort)?;
            return Ok((value, confidence, Vec::new()));
        }
        let class = measure.trim_end_matches("_ratio");
        let shown = evidence(&expressions.spans_of(class), expression_text(class), MAX_EVIDENCE);
        Ok((expressions.ratio(class), confidence, shown))
    }

    fn face(&self, measure: &str) -> Outcome {
        let view = &self.view;
        if measure == "presence_ratio" {
            let gaps = evidence(&self.findings.no_face, "no face in view / 画面中无人脸", MAX_EVIDENCE);
            let confidence = (view.total_s / 5.0).clamp(0.2, 1.0);
            return Ok((view.seen_s / view.total_s.max(1.0e-9), confidence, gaps));
        }
        self.face?;
        let confidence = view.confidence();
        let shown = |spans: &[Span], text: &str| evidence(spans, text, MAX_EVIDENCE);
        match measure {
            "smile_ratio" => {
                Ok((face::smile_ratio(view), confidence, shown(&face::smiles(view), "smile / 微笑")))
            }
            "smile_rate" => self.rate(&face::smiles(view), view.usable_s, confidence, "smile / 微笑"),
            "brow_raise_rate" => {
                self.rate(&face::brow_raises(view), view.usable_s, 0.7 * confidence, "brows raised / 扬眉")
            }
            "expressiveness" => {
                let value = face::expressiveness(view).ok_or(NotAssessed::TooShort)?;
                Ok((value, confidence, Vec::new()))
            }
            "eyes_closed_ratio" => {
                let eyes = face::eyes(view).ok_or(NotAssessed::TooShort)?;
                Ok((eyes.shut_ratio, confidence, shown(&eyes.closures, "eyes closed / 闭眼")))
            }
            "blink_rate" => {
                if view.usable_s < RATE_S {
                    return Err(NotAssessed::TooShort);
                }
                let eyes = face::eyes(view).ok_or(NotAssessed::TooShort)?;
                // With few samples per blink most of them are estimated, not seen.
                let sampled = (0.1 / view.step_s).clamp(0.3, 1.0);
                Ok((eyes.blinks_per_min, confidence * sampled, shown(&eyes.blinks, "blink / 眨眼")))
            }
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    fn gaze(&self, measure: &str) -> Outcome {
        self.face?;
        let gaze = self.gaze.as_ref().ok_or(NotAssessed::NoFace)?;
        if gaze.known_s < 2.0 {
            return Err(NotAssessed::TooShort);
        }
        if !gaze.has_centre() {
            return Err(NotAssessed::NoBaseline);
        }
        let confidence = self.view.confidence() * gaze.trust();
        let aversions = gaze.aversions();
        let shown = evidence(&aversions, "looks away / 视线移开", MAX_EVIDENCE);
        match measure {
            "eye_contact_ratio" => {
                let mut evidence = shown;
                let ends = (self.view.samples.first(), self.view.samples.last());
                let (Some(first), Some(last)) = ends else { return Err(NotAssessed::NoFace) };
                evidence.push(Evidence::new(
                    first.t_s,
                    last.end_s(),
                    format!(
                        "cone of {:.0}° around {:+.0}° / {:+.0}° (right / up), uncertainty ±{:.1}° · \
                         以该方向为中心 {:.0}° 视锥，误差 ±{:.1}°",
                        gaze::CONE_DEG,
                        gaze.centre.yaw_deg,
                        gaze.centre.pitch_deg,
                        gaze.spread_deg,
                        gaze::CONE_DEG,
                        gaze.spread_deg,
                    ),
                ));
                Ok((gaze.contact_s() / gaze.known_s, confidence, evidence))
            }
            "aversion_rate" => self.rate(&aversions, gaze.known_s, confidence, "looks away / 视线移开"),
            "aversion_longest_s" => {
                let longest = aversions.iter().map(|span| span.end_s - span.start_s).fold(0.0, f64::max);
                Ok((longest, confidence, evidence(&aversions, "looks away / 视线移开", 1)))
            }
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    fn gesture(&self, measure: &str) -> Outcome {
        let body = self.body.as_ref().map_err(|reason| *reason)?;
        let confidence = self.body_confidence(body);
        if measure == "hand_on_face_ratio" {
            let spans = body.hands_on_face(&self.view);
            let ratio = length_s(&spans) / self.view.total_s.max(1.0e-9);
            return Ok((
                ratio.min(1.0),
                confidence,
                evidence(&spans, "hand on the face / 手触面部", MAX_EVIDENCE),
            ));
        }
        let hands = body.hands().ok_or(NotAssessed::NoBody)?;
        // Hands out of view make no gestures that could be seen.
        let confidence = confidence * (hands.time_s / self.view.total_s.max(1.0e-9)).clamp(0.0, 1.0);
        match measure {
            "rate" => self.rate(&hands.gestures, hands.time_s, confidence, "gesture / 手势"),
            "extent" => Ok((hands.extent, confidence, Vec::new())),
            "fidget_ratio" => Ok((hands.fidget_ratio, 0.7 * confidence, Vec::new())),
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    fn head(&self, measure: &str) -> Outcome {
        self.face?;
        let view = &self.view;
        let confidence = view.confidence();
        if measure == "stability" {
            let value = head::stability(view).ok_or(NotAssessed::TooShort)?;
            return Ok((value, confidence, Vec::new()));
        }
        if view.step_s > HEAD_STEP_S {
            return Err(NotAssessed::PoorQuality);
        }
        match measure {
            "nod_rate" => self.rate(&head::nods(view), view.usable_s, 0.7 * confidence, "nod / 点头"),
            "shake_rate" => {
                self.rate(&head::shakes(view), view.usable_s, 0.7 * confidence, "head shake / 摇头")
            }
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    fn integrity(&self, measure: &str) -> Outcome {
        let (spans, text) = match measure {
            "no_face_ratio" => (&self.findings.no_face, "no face / 无人脸"),
            "several_faces_ratio" => (&self.findings.several_faces, "several faces / 多张人脸"),
            "other_face_ratio" => (&self.findings.other_face, "another face / 不同的人脸"),
            "off_screen_ratio" => (&self.findings.reading, "looks to one spot / 注视同一位置"),
            "frozen_ratio" => (&self.findings.frozen, "picture stands still / 画面静止"),
            "still_face_ratio" => (&self.findings.still_face, "face does not move / 面部静止"),
            _ => return Err(NotAssessed::NotApplicable),
        };
        let ratio = length_s(spans) / self.whole_s.max(1.0e-9);
        Ok((ratio.min(1.0), (self.whole_s / 10.0).clamp(0.2, 1.0), evidence(spans, text, MAX_EVIDENCE)))
    }

    fn picture(&self, measure: &str) -> Outcome {
        let view = &self.view;
        let confidence = (view.total_s / 5.0).clamp(0.2, 1.0);
        match measure {
            "quality" => {
                let (value, poor) = quality::quality(view).ok_or(NotAssessed::NoFace)?;
                Ok((value, confidence, evidence(&poor, "poor picture / 画面质量差", MAX_EVIDENCE)))
            }
            "usable_ratio" => Ok((view.usable_s / view.total_s.max(1.0e-9), confidence, Vec::new())),
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    fn posture(&self, measure: &str) -> Outcome {
        let body = self.body.as_ref().map_err(|reason| *reason)?;
        let confidence = self.body_confidence(body);
        let value = match measure {
            "upright_ratio" => body.upright_ratio(),
            "shoulder_tilt" => body.shoulder_tilt_deg(),
            "slump" => body.slump(),
            _ => return Err(NotAssessed::NotApplicable),
        };
        let shown = match measure {
            "upright_ratio" => evidence(&body.leaning(), "not upright / 姿势不正", MAX_EVIDENCE),
            _ => Vec::new(),
        };
        Ok((value.ok_or(NotAssessed::TooShort)?, confidence, shown))
    }

    fn body_confidence(&self, body: &Body<'_>) -> f64 {
        (body.count() as f64 / 15.0).clamp(0.0, 1.0).sqrt() * (0.5 + 0.5 * body.share)
    }

    /// Episodes per minute of the time in which they could be seen.
    fn rate(&self, spans: &[Span], time_s: f64, confidence: f64, text: &str) -> Outcome {
        if time_s < RATE_S {
            return Err(NotAssessed::TooShort);
        }
        Ok((spans.len() as f64 / time_s * 60.0, confidence, evidence(spans, text, MAX_EVIDENCE)))
    }
}

/// An expression in both languages.
fn expression_text(class: &str) -> &'static str {
    match class {
        "neutral" => "neutral / 平静",
        "happy" => "happy / 愉快",
        "sad" => "sad / 悲伤",
        "angry" => "angry / 生气",
        "fearful" => "fearful / 害怕",
        "disgusted" => "disgusted / 厌恶",
        _ => "surprised / 惊讶",
    }
}
