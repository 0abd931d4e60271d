//! JSON as people read it: the same text with white space between its parts.

/// How much of a text is laid out, in bytes; the rest stays as it is.
const BYTES_MAX: usize = 256 * 1024;

/// The text with a line for each part. Its strings and numbers stay as they are, to the last digit; what is not JSON stays whole.
pub(crate) fn laid_out(text: &str) -> String {
    if text.len() > BYTES_MAX {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0usize, false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' if chars.peek().is_some_and(|&next| next == '}' || next == ']') => out.push(c),
            '{' | '[' => {
                depth += 1;
                out.push(c);
                line(&mut out, depth);
            }
            '}' | ']' if out.ends_with(['{', '[']) => out.push(c),
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    // Deeper than anybody reads, and no reason to write megabytes of spaces.
    out.extend(std::iter::repeat_n("  ", depth.min(40)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_line_and_stays_as_it_is() {
        let compact = r#"{"a":"x,{\"y\":[\\","n":1.50e+3,"empty":{},"none":[],"list":[1,{"b":null}]}"#;
        let expected = "{\n  \"a\": \"x,{\\\"y\\\":[\\\\\",\n  \"n\": 1.50e+3,\n  \"empty\": {},\n  \"none\": [],\n  \"list\": [\n    1,\n    {\n      \"b\": null\n    }\n  ]\n}";
        assert_eq!(laid_out(compact), expected);
        assert_eq!(laid_out(expected), expected);
    }

    #[test]
    fn what_is_no_json_does_no_harm() {
        for text in ["", "}}]]", "\"open", "\\", "[[[[", "Zoë"] {
            assert_eq!(laid_out(text).replace(['\n', ' '], ""), text);
        }
        assert!(laid_out(&"[".repeat(10_000)).len() < 1_000_000);
        let long = "[1,2]".repeat(BYTES_MAX);
        assert_eq!(laid_out(&long), long);
    }
}
