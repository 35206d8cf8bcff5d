//! Statistics against numbers of SciPy and of published examples.

use proptest::prelude::*;

use super::*;

fn close(a: Option<f64>, b: f64) {
    let a = a.unwrap();
    assert!((a - b).abs() < 1e-9, "{a} {b}");
}

#[test]
fn rank_correlations_with_ties_agree_with_scipy() {
    // scipy.stats.kendalltau, spearmanr, pearsonr of these.
    let x = [12.0, 2.0, 1.0, 12.0, 2.0];
    let y = [1.0, 4.0, 7.0, 1.0, 0.0];
    close(kendall_tau_b(&x, &y), -0.471_404_520_791_031_7);
    close(spearman(&x, &y), -0.540_738_070_435_875_2);
    close(pearson(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 4.0, 3.0, 5.0]), 0.8);
    assert_eq!(kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]), None);
    assert_eq!(spearman(&[], &[]), None);
}

#[test]
fn quantiles_agree_with_numpy() {
    let values = [1.0, 2.0, 4.0, 8.0];
    assert_eq!(quantile(&values, 0.5), Some(3.0));
    close(quantile(&values, 0.9), 6.8);
    assert_eq!(quantile(&values, 0.0), Some(1.0));
    assert_eq!(quantile(&values, 1.0), Some(8.0));
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn benjamini_and_hochberg_agree_with_scipy() {
    // scipy.stats.false_discovery_control.
    let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.2]);
    for (a, b) in adjusted.iter().zip([0.04, 0.053_333_333_333, 0.053_333_333_333, 0.2]) {
        assert!((a - b).abs() < 1e-9, "{adjusted:?}");
    }
}

#[test]
fn welch_agrees_with_scipy() {
    // scipy.stats.ttest_ind(a, b, equal_var=False).
    let a = [14.0, 15.0, 15.0, 16.0, 13.0, 8.0, 14.0];
    let b = [17.0, 16.0, 14.0, 15.0, 17.0, 19.0, 20.0, 18.0];
    let p = welch_p(&a, &b).unwrap();
    assert!((p - 0.016_908_273_864_328_78).abs() < 1e-9, "{p}");
    assert_eq!(welch_p(&[1.0], &[2.0, 3.0]), None);
}

#[test]
fn hedges_g_has_its_sign_and_interval() {
    let a: Vec<f64> = (0..50).map(|n| f64::from(n % 10) + 3.0).collect();
    let b: Vec<f64> = (0..50).map(|n| f64::from(n % 10)).collect();
    let g = hedges_g(&a, &b).unwrap();
    // 3 / 2.9014 (the standard deviation of both) × (1 − 3/(4·100 − 9)).
    assert!((g.value - 3.0 / 2.901_442_286_9 * (1.0 - 3.0 / 391.0)).abs() < 1e-6, "{g:?}");
    assert!(g.low < g.value && g.value < g.high && g.low > 0.0);
    assert_eq!(hedges_g(&[1.0, 1.0], &[1.0, 1.0]), None);
}

#[test]
fn bootstrap_covers_the_mean() {
    let values: Vec<f64> = (0..400).map(|n| f64::from(n % 20)).collect();
    let statistic =
        |rows: &[usize]| Some(rows.iter().filter_map(|row| values.get(*row)).sum::<f64>() / 400.0);
    let (low, high) = bootstrap(400, 2000, 7, statistic).unwrap();
    // Standard error 5.77 / 20 = 0.288.
    assert!(
        (low - (9.5 - 1.96 * 0.288)).abs() < 0.08 && (high - (9.5 + 1.96 * 0.288)).abs() < 0.08,
        "{low} {high}"
    );
    assert_eq!(bootstrap(0, 10, 1, |_| Some(1.0)), None);
    assert_eq!(bootstrap(10, 10, 1, |_| None), None);
}

/// Tau-b by its definition, pair by pair.
fn slow_tau(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mut score, mut in_x, mut in_y) = (0.0, 0.0, 0.0);
    for i in 0..x.len() {
        for j in 0..i {
            let sign = |a: f64, b: f64| f64::from(i8::from(a > b) - i8::from(a < b));
            let (a, b) = (sign(x[i], x[j]), sign(y[i], y[j]));
            score += a * b;
            in_x += a * a;
            in_y += b * b;
        }
    }
    let tau: f64 = score / f64::sqrt(in_x * in_y);
    tau.is_finite().then_some(tau)
}

proptest! {
    #[test]
    fn fast_tau_is_slow_tau(pairs in prop::collection::vec((0..8i32, 0..8i32), 0..60)) {
        let x: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
        let y: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
        match (kendall_tau_b(&x, &y), slow_tau(&x, &y)) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12),
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}
