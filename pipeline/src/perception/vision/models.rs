//! The networks of the picture: loaded once, used for every recording, each half owned by one thread.

use interview_models::anchors::{NMS_OVERLAP, overlap};
use interview_models::expression::ExpressionNet;
use interview_models::face_detector::{FaceDetection, FaceDetector, FaceRange};
use interview_models::face_mesh::{self, FaceMesh};
use interview_models::pose::{PoseDetector, PoseLandmarks};
use interview_models::{ModelError, ModelStore, Runtime};
use interview_schemas::features::ModelUse;
use interview_schemas::policy::ResolvedPolicy;

use super::crop::{Border, Picture, Region, Scale};
use super::mesh::{Mesh, in_picture};
use super::quality::face_quality;
use crate::media::VideoFrame;

/// The mesh must be at least so sure that it sees a face.
pub const PRESENCE_FLOOR: f32 = 0.5;

/// The networks that look at the picture.
pub struct VisionModels {
    pub(super) faces: FaceModels,
    pub(super) readers: ReaderModels,
    uses: Vec<ModelUse>,
}

/// The networks that find and follow faces.
pub struct FaceModels {
    full: FaceDetector,
    short: FaceDetector,
    mesh: FaceMesh,
    /// Input of the networks, used again and again.
    input: Vec<f32>,
}

/// The networks that read what was found.
pub struct ReaderModels {
    /// Only there where policy and consent allow it.
    pub(super) expression: Option<ExpressionNet>,
    pub(super) pose_detector: PoseDetector,
    pub(super) pose_landmarks: PoseLandmarks,
    /// Input of the networks, used again and again.
    pub(super) input: Vec<f32>,
}

impl VisionModels {
    /// Loads the networks that the policy allows. Without permission to read expressions, that network is not
    /// loaded: [`Runtime::loaded`] proves it.
    ///
    /// # Errors
    /// [`ModelError`] when a file is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore, policy: &ResolvedPolicy) -> Result<Self, ModelError> {
        let mut names = vec![
            FaceRange::Full.model(),
            FaceRange::Short.model(),
            face_mesh::MODEL,
            interview_models::pose::DETECTOR,
            interview_models::pose::LANDMARKS,
        ];
        let expression = if policy.picture && policy.expression {
            names.push(interview_models::expression::MODEL);
            Some(ExpressionNet::load(runtime, store)?)
        } else {
            None
        };
        Ok(Self {
            faces: FaceModels {
                full: FaceDetector::load(runtime, store, FaceRange::Full)?,
                short: FaceDetector::load(runtime, store, FaceRange::Short)?,
                mesh: FaceMesh::load(runtime, store)?,
                input: Vec::new(),
            },
            readers: ReaderModels {
                expression,
                pose_detector: PoseDetector::load(runtime, store)?,
                pose_landmarks: PoseLandmarks::load(runtime, store)?,
                input: Vec::new(),
            },
            uses: names.into_iter().map(|name| store.model_use(name)).collect::<Result<_, _>>()?,
        })
    }

    /// Name, version and checksum of the loaded networks.
    #[must_use]
    pub fn uses(&self) -> &[ModelUse] {
        &self.uses
    }

    /// Whether the network that reads expressions is loaded.
    #[must_use]
    pub fn has_expression(&self) -> bool {
        self.readers.expression.is_some()
    }

    /// The networks that find and follow faces.
    pub fn faces(&mut self) -> &mut FaceModels {
        &mut self.faces
    }
}

impl FaceModels {
    /// Boxes of faces in pixels, best first: those of the full-range detector, then those of the short-range one
    /// that overlap none of them.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn detect(
        &mut self,
        frame: &VideoFrame,
        picture: &Picture<'_>,
    ) -> Result<Vec<FaceDetection>, ModelError> {
        let square = Region::whole(frame);
        let mut found: Vec<FaceDetection> = Vec::new();
        for detector in [&mut self.full, &mut self.short] {
            let size = detector.range().input_size();
            picture.crop(&square, size, Border::Black, Scale::SIGNED, &mut self.input);
            let boxes: Vec<_> =
                detector.detect(&self.input)?.iter().map(|found| in_picture(found, &square)).collect();
            for candidate in boxes {
                let known = found.iter().any(|other| overlap(&other.edges, &candidate.edges) >= NMS_OVERLAP);
                if detector.range() == FaceRange::Full || !known {
                    found.push(candidate);
                }
            }
        }
        Ok(found)
    }

    /// The mesh of the face in a region, or `None` where there is no face.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn mesh(&mut self, picture: &Picture<'_>, region: &Region) -> Result<Option<Mesh>, ModelError> {
        if !region.is_usable() {
            return Ok(None);
        }
        picture.crop(region, face_mesh::INPUT_SIZE, Border::Edge, Scale::UNIT, &mut self.input);
        let crop = self.mesh.run(&self.input)?;
        if crop.presence <= PRESENCE_FLOOR {
            return Ok(None);
        }
        let mut mesh = Mesh::from_crop(&crop, region);
        let outside = picture.outside_ratio(&mesh.points[..face_mesh::SKIN_POINTS]);
        mesh.quality = Some(face_quality(&self.input, &crop.points, outside));
        Ok(Some(mesh))
    }
}
