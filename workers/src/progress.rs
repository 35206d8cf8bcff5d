//! Progress bars per stage on a terminal; silence when the output is piped.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use interview_pipeline::analysis::{Progress, Stage};

/// Shows one bar per stage while it runs.
pub(crate) struct Bars {
    multi: MultiProgress,
    bars: Mutex<BTreeMap<Stage, ProgressBar>>,
}

impl Bars {
    /// Bars on a terminal, nothing elsewhere.
    #[must_use]
    pub(crate) fn on_terminal(quiet: bool) -> Option<Self> {
        (!quiet && std::io::stderr().is_terminal())
            .then(|| Self { multi: MultiProgress::new(), bars: Mutex::new(BTreeMap::new()) })
    }

    /// Removes the bars.
    pub(crate) fn clear(&self) {
        // A terminal that is gone is no reason to fail.
        let _ = self.multi.clear();
        self.bars.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Progress for Bars {
    fn advance(&self, stage: Stage, done_s: f64, total_s: Option<f64>) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(stage).or_insert_with(|| {
            let bar = self.multi.add(ProgressBar::new(1));
            bar.set_style(style());
            bar.set_prefix(stage.title());
            bar
        });
        let done = milliseconds(done_s);
        bar.set_length(total_s.map_or(done, milliseconds).max(done).max(1));
        bar.set_position(done);
        bar.set_message(match total_s {
            Some(total) => format!("{done_s:.0} s of {total:.0} s"),
            None => format!("{done_s:.0} s"),
        });
    }
}

/// Media seconds as whole milliseconds; negative and non-finite values count as zero.
fn milliseconds(seconds: f64) -> u64 {
    if seconds.is_finite() && seconds > 0.0 { (seconds.min(1e9) * 1e3) as u64 } else { 0 }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:<12} [{bar:30}] {msg} ({elapsed})")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
