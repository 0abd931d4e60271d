//! What changed between two states of a thing, field by field, short enough to be kept and without any secret.

/// How many fields an entry tells of.
pub const FIELDS_MAX: usize = 32;
/// How much of a value is repeated, in characters: as many ids as one request may name, and a bit of a description.
pub const TEXT_CHARS_MAX: usize = 500;
/// What stands for a secret that is there.
pub const SET: &str = "set";
/// What stands for a value that took the place of another, where both look the same.
pub const CHANGED: &str = "changed";

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name on the wire.
    pub field: String,
    /// What it was; `None` if there was nothing.
    pub from: Option<String>,
    /// What it is; `None` if there is nothing any more.
    pub to: Option<String>,
}

/// The fields of a thing in one state.
#[derive(Default)]
pub struct Fields(Vec<(&'static str, Option<Value>)>);

/// A value: what it is, and what may be seen of it.
struct Value {
    whole: String,
    shown: String,
}

impl Fields {
    /// A field that may be seen. An empty one counts as none.
    pub fn text(self, name: &'static str, value: Option<impl AsRef<str>>) -> Self {
        self.part(name, value.map(|value| (value.as_ref().to_owned(), value.as_ref().to_owned())))
    }

    /// The same of what is written as text.
    pub fn show(self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.text(name, value.map(|value| value.to_string()))
    }

    /// The same of many, with commas between.
    pub fn list<S: AsRef<str>>(self, name: &'static str, values: impl IntoIterator<Item = S>) -> Self {
        let values: Vec<S> = values.into_iter().collect();
        let texts: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.text(name, Some(texts.join(", ")))
    }

    /// A secret: of it only whether it is there and whether it changed is seen.
    pub fn secret(self, name: &'static str, value: Option<&str>) -> Self {
        self.part(name, value.map(|value| (value.to_owned(), SET.to_owned())))
    }

    /// A value of which a part may be seen: the whole, and that.
    pub fn part(mut self, name: &'static str, value: Option<(String, String)>) -> Self {
        let value = value.filter(|(whole, _)| !whole.is_empty());
        self.0.push((name, value.map(|(whole, shown)| Value { whole, shown })));
        self
    }
}

/// What of an address may be seen: what follows a question mark may be somebody's key.
pub fn address(url: &str) -> (String, String) {
    let shown = url.split_once('?').map_or_else(|| url.to_owned(), |(place, _)| format!("{place}?…"));
    (url.to_owned(), shown)
}

/// The fields in which the states differ.
pub(super) fn changes(before: Option<Fields>, after: Fields) -> Vec<FieldChange> {
    let mut before = before.unwrap_or_default().0.into_iter();
    let changed = after.0.into_iter().filter_map(|(name, to)| {
        let from = before.next().and_then(|(_, from)| from);
        let is_same = from.as_ref().map(|from| &from.whole) == to.as_ref().map(|to| &to.whole);
        (!is_same).then(|| change(name, from, to))
    });
    changed.take(FIELDS_MAX).collect()
}

fn change(name: &str, from: Option<Value>, to: Option<Value>) -> FieldChange {
    let shown = |value: Value| shortened(&value.shown, TEXT_CHARS_MAX);
    let (from, mut to) = (from.map(shown), to.map(shown));
    if from == to {
        to = to.map(|to| if to == SET { CHANGED.to_owned() } else { format!("{to} ({CHANGED})") });
    }
    FieldChange { field: name.to_owned(), from, to }
}

/// The beginning of a text, and a sign that there was more.
pub(super) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}
