//! What a proof says, as the crate `proof` prints it: a mark, and a JSON object of texts and numbers.

/// What its line begins with; the harness may have written before it.
const MARK: &str = "proof: {";

/// A row that held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) row: String,
    pub(super) tried: String,
    pub(super) count: String,
    pub(super) progress: String,
}

impl Said {
    /// What the line says, if it is one.
    pub(super) fn read(line: &str) -> Option<Self> {
        let object = &line[line.find(MARK)?..];
        let text = |key| value(object, key);
        Some(Said { row: text("row")?, tried: text("tried")?, count: text("count")?, progress: text("progress")? })
    }
}

/// The text or the number at this key of an object on one line. A key inside a text does not look like one: its quotes are
/// escaped.
pub(super) fn value(object: &str, key: &str) -> Option<String> {
    let key = format!("\"{key}\":");
    let rest = &object[object.find(&key)? + key.len()..];
    match rest.strip_prefix('"') {
        Some(text) => unescape(text),
        None => {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            (!digits.is_empty()).then_some(digits)
        }
    }
}

/// The text up to the closing quote.
fn unescape(text: &str) -> Option<String> {
    let mut read = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some(read),
            '\\' => read.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                other => other,
            }),
            other => read.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_all_that_may_be_in_it() {
        let line = r#"proof: {"count":50,"progress":"a \"b\":\\ \u00e9\n|","row":"R2","tried":"kill \"row\":"}"#;
        let said = Said::read(line).unwrap();
        assert_eq!((said.row.as_str(), said.count.as_str()), ("R2", "50"));
        assert_eq!((said.progress.as_str(), said.tried.as_str()), ("a \"b\":\\ é\n|", "kill \"row\":"));
    }

    #[test]
    fn other_lines_say_nothing() {
        for line in ["", "proof: ", "proof: {}", r#"proof: {"count":1,"row":"R2"}"#, r#"{"row":"R2"}"#] {
            assert_eq!(Said::read(line), None, "{line}");
        }
    }
}
