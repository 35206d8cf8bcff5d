//! Choosing from the logits of a recogniser.

/// The index of the greatest logit and the natural logarithm of its softmax; the first among equals.
pub(crate) fn most_probable(logits: &[f32]) -> Option<(usize, f64)> {
    /// Smaller shares than e^-20 of the best do not change a probability in its first six digits.
    const NEGLIGIBLE: f32 = 20.0;
    // In lanes side by side, which vector instructions can do; a NaN is never the greatest.
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = logits.chunks_exact(16);
    let rest = chunks.remainder().iter();
    for chunk in chunks {
        for (lane, &logit) in lanes.iter_mut().zip(chunk) {
            *lane = if logit > *lane { logit } else { *lane };
        }
    }
    let greatest = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |greatest, &logit| greatest.max(logit));
    if !greatest.is_finite() {
        return None;
    }
    let index = logits.iter().position(|&logit| logit == greatest)?;
    // Most blocks hold nothing that counts: their greatest is far below.
    let floor = greatest - NEGLIGIBLE;
    let mut sum = 0.0;
    for block in logits.chunks(64) {
        if block.iter().fold(false, |any, &logit| any | (logit > floor)) {
            let counted = block.iter().filter(|&&logit| logit > floor);
            sum += counted.map(|&logit| f64::from((logit - greatest).exp())).sum::<f64>();
        }
    }
    Some((index, -sum.ln()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_chosen_from_what_is_no_number() {
        assert_eq!(most_probable(&[]), None);
        assert_eq!(most_probable(&[f32::NAN; 40]), None);
        assert_eq!(most_probable(&[1.0, f32::NAN, 3.0]).map(|(index, _)| index), Some(2));
    }

    proptest! {
        #[test]
        fn it_is_the_greatest_with_its_softmax(logits in prop::collection::vec(-30f32..30.0, 1..200)) {
            let (index, log_probability) = most_probable(&logits).unwrap();
            prop_assert!(logits.iter().all(|&logit| logit <= logits[index]));
            let sum: f64 = logits.iter().map(|&logit| f64::from(logit - logits[index]).exp()).sum();
            prop_assert!((log_probability + sum.ln()).abs() < 1e-5);
        }
    }
}
