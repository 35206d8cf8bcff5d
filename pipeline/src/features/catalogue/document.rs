//! The catalogue as a document for people, in both languages: `docs/features.md`.

use std::fmt::Write as _;

use super::{FeatureDefinition, all};

/// Units a feature can have, with their meaning in English and Chinese.
pub const UNITS: &[(&str, &str, &str)] = &[
    ("1/100 words", "times per 100 words", "次/百词"),
    ("1/min", "times per minute", "次/分钟"),
    ("Hz", "hertz", "赫兹"),
    ("characters", "Chinese characters", "汉字"),
    ("count", "number", "个数"),
    ("dB", "decibels", "分贝"),
    ("dBFS", "decibels relative to full scale", "相对满刻度的分贝"),
    ("deg", "degrees", "度"),
    ("deg/s", "degrees per second", "度/秒"),
    ("ratio", "share, 0–1", "比例，0–1"),
    ("s", "seconds", "秒"),
    ("score", "score, see range", "分值，见范围"),
    ("semitones", "semitones", "半音"),
    ("semitones/s", "semitones per second", "半音/秒"),
    ("shoulder widths", "widths of the person's own shoulders", "本人肩宽的倍数"),
    ("syllables/s", "syllables per second; in Mandarin characters per second", "音节/秒；普通话为字/秒"),
    ("words", "words", "词"),
];

/// Titles of the groups, by the first part of the names of their features.
const TITLES: &[(&str, &str, &str)] = &[
    ("attention", "Attention", "专注"),
    ("body", "Body", "身体"),
    ("content", "Content", "内容"),
    ("expression", "Expression", "表情"),
    ("external", "Scores from outside", "外部评分"),
    ("face", "Face", "面部"),
    ("gaze", "Gaze", "视线"),
    ("gesture", "Gestures", "手势"),
    ("head", "Head", "头部"),
    ("integrity", "Integrity: for a person to look at", "诚信：供人工查看"),
    ("picture", "Picture", "画面"),
    ("posture", "Posture", "姿态"),
    ("speech", "Speech", "语言表达"),
    ("text", "Text", "文本"),
    ("voice", "Voice", "嗓音"),
];

/// The whole catalogue as Markdown: a table per group, the units, both languages.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# Features 特征目录\n\n\
         Generated from the code (`pipeline/src/features/catalogue/`); do not edit. After a change of a\n\
         definition, write it anew with `UPDATE_DOCS=1 cargo test --release -p interview-pipeline catalogue`.\n\n\
         Every feature has a value in its unit, a confidence from 0 to 1, and evidence: places in the recording\n\
         where the value can be checked. What could not be measured has a reason and no value, never zero.\n\n\
         本文件由代码生成，请勿手工修改。每个特征都有数值与单位、0 到 1 的置信度，以及证据：录音录像中可以核对该数值的位置。\n\
         无法测得的特征给出原因而不给数值，绝不以零代替。\n",
    );
    let mut groups: Vec<&str> = Vec::new();
    for definition in all() {
        let group = group_of(definition);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        let title = TITLES.iter().find(|(name, ..)| *name == group);
        let (_, en, zh) = title.copied().unwrap_or((group, group, ""));
        let _ = write!(text, "\n## {} — `{group}`\n\n", format!("{en} {zh}").trim_end());
        text.push_str("| Feature 特征 | Unit 单位 | Range 范围 | Definition 定义 | Source 来源 |\n");
        text.push_str("|---|---|---|---|---|\n");
        for definition in all().filter(|definition| group_of(definition) == group) {
            let FeatureDefinition {
                name,
                unit,
                range,
                title_en,
                title_zh,
                definition_en,
                definition_zh,
                source,
            } = definition;
            let _ = writeln!(
                text,
                "| `{name}`<br>{}<br>{} | {} | {} – {} | {}<br><br>{} | {} |",
                cell(title_en),
                cell(title_zh),
                cell(unit),
                range.0,
                range.1,
                cell(definition_en),
                cell(definition_zh),
                cell(source),
            );
        }
    }
    text.push_str("\n## Units 单位\n\n| Unit 单位 | English | 中文 |\n|---|---|---|\n");
    for (unit, en, zh) in UNITS.iter().filter(|(unit, ..)| all().any(|definition| definition.unit == *unit)) {
        let _ = writeln!(text, "| {unit} | {en} | {zh} |");
    }
    text
}

fn group_of(definition: &FeatureDefinition) -> &'static str {
    definition.name.split('.').next().unwrap_or(definition.name)
}

/// A text that cannot break out of its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_document_is_what_the_code_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/features.md");
        let expected = markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &expected).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "docs/features.md differs from the catalogue; write it anew with \
             UPDATE_DOCS=1 cargo test --release -p interview-pipeline catalogue"
        );
    }

    #[test]
    fn every_feature_stands_in_the_document_once() {
        let text = markdown();
        for definition in all() {
            assert_eq!(
                text.matches(&format!("| `{}`<br>", definition.name)).count(),
                1,
                "{}",
                definition.name
            );
            assert!(text.contains(definition.title_zh) && text.contains(&cell(definition.definition_zh)));
        }
    }

    #[test]
    fn names_are_dotted_and_unique() {
        let mut names = BTreeSet::new();
        for FeatureDefinition { name, .. } in all() {
            let parts: Vec<&str> = name.split('.').collect();
            let plain = |part: &&str| {
                !part.is_empty()
                    && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            };
            assert!(parts.len() >= 2 && parts.iter().all(plain), "{name} is not a dotted name");
            assert!(names.insert(name), "{name} is defined twice");
        }
        assert!(!names.is_empty());
    }

    #[test]
    fn units_are_known_ranges_ordered_and_texts_in_both_languages() {
        for definition in all() {
            let name = definition.name;
            assert!(
                UNITS.iter().any(|(unit, ..)| *unit == definition.unit),
                "{name}: unit {}",
                definition.unit
            );
            let (low, high) = definition.range;
            assert!(low.is_finite() && high.is_finite() && low < high, "{name}: range {low} to {high}");
            for english in [definition.title_en, definition.definition_en] {
                assert!(english.chars().any(|c| c.is_ascii_alphabetic()), "{name}: no English");
            }
            for chinese in [definition.title_zh, definition.definition_zh] {
                assert!(
                    chinese.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                    "{name}: no Chinese"
                );
            }
            assert!(!definition.source.is_empty(), "{name}: no source");
        }
    }
}
