//! Head pose: the rotation that brings a canonical face onto the mesh (least squares; Kabsch 1976, Umeyama 1991).

use nalgebra::{Matrix3, Vector3};

use super::canonical_face::{CANONICAL, CanonicalPoint};
use super::mesh::Mesh;

/// How a head is turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadPose {
    /// From the canonical face to the picture; x to the right, y up, z towards the camera.
    pub rotation: Matrix3<f64>,
    /// Pixels per unit of the canonical face.
    pub scale: f64,
    /// Root mean square distance of the points after the fit, in units of the canonical face (the distance of the
    /// outer eye corners).
    pub residual: f64,
    /// Where the origin of the canonical face lies: pixels right, up and towards the camera.
    pub origin: Vector3<f64>,
}

impl HeadPose {
    /// Fits the canonical face to a mesh; `None` when the mesh has no extent.
    #[must_use]
    pub fn fit(mesh: &Mesh) -> Option<Self> {
        Self::fit_points(CANONICAL.iter().map(|point| (point, upright(mesh.points[point.index]))))
    }

    /// Fits the canonical face to points given right, up and towards the camera.
    #[must_use]
    pub fn fit_points<'a>(
        pairs: impl Iterator<Item = (&'a CanonicalPoint, Vector3<f64>)> + Clone,
    ) -> Option<Self> {
        let (mut count, mut seen_mean, mut known_mean) = (0.0, Vector3::zeros(), Vector3::zeros());
        for (known, seen) in pairs.clone() {
            count += 1.0;
            seen_mean += seen;
            known_mean += Vector3::from(known.position);
        }
        seen_mean /= count;
        known_mean /= count;
        let (mut covariance, mut known_spread, mut seen_spread) = (Matrix3::zeros(), 0.0, 0.0);
        for (known, seen) in pairs.clone() {
            let known = Vector3::from(known.position) - known_mean;
            let seen = seen - seen_mean;
            covariance += seen * known.transpose();
            known_spread += known.norm_squared();
            seen_spread += seen.norm_squared();
        }
        let decomposed = covariance.try_svd(true, true, 1.0e-12, 200)?;
        let (u, v_t) = (decomposed.u?, decomposed.v_t?);
        let mut sign = Matrix3::identity();
        sign[(2, 2)] = (u.determinant() * v_t.determinant()).signum();
        let rotation = u * sign * v_t;
        let stretch = (Matrix3::from_diagonal(&decomposed.singular_values) * sign).trace();
        let scale = stretch / known_spread;
        let finite = scale.is_finite() && rotation.iter().all(|value| value.is_finite());
        if !finite || scale <= 1.0e-6 {
            return None;
        }
        let left = (seen_spread - stretch * stretch / known_spread).max(0.0);
        Some(Self {
            rotation,
            scale,
            residual: (left / count).sqrt() / scale,
            origin: seen_mean - rotation * known_mean * scale,
        })
    }

    /// A point of the picture (x right, y down, depth away from the camera) in units of the canonical face.
    #[must_use]
    pub fn to_canonical(&self, point: [f32; 3]) -> Vector3<f64> {
        self.rotation.transpose() * (upright(point) - self.origin) / self.scale
    }

    /// Turn to the side in degrees, positive towards the right edge of the picture. The angles belong to
    /// roll ∘ yaw ∘ pitch, so that tilting the picture changes the roll alone.
    #[must_use]
    pub fn yaw_deg(&self) -> f64 {
        (-self.rotation[(2, 0)]).clamp(-1.0, 1.0).asin().to_degrees()
    }

    /// Nod in degrees, positive upwards.
    #[must_use]
    pub fn pitch_deg(&self) -> f64 {
        -self.rotation[(2, 1)].atan2(self.rotation[(2, 2)]).to_degrees()
    }

    /// Tilt in degrees, positive clockwise in the picture.
    #[must_use]
    pub fn roll_deg(&self) -> f64 {
        -self.rotation[(1, 0)].atan2(self.rotation[(0, 0)]).to_degrees()
    }
}

/// A point of the picture (x right, y down, depth away from the camera) as right, up, towards the camera.
#[must_use]
pub fn upright([x, y, depth]: [f32; 3]) -> Vector3<f64> {
    Vector3::new(f64::from(x), -f64::from(y), -f64::from(depth))
}
