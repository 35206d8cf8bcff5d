//! Features of perceptions that were made up, so that the right value is known.

use std::collections::{BTreeMap, BTreeSet};

use interview_schemas::Feature;
use interview_schemas::answer::Answer;
use interview_schemas::features::NotAssessed;
use interview_schemas::job::Job;
use interview_schemas::perception::{
    AnswerPerception, BodyFrame, BodyPoint, BodyTrack, Face, FaceFrame, FaceGeometry, FaceQuality, FaceTrack,
    FaceTracks, Gaze, PictureFrame, PictureTrack, PixelBox,
};
use interview_schemas::policy::{Consent, ResolvedPolicy};
use interview_schemas::report::Flag;
use proptest::prelude::*;

use super::super::AnswerContext;
use super::super::catalogue::visual::DEFINITIONS;
use super::{flags, measure};

const STEP_S: f64 = 0.2;

/// A face at rest that looks into the camera, well lit.
fn resting(track: u32) -> Face {
    Face {
        track,
        bounds: PixelBox { x: 200.0, y: 100.0, width: 150.0, height: 180.0 },
        score: 1.0,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        gaze: Some(Gaze { yaw_deg: 1.0, pitch_deg: 8.0 }),
        geometry: Some(FaceGeometry {
            eye_aspect_ratio: 0.28,
            mouth_width: 0.52,
            mouth_opening: 0.02,
            mouth_corner_lift: 0.0,
            brow_raise: 0.22,
        }),
        quality: Some(FaceQuality {
            brightness: 0.5,
            dark_ratio: 0.02,
            bright_ratio: 0.01,
            side_light: 0.05,
            sharpness: 150.0,
            outside_ratio: 0.0,
        }),
        expression: None,
    }
}

/// A recording of one answer, five samples a second.
struct Scene {
    faces: Vec<Vec<Face>>,
    change: f64,
    body: Vec<BodyFrame>,
    shape_distance: Option<f64>,
}

impl Scene {
    /// Seconds of a resting face, changed by `edit(time, face)`.
    fn new(seconds: f64, edit: impl Fn(f64, &mut Face)) -> Self {
        let faces = (0..(seconds / STEP_S).round() as u32)
            .map(|index| {
                let mut face = resting(1);
                edit(f64::from(index) * STEP_S, &mut face);
                vec![face]
            })
            .collect();
        Self { faces, change: 0.01, body: Vec::new(), shape_distance: None }
    }

    fn perception(&self) -> AnswerPerception {
        let at = |index: usize| index as f64 * STEP_S;
        let track = |id: u32, shape_distance| FaceTrack {
            track: id,
            first_s: 0.0,
            last_s: 1.0,
            frames: 5,
            mean_width: 150.0,
            shape_distance,
        };
        let mut perception: AnswerPerception = serde_json::from_value(serde_json::json!({
            "id": "a1", "transcript": null, "voice": null, "faces": null,
            "media": {"duration_s": at(self.faces.len()), "has_audio": false, "has_video": true,
                      "sampled_frames": self.faces.len(), "sha256": "", "warnings": []},
        }))
        .unwrap();
        perception.faces = Some(FaceTracks {
            candidate_track: self.faces.iter().flatten().next().map(|_| 1),
            candidate_reason: None,
            tracks: vec![track(1, None), track(2, self.shape_distance)],
            frames: self
                .faces
                .iter()
                .enumerate()
                .map(|(index, faces)| FaceFrame { t_s: at(index), faces: faces.clone() })
                .collect(),
        });
        perception.picture = Some(PictureTrack {
            frames: (0..self.faces.len())
                .map(|index| PictureFrame {
                    t_s: at(index),
                    brightness: 0.5,
                    dark_ratio: 0.1,
                    bright_ratio: 0.0,
                    sharpness: 200.0,
                    change: self.change,
                })
                .collect(),
        });
        perception.body = Some(BodyTrack { frames: self.body.clone() });
        perception
    }

    fn with<T>(&self, policy: &ResolvedPolicy, look: impl Fn(&AnswerContext<'_>) -> T) -> T {
        let answer: Answer = serde_json::from_value(
            serde_json::json!({"kind": "video", "id": "a1", "media": {"uri": "a.mp4"}}),
        )
        .unwrap();
        let job: Job = serde_json::from_value(serde_json::json!({
            "schema_version": "1", "job_id": "j1", "candidate": {"reference": "c1"}, "answers": [answer],
        }))
        .unwrap();
        let perception = self.perception();
        look(&AnswerContext {
            job: &job,
            answer: &answer,
            question: None,
            policy,
            perception: &perception,
            semantics: None,
        })
    }

    fn features(&self) -> Vec<Feature> {
        self.with(&agreed("cn"), measure)
    }

    fn feature(&self, name: &str) -> Feature {
        self.features().into_iter().find(|feature| feature.name == name).unwrap()
    }

    fn value(&self, name: &str) -> f64 {
        let feature = self.feature(name);
        feature.value.unwrap_or_else(|| panic!("{name}: {:?}", feature.not_assessed))
    }

    fn flags(&self) -> Vec<Flag> {
        self.with(&agreed("cn"), flags)
    }
}

fn agreed(name: &str) -> ResolvedPolicy {
    crate::policy::resolve(&crate::policy::shipped(name).unwrap(), &Consent::ALL.into_iter().collect())
        .unwrap()
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
}

fn geometry(face: &mut Face) -> &mut FaceGeometry {
    face.geometry.as_mut().unwrap()
}

#[test]
fn the_whole_group_comes_in_order_of_names_whatever_was_seen() {
    let names: Vec<&str> = DEFINITIONS.iter().map(|definition| definition.name).collect();
    assert!(names.is_sorted());
    let empty = Scene { faces: Vec::new(), change: 0.0, body: Vec::new(), shape_distance: None };
    for scene in [Scene::new(20.0, |_, _| {}), Scene::new(0.4, |_, _| {}), empty] {
        let features = scene.features();
        let found: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
        assert_eq!(found, names);
    }
}

#[test]
fn reasons_say_why_nothing_was_measured() {
    let seen = Scene::new(20.0, |_, _| {});
    let reason = |features: &[Feature], name: &str| {
        features.iter().find(|feature| feature.name == name).unwrap().not_assessed
    };
    let audio = seen.with(&agreed("audio-text"), measure);
    assert!(audio.iter().all(|feature| feature.not_assessed == Some(NotAssessed::Policy)));
    let europe = seen.with(&agreed("eu"), measure);
    assert_eq!(reason(&europe, "expression.happy_ratio"), Some(NotAssessed::Policy));
    assert_eq!(reason(&europe, "face.smile_ratio"), None);
    let empty = Scene { faces: Vec::new(), change: 0.0, body: Vec::new(), shape_distance: None };
    assert_eq!(empty.feature("face.smile_ratio").not_assessed, Some(NotAssessed::NoVideo));
    let nobody = Scene { faces: vec![Vec::new(); 50], ..empty };
    assert_eq!(nobody.feature("face.smile_ratio").not_assessed, Some(NotAssessed::NoFace));
    assert_eq!(nobody.value("face.presence_ratio"), 0.0);
    assert_eq!(nobody.value("integrity.no_face_ratio"), 1.0);
    assert_eq!(
        Scene::new(1.0, |_, _| {}).feature("head.stability").not_assessed,
        Some(NotAssessed::TooShort)
    );
    let dark = Scene::new(20.0, |_, face| face.quality.as_mut().unwrap().brightness = 0.01);
    assert_eq!(dark.feature("gaze.eye_contact_ratio").not_assessed, Some(NotAssessed::PoorQuality));
    assert_eq!(seen.feature("posture.upright_ratio").not_assessed, Some(NotAssessed::NoBody));
}

#[test]
fn eye_contact_is_calibrated_to_the_most_frequent_direction() {
    // Three quarters of the time at one direction far from the axis, a quarter 20 degrees beside it.
    let scene = Scene::new(40.0, |t_s, face| {
        let aside = if (10.0..20.0).contains(&t_s) { 20.0 } else { 0.0 };
        face.gaze = Some(Gaze { yaw_deg: 6.0 + aside, pitch_deg: 12.0 });
    });
    near(scene.value("gaze.eye_contact_ratio"), 0.75, 0.01);
    near(scene.value("gaze.aversion_rate"), 1.5, 0.01);
    near(scene.value("gaze.aversion_longest_s"), 10.0, 0.01);
    let evidence = scene.feature("gaze.aversion_rate").evidence;
    near(evidence[0].start_s, 10.0, 1.0e-6);
    near(evidence[0].end_s, 20.0, 1.0e-6);
    let codes: Vec<String> = scene.flags().into_iter().map(|flag| flag.code).collect();
    assert_eq!(codes, ["LOOKING_OFF_SCREEN", "STILL_FACE"]);
}

#[test]
fn smiles_are_counted_with_hysteresis() {
    let scene = Scene::new(30.0, |t_s, face| {
        let smiling = (5.0..8.0).contains(&t_s) || (20.0..23.0).contains(&t_s);
        let (lift, width) = if smiling { (0.08, 0.72) } else { (0.01, 0.53) };
        geometry(face).mouth_corner_lift = lift;
        geometry(face).mouth_width = width;
    });
    near(scene.value("face.smile_ratio"), 0.2, 0.01);
    near(scene.value("face.smile_rate"), 4.0, 0.01);
    assert_eq!(scene.feature("face.smile_rate").evidence.len(), 2);
    // A wide mouth without lifted corners is no smile.
    let wide = Scene::new(30.0, |_, face| geometry(face).mouth_width = 0.8);
    assert_eq!(wide.value("face.smile_ratio"), 0.0);
}

#[test]
fn blinks_are_short_closures_against_the_own_usual_opening() {
    let scene = Scene::new(60.0, |t_s, face| {
        let index = (t_s / STEP_S).round() as u32;
        let blinks = index % 20 == 7;
        let asleep = (100..110).contains(&index);
        geometry(face).eye_aspect_ratio = if blinks || asleep { 0.05 } else { 0.2 };
    });
    // 15 blinks, one of which lies in the two seconds of closed eyes.
    near(scene.value("face.blink_rate"), 14.0 * STEP_S / 0.15, 0.01);
    near(scene.value("face.eyes_closed_ratio"), (14.0 * 0.2 + 2.0) / 60.0, 1.0e-6);
}

#[test]
fn nods_and_shakes_are_told_apart_from_slow_turns() {
    let swing = |t_s: f64, from: f64| {
        if (from..from + 2.4).contains(&t_s) { ((t_s - from) / 0.2).round() } else { 0.0 }
    };
    let wave = |step: f64| if step as i64 % 4 < 2 { 0.0 } else { 10.0 };
    let nodding = Scene::new(20.0, |t_s, face| face.pitch_deg = -wave(swing(t_s, 5.0)));
    near(nodding.value("head.nod_rate"), 3.0, 0.01);
    assert_eq!(nodding.value("head.shake_rate"), 0.0);
    let shaking = Scene::new(20.0, |t_s, face| face.yaw_deg = wave(swing(t_s, 5.0)));
    near(shaking.value("head.shake_rate"), 3.0, 0.01);
    assert_eq!(shaking.value("head.nod_rate"), 0.0);
    let turning = Scene::new(20.0, |t_s, face| face.yaw_deg = 15.0 * (t_s / 3.0).sin());
    assert_eq!(turning.value("head.shake_rate"), 0.0);
    near(turning.value("head.stability"), 1.0, 0.01);
    assert!(shaking.value("head.stability") < 0.97);
}

fn shoulders(t_s: f64, tilt: f64, wrist: Option<f64>) -> BodyFrame {
    let point = |x: f64, y: f64| BodyPoint { x, y, visibility: 0.99 };
    let mut points = BTreeMap::from([
        ("left_shoulder".to_owned(), point(400.0, 400.0 + tilt)),
        ("right_shoulder".to_owned(), point(200.0, 400.0 - tilt)),
        ("left_ear".to_owned(), point(330.0, 220.0)),
        ("right_ear".to_owned(), point(270.0, 220.0)),
    ]);
    if let Some(x) = wrist {
        points.insert("left_wrist".to_owned(), point(x, 500.0));
    }
    BodyFrame { t_s, presence: 1.0, points }
}

#[test]
fn posture_and_gestures_come_from_the_points_of_the_body() {
    let mut scene = Scene::new(20.0, |_, _| {});
    scene.body = (0..20)
        .map(|second| {
            let tilt = if second < 15 { 0.0 } else { 40.0 };
            let wrist = 420.0 + if second == 8 { 120.0 } else { 0.0 };
            shoulders(f64::from(second), tilt, Some(wrist))
        })
        .collect();
    near(scene.value("posture.upright_ratio"), 0.75, 1.0e-6);
    near(scene.value("posture.shoulder_tilt"), 0.0, 1.0e-6);
    // Out and back again at second 8: one gesture of 0.6 shoulder widths in 19 s of looks.
    near(scene.value("gesture.rate"), 60.0 / 19.0, 0.01);
    near(scene.value("gesture.extent"), 0.6, 0.01);
    scene.body.iter_mut().for_each(|frame| {
        frame.points.remove("left_wrist");
    });
    assert_eq!(scene.feature("gesture.rate").not_assessed, Some(NotAssessed::NoBody));
    scene.body.iter_mut().skip(3).for_each(|frame| frame.points.clear());
    assert_eq!(scene.feature("posture.upright_ratio").not_assessed, Some(NotAssessed::NoBody));
}

#[test]
fn expressions_prevail_with_hysteresis_and_only_where_allowed() {
    let probabilities =
        |happy: f64| Some(BTreeMap::from([("happy".to_owned(), happy), ("neutral".to_owned(), 1.0 - happy)]));
    let mut scene = Scene::new(20.0, |_, _| {});
    for (index, faces) in scene.faces.iter_mut().enumerate() {
        // Neutral, then wavering about a half: no change of label, then happy.
        let happy = match index {
            0..40 => 0.1,
            40..60 => 0.45 + 0.1 * f64::from(u8::from(index % 2 == 0)),
            _ => 0.9,
        };
        faces[0].expression = probabilities(happy);
    }
    near(scene.value("expression.neutral_ratio"), 0.6, 1.0e-6);
    near(scene.value("expression.happy_ratio"), 0.4, 1.0e-6);
    assert_eq!(scene.value("expression.sad_ratio"), 0.0);
    assert!(scene.value("expression.steadiness") > 0.9);
    assert_eq!(
        Scene::new(20.0, |_, _| {}).feature("expression.sad_ratio").not_assessed,
        Some(NotAssessed::NoModel)
    );
}

#[test]
fn integrity_flags_are_spans_in_both_languages() {
    let mut scene =
        Scene::new(30.0, |t_s, face| geometry(face).eye_aspect_ratio = 0.25 + 0.05 * (t_s * 3.0).sin());
    scene.shape_distance = Some(0.05);
    for (index, faces) in scene.faces.iter_mut().enumerate() {
        match index {
            20..40 => faces.clear(),
            60..80 => faces.push(resting(2)),
            100..120 => *faces = vec![resting(2)],
            _ => {}
        }
    }
    let found = scene.flags();
    let spans: Vec<(&str, f64, f64)> =
        found.iter().map(|flag| (flag.code.as_str(), flag.spans[0].start_s, flag.spans[0].end_s)).collect();
    assert_eq!(
        spans,
        [("NO_FACE", 4.0, 8.0), ("MORE_THAN_ONE_FACE", 12.0, 16.0), ("OTHER_FACE", 20.0, 24.0)]
    );
    assert!(found.iter().all(|flag| !flag.message.en.is_empty() && !flag.message.zh.is_empty()));
    scene.shape_distance = Some(0.01);
    assert!(scene.flags().iter().all(|flag| flag.code != "OTHER_FACE"));
}

#[test]
fn a_photograph_and_a_frozen_picture_are_pointed_out() {
    let mut photo = Scene::new(20.0, |_, _| {});
    let codes = |scene: &Scene| scene.flags().into_iter().map(|flag| flag.code).collect::<BTreeSet<_>>();
    assert_eq!(codes(&photo), BTreeSet::from(["STILL_FACE".to_owned()]));
    photo.change = 0.0;
    assert!(codes(&photo).contains("FROZEN_PICTURE"));
    let alive = Scene::new(20.0, |t_s, face| {
        geometry(face).eye_aspect_ratio = if (t_s * 5.0).round() as u32 % 17 == 3 { 0.05 } else { 0.27 };
    });
    assert!(codes(&alive).is_empty());
}

#[test]
fn typed_answers_have_no_flags_and_no_picture_that_could_be_missing() {
    let scene = Scene::new(5.0, |_, _| {});
    let answer: Answer =
        serde_json::from_value(serde_json::json!({"kind": "text", "id": "a1", "text": "x"})).unwrap();
    let found = scene.with(&agreed("cn"), |context| flags(&AnswerContext { answer: &answer, ..*context }));
    assert!(found.is_empty());
    for policy in ["cn", "audio-text"] {
        let written = |context: &AnswerContext<'_>| measure(&AnswerContext { answer: &answer, ..*context });
        let features = scene.with(&agreed(policy), written);
        let reasons = features.iter().map(|feature| feature.not_assessed);
        assert!(reasons.clone().all(|reason| reason == Some(NotAssessed::NotApplicable)), "{policy}");
    }
}

proptest! {
    #[test]
    fn features_stay_within_their_range_whatever_the_numbers(
        raw in prop::collection::vec(
            (prop::num::f64::ANY, prop::num::f64::ANY, prop::num::f64::ANY, 0.0f64..1.0), 0..60
        )
    ) {
        let mut scene = Scene::new(raw.len() as f64 * STEP_S, |_, _| {});
        for (faces, &(a, b, c, d)) in scene.faces.iter_mut().zip(&raw) {
            faces[0].yaw_deg = a;
            faces[0].pitch_deg = b;
            faces[0].gaze = Some(Gaze { yaw_deg: b, pitch_deg: c });
            *geometry(&mut faces[0]) = FaceGeometry {
                eye_aspect_ratio: c, mouth_width: a, mouth_opening: b, mouth_corner_lift: d, brow_raise: a,
            };
        }
        for (feature, definition) in scene.features().iter().zip(DEFINITIONS) {
            if let Some(value) = feature.value {
                prop_assert!((definition.range.0..=definition.range.1).contains(&value), "{} {value}", feature.name);
            }
        }
        scene.flags();
    }
}
