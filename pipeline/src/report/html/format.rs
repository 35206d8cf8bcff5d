//! Numbers and times as people read them.

use interview_schemas::Bilingual;

use super::words;

/// A number with about three significant digits, without trailing zeros and with a real minus sign. The minus
/// sign also keeps a negative number from being taken for a formula when a table is pasted into a sheet.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let mut text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" { "0".to_owned() } else { text.replace('-', "\u{2212}") }
}

/// A number with so many decimals, always; for columns whose sum is shown.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value + 0.0);
    text.replace('-', "\u{2212}")
}

/// A share (0–1) in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", number((share * 1000.0).round() / 10.0))
}

/// A value with its unit. A ratio that cannot leave 0–1 is shown in percent.
pub(super) fn value(value: f64, unit: &str, range: Option<(f64, f64)>) -> Bilingual {
    if unit == "ratio" {
        let share = range.map_or((0.0..=1.0).contains(&value), |(low, high)| low >= -1.0 && high <= 1.0);
        let text = if share { percent(value) } else { number(value) };
        return Bilingual::new(text.clone(), text);
    }
    let unit = words::unit(unit);
    let number = number(value);
    let join = |unit: &str| match unit {
        "" => number.clone(),
        "°" => format!("{number}°"),
        unit => format!("{number} {unit}"),
    };
    Bilingual::new(join(&unit.en), join(&unit.zh))
}

/// A time of the recording, such as `1:05` or `1:00:05`.
pub(super) fn time(seconds: f64) -> String {
    let total = if seconds.is_finite() && seconds > 0.0 { seconds as u64 } else { 0 };
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A span of the recording, such as `0:14–0:17`; within one second only that second.
pub(super) fn span(start_s: f64, end_s: f64) -> String {
    let (start, end) = (time(start_s), time(end_s));
    if start == end { start } else { format!("{start}\u{2013}{end}") }
}

/// A length, such as `2 min 05 s`.
pub(super) fn duration(seconds: f64) -> Bilingual {
    let total = if seconds.is_finite() && seconds > 0.0 { seconds.round() as u64 } else { 0 };
    let (minutes, rest) = (total / 60, total % 60);
    if minutes == 0 {
        Bilingual::new(format!("{rest} s"), format!("{rest} 秒"))
    } else {
        Bilingual::new(format!("{minutes} min {rest:02} s"), format!("{minutes} 分 {rest:02} 秒"))
    }
}

/// Makes text of strangers harmless to look at: characters that turn the direction of writing (and with it the
/// meaning of what stands beside them) or that do not print become visible placeholders. What the text says
/// stays as it is.
pub(super) fn visible(text: &str) -> String {
    let hostile = |c: char| {
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{fff9}'..='\u{fffb}')
            || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    if text.chars().any(hostile) {
        text.chars().map(|c| if hostile(c) { '\u{fffd}' } else { c }).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        for (value, text) in [
            (4.312, "4.31"),
            (84.0, "84"),
            (0.0, "0"),
            (-0.001, "0"),
            (-21.44, "−21.4"),
            (185.6, "186"),
            (0.5, "0.5"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(
            (percent(0.213), percent(1.0), percent(0.004)),
            ("21.3 %".into(), "100 %".into(), "0.4 %".into())
        );
    }

    #[test]
    fn values_carry_their_unit_in_both_languages() {
        let text = |value: Bilingual| (value.en, value.zh);
        assert_eq!(
            text(value(4.312, "syllables/s", None)),
            ("4.31 syllables/s".into(), "4.31 音节/秒".into())
        );
        assert_eq!(text(value(0.2, "ratio", Some((0.0, 1.0)))), ("20 %".into(), "20 %".into()));
        assert_eq!(text(value(0.9, "ratio", Some((0.0, 5.0)))), ("0.9".into(), "0.9".into()));
        assert_eq!(text(value(3.0, "count", None)), ("3".into(), "3".into()));
        assert_eq!(text(value(2.5, "furlongs", None)), ("2.5 furlongs".into(), "2.5 furlongs".into()));
    }

    #[test]
    fn times() {
        assert_eq!((time(0.0), time(65.9), time(3605.0)), ("0:00".into(), "1:05".into(), "1:00:05".into()));
        assert_eq!((span(9.1, 9.4), span(14.2, 17.0)), ("0:09".into(), "0:14–0:17".into()));
        assert_eq!(duration(65.2).en, "1 min 05 s");
        assert_eq!(
            (time(f64::NAN), time(-3.0), time(f64::INFINITY)),
            ("0:00".into(), "0:00".into(), "0:00".into())
        );
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_begins_like_a_formula(x in prop::num::f64::ANY) {
            for text in [number(x), fixed(x, 2), percent(x), time(x), duration(x).en, value(x, "dB", None).zh] {
                prop_assert!(!text.starts_with(['=', '+', '-', '@']));
            }
        }

        #[test]
        fn visible_text_has_no_control_characters(text in "\\PC*[\u{202e}\u{0007}\u{2066}]?\\PC*") {
            let shown = visible(&text);
            prop_assert_eq!(shown.chars().count(), text.chars().count());
            let hidden = shown.contains(['\u{202e}', '\u{7}', '\u{2066}']);
            prop_assert!(!hidden);
        }
    }
}
