//! What must hold on every machine, shown on a public-domain portrait (scikit-image's astronaut).

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use image::imageops;
use image::{Rgb, RgbImage};
use interview_models::expression;
use interview_pipeline::media::VideoFrame;
use interview_pipeline::media::frame::{ColourMatrix, PixelLayout, Rotation};
use interview_pipeline::perception::vision::crop::{Border, Picture, Region, Scale};
use interview_pipeline::perception::vision::{VisionAnalyzer, VisionConfig, VisionModels, VisionPerception};
use interview_schemas::perception::Face;

use crate::support::{everything_agreed, frame_of, look_at, models, picture, runtime, store};

/// The portrait, 512×512.
pub(crate) fn portrait() -> RgbImage {
    let store = store();
    let path = store
        .file("sample-portrait", "picture")
        .unwrap_or_else(|_| store.folder().join("sample-portrait-0.26.0/astronaut.png"));
    assert!(path.is_file(), "run `interview models pull` first");
    picture(&path)
}

/// The portrait shrunk to a third and pasted at the given places of a grey picture of 960×540.
fn scene(places: &[(i64, i64)]) -> RgbImage {
    let small = imageops::resize(&portrait(), 300, 300, imageops::FilterType::Triangle);
    let mut canvas = RgbImage::from_pixel(960, 540, Rgb([110, 110, 110]));
    for &(x, y) in places {
        imageops::replace(&mut canvas, &small, x, y);
    }
    canvas
}

fn watch(models: &mut VisionModels, pictures: &[RgbImage]) -> VisionPerception {
    let mut analyzer = VisionAnalyzer::new(models, &everything_agreed("cn"), VisionConfig::default());
    for (index, picture) in pictures.iter().enumerate() {
        analyzer.push(&frame_of(picture, index as f64 * 0.2)).unwrap();
    }
    analyzer.finish()
}

fn only_face(seen: &VisionPerception) -> &Face {
    assert_eq!(seen.faces.frames[0].faces.len(), 1, "one face");
    &seen.faces.frames[0].faces[0]
}

#[test]
fn the_portrait_has_one_smiling_face_with_open_eyes_and_shoulders_in_view() {
    let seen = look_at(&mut models(), &portrait());
    let face = only_face(&seen);
    assert!(face.score > 0.99);
    let centre = (face.bounds.x + face.bounds.width / 2.0, face.bounds.y + face.bounds.height / 2.0);
    assert!((centre.0 - 222.0).abs() < 12.0 && (centre.1 - 118.0).abs() < 15.0, "{centre:?}");
    assert!((face.bounds.width - 105.0).abs() < 20.0, "{}", face.bounds.width);
    let geometry = face.geometry.unwrap();
    assert!((0.15..0.45).contains(&geometry.eye_aspect_ratio), "{geometry:?}");
    assert!(face.gaze.is_some());
    let expression = face.expression.as_ref().unwrap();
    assert!(expression["happy"] > 0.9, "{expression:?}");
    assert!((expression.values().sum::<f64>() - 1.0).abs() < 1.0e-3);
    let body = &seen.body.as_ref().unwrap().frames[0];
    assert!(
        body.presence > 0.9
            && body.points.contains_key("left_shoulder")
            && body.points.contains_key("right_shoulder")
    );
    assert!(
        body.points["left_shoulder"].x > body.points["right_shoulder"].x,
        "left is the person's own left"
    );
    assert_eq!(seen.faces.candidate_track, Some(face.track));
    assert!(seen.faces.candidate_reason.as_ref().unwrap().contains("1 of 1 frames"));
}

#[test]
fn faces_are_counted_and_largest_comes_first() {
    let mut models = models();
    assert!(look_at(&mut models, &scene(&[])).faces.frames[0].faces.is_empty());
    let seen = look_at(&mut models, &scene(&[(60, 100), (560, 150)]));
    assert_eq!(seen.faces.frames[0].faces.len(), 2);
    let mut uneven = scene(&[(60, 100)]);
    imageops::replace(&mut uneven, &portrait(), 440, 14);
    let seen = look_at(&mut models, &uneven);
    let widths: Vec<f64> = seen.faces.frames[0].faces.iter().map(|face| face.bounds.width).collect();
    assert!(widths.len() == 2 && widths[0] > 1.4 * widths[1], "{widths:?}");
}

#[test]
fn a_track_survives_movement_a_cut_and_an_absence() {
    let mut models = models();
    let mut pictures: Vec<RgbImage> = (0..8).map(|step| scene(&[(40 + 12 * step, 120)])).collect();
    // A short absence at the same place, then a cut to another place.
    pictures.extend((0..4).map(|_| scene(&[])));
    pictures.extend((0..4).map(|_| scene(&[(130, 120)])));
    pictures.extend((0..4).map(|_| scene(&[(600, 180)])));
    let seen = watch(&mut models, &pictures);
    let counts: Vec<usize> = seen.faces.frames.iter().map(|frame| frame.faces.len()).collect();
    assert_eq!(counts, [vec![1; 8], vec![0; 4], vec![1; 8]].concat());
    assert!(seen.faces.frames.iter().flat_map(|frame| &frame.faces).all(|face| face.track == 1));
    assert_eq!(seen.faces.tracks.len(), 1);
    assert_eq!(seen.faces.tracks[0].frames, 16);
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    let pictures: Vec<RgbImage> = (0..6).map(|step| scene(&[(40 + 9 * step, 120), (600, 150)])).collect();
    let mut models = models();
    let first = watch(&mut models, &pictures);
    let second = watch(&mut models, &pictures);
    assert_eq!(serde_json::to_vec(&first.faces).unwrap(), serde_json::to_vec(&second.faces).unwrap());
    assert_eq!(first, second);
}

#[test]
fn without_permission_the_expression_network_is_never_in_the_process() {
    let store = store();
    let runtime = runtime(&store);
    for policy in ["eu", "cn"] {
        let consent =
            if policy == "eu" { everything_agreed("eu").consent } else { std::collections::BTreeSet::new() };
        let policy = interview_pipeline::policy::resolve(
            &interview_pipeline::policy::shipped(policy).unwrap(),
            &consent,
        )
        .unwrap();
        let mut models = VisionModels::load(&runtime, &store, &policy).unwrap();
        assert!(
            !models.has_expression() && models.uses().iter().all(|model| model.name != expression::MODEL)
        );
        let mut analyzer = VisionAnalyzer::new(&mut models, &policy, VisionConfig::default());
        analyzer.push(&frame_of(&portrait(), 0.0)).unwrap();
        let seen = analyzer.finish();
        assert!(only_face(&seen).expression.is_none());
    }
    assert!(!runtime.loaded().iter().any(|model| model == expression::MODEL), "{:?}", runtime.loaded());
    let agreed = everything_agreed("cn");
    let mut models = VisionModels::load(&runtime, &store, &agreed).unwrap();
    assert!(runtime.loaded().iter().any(|model| model == expression::MODEL));
    // Loaded for one job, but not allowed for the next.
    let mut analyzer = VisionAnalyzer::new(&mut models, &everything_agreed("eu"), VisionConfig::default());
    analyzer.push(&frame_of(&portrait(), 0.0)).unwrap();
    assert!(only_face(&analyzer.finish()).expression.is_none());
}

/// The portrait in the planes of a decoder, stored turned so that `rotation` brings it upright.
fn decoded(pixel: Pixel, layout: PixelLayout, full_range: bool, rotation: Rotation) -> VideoFrame {
    let upright = imageops::crop_imm(&portrait(), 0, 0, 512, 480).to_image();
    let stored = match rotation {
        Rotation::None => upright,
        Rotation::Clockwise90 => imageops::rotate270(&upright),
        Rotation::Half => imageops::rotate180(&upright),
        Rotation::Clockwise270 => imageops::rotate90(&upright),
    };
    let (width, height) = stored.dimensions();
    let mut frame = Video::new(pixel, width, height);
    let (black, gain, chroma) =
        if full_range { (0.0, 1.0, 1.0) } else { (16.0, 219.0 / 255.0, 224.0 / 255.0) };
    let yuv = |x: u32, y: u32| {
        let [r, g, b] = stored.get_pixel(x.min(width - 1), y.min(height - 1)).0.map(f64::from);
        let luma = 0.299 * r + 0.587 * g + 0.114 * b;
        let values =
            [luma * gain + black, (b - luma) / 1.772 * chroma + 128.0, (r - luma) / 1.402 * chroma + 128.0];
        values.map(|value| value.round() as u8)
    };
    let shift = match layout {
        PixelLayout::Yuv420 | PixelLayout::Nv12 => (1, 1),
        PixelLayout::Yuv422 => (1, 0),
        _ => (0, 0),
    };
    for index in 0..frame.planes() {
        let stride = frame.stride(index);
        let (shift_x, shift_y) = if index == 0 { (0, 0) } else { shift };
        let data = frame.data_mut(index);
        for y in 0..height.div_ceil(1 << shift_y) {
            for x in 0..width.div_ceil(1 << shift_x) {
                let values = yuv(x << shift_x, y << shift_y);
                let at = y as usize * stride;
                if layout == PixelLayout::Nv12 && index == 1 {
                    data[at + 2 * x as usize..at + 2 * x as usize + 2].copy_from_slice(&values[1..]);
                } else {
                    data[at + x as usize] = values[index];
                }
            }
        }
    }
    VideoFrame::from_decoder(frame, 0.0, rotation, layout, ColourMatrix::Bt601, full_range)
}

#[test]
fn crops_from_every_layout_and_rotation_are_those_of_the_upright_rgb_picture() {
    let upright = frame_of(&imageops::crop_imm(&portrait(), 0, 0, 512, 480).to_image(), 0.0);
    let region = Region { centre_x: 222.0, centre_y: 90.0, side: 220.0, rotation: 0.2 };
    let crop = |frame: &VideoFrame, border: Border| {
        let mut crop = Vec::new();
        Picture::new(frame).unwrap().crop(&region, 192, border, Scale::BYTE, &mut crop);
        crop
    };
    let formats = [
        (Pixel::YUV444P, PixelLayout::Yuv444, 0.8),
        (Pixel::YUV422P, PixelLayout::Yuv422, 3.0),
        (Pixel::YUV420P, PixelLayout::Yuv420, 4.0),
        (Pixel::NV12, PixelLayout::Nv12, 4.0),
    ];
    for border in [Border::Edge, Border::Black, Border::BlackOutside([180, 0, 300, 160])] {
        let expected = crop(&upright, border);
        for (pixel, layout, tolerance) in formats {
            for rotation in [Rotation::None, Rotation::Clockwise90, Rotation::Half, Rotation::Clockwise270] {
                for full_range in [false, true] {
                    let found = crop(&decoded(pixel, layout, full_range, rotation), border);
                    let mean = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).sum::<f32>()
                        / expected.len() as f32;
                    assert!(mean < tolerance, "{layout:?} {rotation:?} {border:?} full {full_range}: {mean}");
                }
            }
        }
    }
}

#[test]
fn a_turned_recording_gives_the_face_of_the_upright_one() {
    let mut models = models();
    let mut watch = |frame: &VideoFrame| {
        let mut analyzer =
            VisionAnalyzer::new(&mut models, &everything_agreed("cn"), VisionConfig::default());
        analyzer.push(frame).unwrap();
        only_face(&analyzer.finish()).clone()
    };
    let upright = watch(&decoded(Pixel::YUV420P, PixelLayout::Yuv420, false, Rotation::None));
    for rotation in [Rotation::Clockwise90, Rotation::Half, Rotation::Clockwise270] {
        let turned = watch(&decoded(Pixel::YUV420P, PixelLayout::Yuv420, false, rotation));
        assert!((turned.bounds.x - upright.bounds.x).abs() < 2.0, "{rotation:?}");
        assert!((turned.bounds.y - upright.bounds.y).abs() < 2.0, "{rotation:?}");
        assert!((turned.yaw_deg - upright.yaw_deg).abs() < 2.0, "{rotation:?}");
    }
}
