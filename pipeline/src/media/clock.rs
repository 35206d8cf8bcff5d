//! Times of packets, made continuous where the clock of the file jumps.

use ffmpeg_next::Packet;

/// A step back beyond this many seconds is a jump of the clock, not reordering or overlap.
const MOST_BACK_S: f64 = 10.0;

/// Keeps one continuous time over all streams of a file.
///
/// A jump of more than `max_gap_s` ahead of everything read so far, or of more than 10 s back within a
/// stream, is closed up: the stream goes on where it was. Streams that jump together keep their distance,
/// so sound and picture stay in step.
#[derive(Debug)]
pub(super) struct Clock {
    max_gap_s: f64,
    latest_s: Option<f64>,
    streams: Vec<StreamClock>,
    /// Offset of the newest jump, tried first when another stream jumps too.
    newest_offset_s: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct StreamClock {
    offset_s: f64,
    last_s: Option<f64>,
}

impl Clock {
    pub(super) fn new(max_gap_s: f64, streams: usize) -> Self {
        Self {
            max_gap_s,
            latest_s: None,
            streams: vec![StreamClock::default(); streams],
            newest_offset_s: 0.0,
        }
    }

    /// Moves the times of a packet of stream number `slot` onto the continuous time. Returns whether the
    /// clock jumped here.
    pub(super) fn map(&mut self, packet: &mut Packet, slot: usize, tick_s: f64) -> bool {
        let Some(raw) = packet.dts().or(packet.pts()) else { return false };
        let Some(offset_s) = self.place(raw as f64 * tick_s, packet.duration() as f64 * tick_s, slot) else {
            return false;
        };
        let (offset_s, jumped) = offset_s;
        if offset_s != 0.0 {
            // Rounded to ticks; saturating, for the times come from the file.
            let ticks = (offset_s / tick_s).round() as i64;
            packet.set_pts(packet.pts().map(|pts| pts.saturating_add(ticks)));
            packet.set_dts(packet.dts().map(|dts| dts.saturating_add(ticks)));
        }
        jumped
    }

    /// The offset in seconds for a packet at `raw_s` and whether it is a new one.
    fn place(&mut self, raw_s: f64, duration_s: f64, slot: usize) -> Option<(f64, bool)> {
        let stream = *self.streams.get(slot)?;
        let Some(latest_s) = self.latest_s else {
            self.latest_s = Some(raw_s);
            self.streams[slot].last_s = Some(raw_s);
            return Some((0.0, false));
        };
        let mut offset_s = stream.offset_s;
        let last_s = stream.last_s.unwrap_or(latest_s);
        let fits = |time_s: f64| time_s <= latest_s + self.max_gap_s && time_s >= last_s - MOST_BACK_S;
        let jumped = !fits(raw_s + offset_s);
        if jumped {
            let together_s = raw_s + self.newest_offset_s;
            offset_s = if (together_s - latest_s).abs() < MOST_BACK_S && fits(together_s) {
                self.newest_offset_s
            } else {
                let step_s = if (0.0..=1.0).contains(&duration_s) { duration_s } else { 0.0 };
                last_s + step_s - raw_s
            };
            self.newest_offset_s = offset_s;
        }
        let time_s = raw_s + offset_s;
        self.latest_s = Some(latest_s.max(time_s));
        self.streams[slot] =
            StreamClock { offset_s, last_s: Some(stream.last_s.map_or(time_s, |last| last.max(time_s))) };
        Some((offset_s, jumped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(clock: &mut Clock, raw_s: f64, slot: usize) -> f64 {
        raw_s + clock.place(raw_s, 0.02, slot).unwrap().0
    }

    #[test]
    fn jumps_of_both_streams_keep_them_in_step() {
        let mut clock = Clock::new(60.0, 2);
        for step in 0..50 {
            assert_eq!(time(&mut clock, f64::from(step) * 0.02, 0), f64::from(step) * 0.02);
            assert_eq!(time(&mut clock, f64::from(step) * 0.02 + 0.3, 1), f64::from(step) * 0.02 + 0.3);
        }
        let jump = 95_443.7;
        let audio = time(&mut clock, jump + 1.0, 0);
        let video = time(&mut clock, jump + 1.3, 1);
        assert!((audio - 1.0).abs() < 1e-6, "{audio}");
        assert!((video - 1.3).abs() < 1e-6, "{video}");
    }

    #[test]
    fn a_long_pause_within_the_gap_is_real() {
        let mut clock = Clock::new(60.0, 1);
        assert_eq!(time(&mut clock, 5.0, 0), 5.0);
        assert_eq!(time(&mut clock, 60.0, 0), 60.0);
    }

    #[test]
    fn a_stream_that_is_silent_while_the_other_goes_on_does_not_jump() {
        let mut clock = Clock::new(60.0, 2);
        assert_eq!(time(&mut clock, 0.0, 1), 0.0);
        for second in 0..300 {
            assert_eq!(time(&mut clock, f64::from(second), 0), f64::from(second));
        }
        assert_eq!(time(&mut clock, 299.0, 1), 299.0);
    }

    proptest::proptest! {
        #[test]
        fn no_times_move_the_clock_further_than_the_gap(
            raws in proptest::collection::vec((-1e12_f64..1e12, 0_usize..2), 1..200),
        ) {
            let mut clock = Clock::new(60.0, 2);
            let mut latest: Option<f64> = None;
            for (raw, slot) in raws {
                let now = time(&mut clock, raw, slot);
                proptest::prop_assert!(now.is_finite());
                if let Some(before) = latest {
                    proptest::prop_assert!(now <= before + 61.0 + 1e-3);
                }
                latest = Some(latest.map_or(now, |before: f64| before.max(now)));
            }
        }
    }
}
