//! Markup, formulas and templates in what a candidate typed: they are shown as text and count as nothing.

use std::ops::Range;

/// Longest piece of markup in bytes: what opens and does not close within it is text.
const LONGEST: usize = 300;

/// HTML tags (a script or style with all that is in it), spreadsheet formulas such as `=SUM(A1)` or `@SUM(A1)`, and
/// template expressions such as `{{x}}` or `${x}`, as ranges of bytes, in order and apart from each other.
pub(crate) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut place = 0;
    let mut raw_text_ends = true;
    while let Some(found) = text[place..].find(['<', '=', '@', '{', '$']) {
        let start = place + found;
        let rest = &text[start..];
        let (mut end, raw) = match piece(rest) {
            Some((length, raw)) => (start + length, raw),
            // All five marks are one byte long.
            None => (start + 1, None),
        };
        if end > start + 1 {
            // One search to the end of the text is enough: where there is no end now, there will be none later.
            if let Some(close) = raw.filter(|_| raw_text_ends) {
                match text[end..].find(close) {
                    Some(ends) => end += ends,
                    None => raw_text_ends = false,
                }
            }
            spans.push(start..end);
        }
        place = end;
    }
    spans
}

/// The length of the markup that a text begins with, and the tag that ends what it opens, where that is no text.
fn piece(text: &str) -> Option<(usize, Option<&'static str>)> {
    if let Some(inside) = text.strip_prefix('<') {
        let length = closing(inside, ">")?;
        let content = &inside[..length];
        let name = content.strip_prefix(['/', '!']).unwrap_or(content);
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
        // "a<b and c>d" is a comparison, not a tag.
        let tag = named && (content.contains('=') || !content.trim_end_matches(['/', ' ']).contains(' '));
        let is = |tag: &str| name.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        let raw = match content.starts_with('/') {
            false if is("script") => Some("</script"),
            false if is("style") => Some("</style"),
            _ => None,
        };
        return tag.then_some((1 + length + 1, raw));
    }
    for (open, close) in [("{{", "}}"), ("{%", "%}"), ("${", "}")] {
        if let Some(inside) = text.strip_prefix(open) {
            return Some((open.len() + closing(inside, close)? + close.len(), None));
        }
    }
    let inside = text.strip_prefix(['=', '@'])?;
    let name = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_')?;
    let arguments = inside[name..].strip_prefix('(').filter(|_| name > 0)?;
    Some((1 + name + 1 + closing(arguments, ")")? + 1, None))
}

/// Where a text closes, if it does soon.
fn closing(text: &str, close: &str) -> Option<usize> {
    let mut most = text.len().min(LONGEST);
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    text[..most].find(close)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn without(text: &str) -> String {
        let mut left = String::new();
        let mut place = 0;
        for span in spans(text) {
            left.push_str(&text[place..span.start]);
            place = span.end;
        }
        left + &text[place..]
    }

    #[test]
    fn tags_formulas_and_templates_are_found() {
        assert_eq!(without("<b>I sold</b> cars<br/>."), "I sold cars.");
        assert_eq!(without("<script>alert('x')</script>yes"), "yes");
        assert_eq!(without("<script>alert(1)"), "alert(1)");
        assert_eq!(without("<img src=x onerror=\"f()\"> ok"), " ok");
        assert_eq!(without("=HYPERLINK(\"http://x\",\"y\") @SUM(A1) {{7*7}} ${x} {% if %}"), "    ");
        assert_eq!(without("我<b>负责</b>销售=1+1"), "我负责销售=1+1");
    }

    #[test]
    fn ordinary_text_stays() {
        for text in
            ["a<b and c>d", "x < 3, y > 4", "mail me@example.com", "a = b (c)", "100$ {a}", "<", "=", "{{"]
        {
            assert_eq!(without(text), text);
        }
    }

    proptest! {
        #[test]
        fn spans_lie_in_the_text_apart_from_each_other(text in "[<>/=@{}$()a-z 好]{0,60}") {
            let spans = spans(&text);
            prop_assert!(spans.iter().all(|span| span.start < span.end && text.get(span.clone()).is_some()));
            prop_assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
