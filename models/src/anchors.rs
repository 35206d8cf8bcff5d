//! Anchor-based detectors (SSD): anchors, decoding of boxes with keypoints, weighted non-maximum suppression.
//!
//! Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019).

/// Boxes that overlap more than this (intersection over union) are taken for the same object.
pub const NMS_OVERLAP: f32 = 0.3;

/// A found object with `K` keypoints. All coordinates are shares of the square that was searched: (0, 0) is
/// its top left, (1, 1) its bottom right; objects that are cut by its edge reach beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection<const K: usize> {
    /// Confidence, 0–1.
    pub score: f32,
    /// Left, top, right and bottom edge.
    pub edges: [f32; 4],
    /// Keypoints as x, y.
    pub keypoints: [[f32; 2]; K],
}

impl<const K: usize> Detection<K> {
    fn is_finite(&self) -> bool {
        self.score.is_finite()
            && self.edges.iter().all(|value| value.is_finite())
            && self.keypoints.iter().flatten().all(|value| value.is_finite())
    }
}

/// Anchor centres for grids of `(cells per side, anchors per cell)`: grid after grid, row by row, the anchors of a
/// cell side by side.
#[must_use]
pub fn anchors(grids: &[(usize, usize)]) -> Vec<[f32; 2]> {
    let mut centres = Vec::with_capacity(grids.iter().map(|(cells, each)| cells * cells * each).sum());
    for &(cells, each) in grids {
        for row in 0..cells {
            for column in 0..cells {
                let centre = [(column as f32 + 0.5) / cells as f32, (row as f32 + 0.5) / cells as f32];
                centres.extend(std::iter::repeat_n(centre, each));
            }
        }
    }
    centres
}

/// The logistic function.
#[must_use]
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit.clamp(-80.0, 80.0)).exp())
}

/// Turns regressors (`4 + 2K` per anchor, in input pixels) and logits (one per anchor) into detections with a
/// score of at least `threshold`. Values that are not finite are dropped.
#[must_use]
pub fn decode<const K: usize>(
    regressors: &[f32],
    logits: &[f32],
    anchors: &[[f32; 2]],
    input_size: usize,
    threshold: f32,
) -> Vec<Detection<K>> {
    let size = input_size as f32;
    regressors
        .chunks_exact(4 + 2 * K)
        .zip(logits)
        .zip(anchors)
        .filter_map(|((values, &logit), anchor)| {
            let score = sigmoid(logit);
            // A score that is not a number is no detection either.
            if score < threshold || score.is_nan() {
                return None;
            }
            let centre = [values[0] / size + anchor[0], values[1] / size + anchor[1]];
            let half = [values[2] / size / 2.0, values[3] / size / 2.0];
            let found = Detection {
                score,
                edges: [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]],
                keypoints: std::array::from_fn(|k| {
                    [values[4 + 2 * k] / size + anchor[0], values[5 + 2 * k] / size + anchor[1]]
                }),
            };
            found.is_finite().then_some(found)
        })
        .collect()
}

/// Intersection over union of two boxes given as left, top, right, bottom; 0 when both are empty.
#[must_use]
pub fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let area = |edges: &[f32; 4]| (edges[2] - edges[0]).max(0.0) * (edges[3] - edges[1]).max(0.0);
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let shared = width * height;
    let union = area(a) + area(b) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

/// Weighted non-maximum suppression: the best box takes all that overlap it by more than [`NMS_OVERLAP`]; the
/// result is their score-weighted mean with the best score. Best first.
#[must_use]
pub fn weighted_nms<const K: usize>(mut boxes: Vec<Detection<K>>) -> Vec<Detection<K>> {
    boxes.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = Vec::new();
    while let Some(&best) = boxes.first() {
        let mut total = 0.0;
        let mut edges = [0.0; 4];
        let mut keypoints = [[0.0; 2]; K];
        let mut first = true;
        boxes.retain(|other| {
            let joins = std::mem::take(&mut first) || overlap(&best.edges, &other.edges) > NMS_OVERLAP;
            if joins {
                total += other.score;
                for (sum, value) in edges.iter_mut().zip(other.edges) {
                    *sum += value * other.score;
                }
                for (sum, value) in keypoints.iter_mut().flatten().zip(other.keypoints.iter().flatten()) {
                    *sum += value * other.score;
                }
            }
            !joins
        });
        if total > 0.0 {
            edges.iter_mut().chain(keypoints.iter_mut().flatten()).for_each(|sum| *sum /= total);
            kept.push(Detection { score: best.score, edges, keypoints });
        } else {
            kept.push(best);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(score: f32, x: f32, y: f32, side: f32) -> Detection<0> {
        Detection { score, edges: [x, y, x + side, y + side], keypoints: [] }
    }

    #[test]
    fn anchors_stand_as_the_models_were_trained() {
        let short = anchors(&[(16, 2), (8, 6)]);
        assert_eq!(short.len(), 896);
        assert_eq!(short[722], [0.4375, 0.5625]);
        assert_eq!(anchors(&[(48, 1)]).len(), 2304);
        assert_eq!(anchors(&[(28, 2), (14, 2), (7, 6)]).len(), 2254);
    }

    #[test]
    fn overlapping_boxes_become_their_weighted_mean_and_others_stay() {
        let merged =
            weighted_nms(vec![at(0.5, 0.1, 0.0, 1.0), at(0.9, 0.0, 0.0, 1.0), at(0.7, 5.0, 5.0, 1.0)]);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].score, 0.9);
        assert!((merged[0].edges[0] - 0.1 * 0.5 / 1.4).abs() < 1e-6);
        assert_eq!(merged[1].edges, at(0.7, 5.0, 5.0, 1.0).edges);
    }

    #[test]
    fn hostile_numbers_are_dropped_or_kept_apart() {
        let decoded: Vec<Detection<0>> = decode(
            &[f32::NAN, 0.0, 1.0, 1.0, 0.0, 0.0, f32::INFINITY, 1.0],
            &[5.0, f32::NAN],
            &[[0.5; 2]; 2],
            128,
            0.5,
        );
        assert!(decoded.is_empty());
        assert_eq!(weighted_nms(vec![at(0.9, 0.0, 0.0, 0.0), at(0.8, 0.0, 0.0, 0.0)]).len(), 2);
    }

    proptest! {
        #[test]
        fn suppression_never_adds_boxes_and_leaves_no_two_best_ones_together(
            raw in prop::collection::vec((0.01f32..1.0, -1.0f32..2.0, -1.0f32..2.0, 0.0f32..1.0), 0..40)
        ) {
            let boxes: Vec<_> = raw.iter().map(|&(score, x, y, side)| at(score, x, y, side)).collect();
            let best = boxes.iter().map(|found| found.score).fold(0.0, f32::max);
            let kept = weighted_nms(boxes.clone());
            prop_assert!(kept.len() <= boxes.len());
            prop_assert_eq!(kept.is_empty(), boxes.is_empty());
            if let Some(first) = kept.first() {
                prop_assert_eq!(first.score, best);
            }
            prop_assert!(kept.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}
