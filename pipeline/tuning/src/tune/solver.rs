//! The convex problem: constrained least squares, solved by Clarabel (Goulart & Chen 2024).

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, SupportedConeT,
};

use super::Data;
use crate::TuningError;
use crate::statistics::count;

/// The limits of the weights, as shares of 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Today's weights.
    pub today: Vec<f64>,
    /// Smallest and largest weight.
    pub bounds: Vec<(f64, f64)>,
    /// What weighs more today never weighs less.
    pub keep_order: bool,
    /// Parity between groups.
    pub parity: Option<Parity>,
}

/// A limit of the differences between groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Parity {
    /// Largest difference of a group's mean score from the mean of all, in points.
    pub limit: f64,
    /// Per group: its mean of each competency, minus the mean of all.
    pub gaps: Vec<Vec<f64>>,
}

/// Means, covariances and the like: all that least squares needs of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Means of the competencies.
    pub mean_x: Vec<f64>,
    /// Mean outcome.
    pub mean_y: f64,
    /// Covariances of the competencies, row by row.
    pub xx: Vec<f64>,
    /// Covariances with the outcome.
    pub xy: Vec<f64>,
}

impl Moments {
    /// The moments of some rows.
    #[must_use]
    pub fn of(data: &Data, rows: &[usize]) -> Self {
        let width = data.competencies.len();
        let number = count(rows.len().max(1));
        let outcome = |row: usize| data.y.get(row).copied().unwrap_or(0.0);
        let mut mean_x = vec![0.0; width];
        let mut mean_y = 0.0;
        for &row in rows {
            mean_y += outcome(row) / number;
            for (mean, value) in mean_x.iter_mut().zip(data.row(row)) {
                *mean += value / number;
            }
        }
        let (mut xx, mut xy) = (vec![0.0; width * width], vec![0.0; width]);
        for &row in rows {
            let centred: Vec<f64> =
                data.row(row).iter().zip(&mean_x).map(|(value, mean)| value - mean).collect();
            let y = outcome(row) - mean_y;
            for (i, a) in centred.iter().enumerate() {
                if let Some(slot) = xy.get_mut(i) {
                    *slot += a * y / number;
                }
                for (j, b) in centred.iter().enumerate() {
                    if let Some(slot) = xx.get_mut(i * width + j) {
                        *slot += a * b / number;
                    }
                }
            }
        }
        Self { mean_x, mean_y, xx, xy }
    }
}

/// Weights (shares of 1) with which the outcome is predicted best within the limits; `None` when no weights are
/// better than the mean alone.
///
/// # Errors
/// [`TuningError::Internal`] when the solver fails.
pub fn solve(moments: &Moments, limits: &Limits) -> Result<Option<Vec<f64>>, TuningError> {
    let beta = slopes(moments, limits)?;
    let total: f64 = beta.iter().sum();
    // A slope that moves the outcome by less than a billionth of its covariance over 100 points is none.
    let scale = moments.xy.iter().map(|value| value.abs()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let spread = (0..beta.len())
        .filter_map(|index| moments.xx.get(index * beta.len() + index))
        .fold(0.0, |largest: f64, value| largest.max(*value));
    if total * spread <= 1e-6 * scale {
        return Ok(None);
    }
    Ok(Some(beta.iter().map(|slope| slope / total).collect()))
}

/// Slopes β = b × weights.
pub(super) fn slopes(moments: &Moments, limits: &Limits) -> Result<Vec<f64>, TuningError> {
    let width = moments.xy.len();
    // Scaled so that the solver sees numbers about 1, whatever the unit of the outcome.
    let spread = (0..width)
        .filter_map(|index| moments.xx.get(index * width + index))
        .fold(0.0, |largest: f64, value| largest.max(*value))
        .max(1e-12);
    let scale = moments.xy.iter().map(|value| value.abs()).fold(0.0, f64::max);
    if scale <= 1e-12 * spread {
        return Ok(vec![0.0; width]);
    }
    // A little ridge makes the answer unique when two competencies always agree.
    let ridge = 1e-7;
    let entry = |row: usize, column: usize| {
        let value = moments.xx.get(row * width + column).copied().unwrap_or(0.0) / spread;
        if row == column { value + ridge } else { value }
    };
    let objective = upper_triangle(width, entry);
    let linear: Vec<f64> = moments.xy.iter().map(|value| -value / scale).collect();
    let rows = constraints(limits, width);
    let matrix = sparse(&rows, width);
    let bounds = vec![0.0; rows.len()];
    let cones: [SupportedConeT<f64>; 1] = [NonnegativeConeT(rows.len())];
    let settings = DefaultSettingsBuilder::default()
        .verbose(false)
        .tol_gap_abs(1e-12)
        .tol_gap_rel(1e-12)
        .build()
        .map_err(|error| TuningError::Internal(format!("solver settings: {error}")))?;
    let mut solver = DefaultSolver::new(&objective, &linear, &matrix, &bounds, &cones, settings)
        .map_err(|error| TuningError::Internal(format!("solver: {error}")))?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => {
            Ok(solver.solution.x.iter().map(|slope| slope.max(0.0) * scale / spread).collect())
        }
        status => Err(TuningError::Internal(format!("the solver ended with {status:?}"))),
    }
}

/// Rows r with r·β ≤ 0.
fn constraints(limits: &Limits, width: usize) -> Vec<Vec<f64>> {
    let mut rows = Vec::new();
    let unit = |index: usize, value: f64, rest: f64| -> Vec<f64> {
        (0..width).map(|column| if column == index { value + rest } else { rest }).collect()
    };
    for (index, (low, high)) in limits.bounds.iter().enumerate() {
        // −β ≤ 0, β − high·Σβ ≤ 0, low·Σβ − β ≤ 0.
        rows.push(unit(index, -1.0, 0.0));
        if *high < 1.0 {
            rows.push(unit(index, 1.0, -high));
        }
        if *low > 0.0 {
            rows.push(unit(index, -1.0, *low));
        }
    }
    if limits.keep_order {
        for (i, a) in limits.today.iter().enumerate() {
            for (j, b) in limits.today.iter().enumerate() {
                if a > b {
                    let mut row = vec![0.0; width];
                    if let Some(slot) = row.get_mut(i) {
                        *slot = -1.0;
                    }
                    if let Some(slot) = row.get_mut(j) {
                        *slot = 1.0;
                    }
                    rows.push(row);
                }
            }
        }
    }
    if let Some(parity) = &limits.parity {
        for gaps in &parity.gaps {
            for sign in [1.0, -1.0] {
                // Points: scaled by 100 to stand beside shares.
                rows.push(gaps.iter().map(|gap| (sign * gap - parity.limit) / 100.0).collect());
            }
        }
    }
    rows
}

fn upper_triangle(width: usize, entry: impl Fn(usize, usize) -> f64) -> CscMatrix<f64> {
    let (mut pointers, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    for column in 0..width {
        for row in 0..=column {
            rows.push(row);
            values.push(entry(row, column));
        }
        pointers.push(rows.len());
    }
    CscMatrix::new(width, width, pointers, rows, values)
}

fn sparse(dense: &[Vec<f64>], width: usize) -> CscMatrix<f64> {
    let (mut pointers, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    for column in 0..width {
        for (row, line) in dense.iter().enumerate() {
            if let Some(value) = line.get(column).filter(|value| **value != 0.0) {
                rows.push(row);
                values.push(*value);
            }
        }
        pointers.push(rows.len());
    }
    CscMatrix::new(dense.len(), width, pointers, rows, values)
}
