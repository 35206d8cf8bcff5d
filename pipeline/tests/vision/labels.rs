//! Labelled pictures and recordings: how many faces, where, and which expression.

use interview_pipeline::perception::vision::VisionPerception;

use crate::support::{look_at, media, models, picture, watch};

/// Share of the frames in which as many faces were seen as expected at that time.
fn right_share(seen: &VisionPerception, expected: impl Fn(f64) -> usize) -> f64 {
    let frames = &seen.faces.frames;
    let right = frames.iter().filter(|frame| frame.faces.len() == expected(frame.t_s)).count();
    right as f64 / frames.len() as f64
}

#[test]
fn recordings_with_one_or_two_faces() {
    let mut models = models();
    let recordings = [
        ("talk_grid_lbax4n.mpg", 1),
        ("talk_grid_lrwp9a.mpg", 1),
        ("talk_grid_sbia1a.mpg", 1),
        ("talk_latentsync_1.mp4", 1),
        ("talk_latentsync_2.mp4", 1),
        ("talk_latentsync_3.mp4", 1),
        ("face_video_liveportrait_d9.mp4", 1),
        ("expr_video_sad_to_happy.mp4", 1),
        ("face_single_happy.mp4", 1),
        ("two_faces_headpose.gif", 2),
    ];
    for (name, faces) in recordings {
        let Some(path) = media(name) else { return };
        let seen = watch(&mut models, &path);
        let share = right_share(&seen, |_| faces);
        assert!(share >= 0.99, "{name}: {share}");
        assert_eq!(seen.faces.tracks.len(), faces, "{name}: {:?}", seen.faces.tracks);
    }
}

#[test]
fn recordings_without_a_face() {
    let mut models = models();
    let names =
        ["edge_white_10s_noaudio.mp4", "edge_no_face_no_audio_40s.mp4", "edge_mediarecorder_chrome52.webm"];
    for name in names {
        let Some(path) = media(name) else { return };
        let share = right_share(&watch(&mut models, &path), |_| 0);
        assert!(share >= 0.99, "{name}: {share}");
    }
}

#[test]
fn a_face_that_leaves_is_seen_to_the_end_and_not_after() {
    let Some(path) = media("face_then_noface.mov") else { return };
    let seen = watch(&mut models(), &path);
    let last = seen.faces.tracks.iter().map(|track| track.last_s).fold(0.0, f64::max);
    println!("face until {last} s, tracks {:?}", seen.faces.tracks);
    let share = right_share(&seen, |t_s| usize::from(t_s <= last));
    assert!(share >= 0.99 && (2.2..2.7).contains(&last), "{share} until {last} s");
}

#[test]
fn pictures_have_as_many_faces_as_labelled() {
    let labels = [
        ("face_angry.jpg", 1),
        ("face_disgusted.jpg", 1),
        ("face_fearful.jpg", 1),
        ("face_happy.jpg", 1),
        ("face_neutral.jpg", 1),
        ("face_sad.jpg", 1),
        ("face_surprised.jpg", 1),
        ("face_happy_justin.jpg", 1),
        ("face_happy_single.jpg", 1),
        ("face_five_people.jpg", 5),
        ("face_none_mountain.jpg", 0),
    ];
    let mut models = models();
    let mut right = 0;
    for (name, faces) in labels {
        let Some(path) = media(name) else { return };
        let found = look_at(&mut models, &picture(&path)).faces.frames[0].faces.len();
        println!("{name}: {found} faces, labelled {faces}");
        right += usize::from(found == faces);
    }
    assert!(right >= 11, "{right} of {}", labels.len());
}

#[test]
fn pictures_show_the_labelled_expression() {
    let labels = [
        ("face_angry.jpg", "angry"),
        ("face_disgusted.jpg", "disgusted"),
        ("face_fearful.jpg", "fearful"),
        ("face_happy.jpg", "happy"),
        ("face_neutral.jpg", "neutral"),
        ("face_sad.jpg", "sad"),
        ("face_surprised.jpg", "surprised"),
        ("face_happy_justin.jpg", "happy"),
        ("face_happy_single.jpg", "happy"),
    ];
    let mut models = models();
    for (name, label) in labels {
        let Some(path) = media(name) else { return };
        let seen = look_at(&mut models, &picture(&path));
        let expression = seen.faces.frames[0].faces[0].expression.clone().unwrap();
        let best = expression.iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        println!("{name}: {best:?}, labelled {label}");
        assert_eq!(best.0, label, "{name}: {expression:?}");
    }
}
