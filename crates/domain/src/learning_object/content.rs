//! What is played when a learner opens a learning object.

use url::Url;

use crate::id::PackageId;

/// The longest text, in characters.
pub const TEXT_CHARS_MAX: usize = 65_536;
/// The longest address of a video or of a page, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;

/// What is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A text to read.
    Text(Markdown),
    /// A video, by the address of its file.
    Video(ContentUrl),
    /// A page elsewhere.
    Link(ContentUrl),
    /// An uploaded SCORM package.
    Package(PackageId),
}

/// A text in Markdown. Never HTML: what looks like it is shown as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markdown(String);

/// An address that a learner's browser opens: `http` or `https`, with a host and without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentUrl(String);

/// Why content cannot be played as it is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The text is missing or too long.
    #[error("content.text must have 1 to {TEXT_CHARS_MAX} characters")]
    Text,
    /// The address of a video will not do.
    #[error("content.video_url {0}")]
    Video(BadContentUrl),
    /// The address of a page will not do.
    #[error("content.link_url {0}")]
    Link(BadContentUrl),
}

/// Why an address will not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadContentUrl {
    /// Not an address at all, or one without a host.
    #[error("must be a valid URL such as https://example.com/course: {0}")]
    Invalid(String),
    /// Neither `https` nor `http`.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// User name or password inside.
    #[error("must not hold a user name or password: every learner could read it")]
    Credentials,
    /// Longer than [`URL_BYTES_MAX`].
    #[error("must have at most {URL_BYTES_MAX} bytes")]
    TooLong,
}

impl ContentError {
    /// The field at fault.
    pub const fn field(&self) -> &'static str {
        match self {
            ContentError::Text => "content.text",
            ContentError::Video(_) => "content.video_url",
            ContentError::Link(_) => "content.link_url",
        }
    }
}

impl Content {
    /// A text to read.
    pub fn text(text: &str) -> Result<Self, ContentError> {
        Markdown::parse(text).map(Content::Text).ok_or(ContentError::Text)
    }

    /// A video, by the address of its file.
    pub fn video(url: &str) -> Result<Self, ContentError> {
        ContentUrl::parse(url).map(Content::Video).map_err(ContentError::Video)
    }

    /// A page elsewhere.
    pub fn link(url: &str) -> Result<Self, ContentError> {
        ContentUrl::parse(url).map(Content::Link).map_err(ContentError::Link)
    }

    /// Which of the four it is, as the database spells it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Content::Text(_) => "text",
            Content::Video(_) => "video",
            Content::Link(_) => "link",
            Content::Package(_) => "package",
        }
    }

    /// The text, the address, or the id of the package.
    pub fn as_str(&self) -> &str {
        match self {
            Content::Text(text) => text.as_str(),
            Content::Video(url) | Content::Link(url) => url.as_str(),
            Content::Package(id) => id.as_str(),
        }
    }

    /// Reads what [`kind`](Self::kind) and [`as_str`](Self::as_str) write.
    pub fn read(kind: &str, text: &str) -> Option<Self> {
        match kind {
            "text" => Content::text(text).ok(),
            "video" => Content::video(text).ok(),
            "link" => Content::link(text).ok(),
            "package" => text.parse().ok().map(Content::Package),
            _ => None,
        }
    }

    /// The uploaded package, if that is what is played.
    pub const fn package(&self) -> Option<&PackageId> {
        match self {
            Content::Package(id) => Some(id),
            Content::Text(_) | Content::Video(_) | Content::Link(_) => None,
        }
    }
}

impl Markdown {
    /// Reads a text; none if it is empty or longer than [`TEXT_CHARS_MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        fits.then(|| Markdown(text.to_owned()))
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ContentUrl {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, BadContentUrl> {
        if text.len() > URL_BYTES_MAX {
            return Err(BadContentUrl::TooLong);
        }
        let url = Url::parse(text).map_err(|error| BadContentUrl::Invalid(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BadContentUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadContentUrl::Credentials);
        }
        // Browsers take `https:host` and `https:\\host` for addresses; whoever reads the list of content would not.
        let (_, rest) = text.split_once(':').unwrap_or_default();
        let is_plain =
            rest.starts_with("//") && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\');
        if !is_plain {
            let message = "it must be written with two slashes, and without white space and backslashes";
            return Err(BadContentUrl::Invalid(message.to_owned()));
        }
        Ok(ContentUrl(text.to_owned()))
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: Result<Content, ContentError>, expected: Result<&str, &str>) {
        let written = content.as_ref().map(|content| (content.kind(), content.as_str().to_owned()));
        match (&written, expected) {
            (Ok((kind, text)), Ok(kept)) => {
                assert_eq!(text, kept);
                assert_eq!(Content::read(kind, text), content.ok(), "what is stored is read again");
            }
            (Err(error), Err(words)) => {
                assert!(error.to_string().starts_with(error.field()), "{error}");
                assert!(error.to_string().contains(words), "{error}");
            }
            _ => panic!("{written:?}, not {expected:?}"),
        }
    }

    #[test]
    fn a_text_has_something_in_it_and_a_limit() {
        let long = "é".repeat(TEXT_CHARS_MAX);
        check(Content::text(&long), Ok(&long));
        check(Content::text(&format!("{long}é")), Err("65536 characters"));
        check(Content::text(""), Err("65536 characters"));
        check(Content::text(" \n"), Err("65536 characters"));
        check(Content::text("# Fire <script>"), Ok("# Fire <script>"));
    }

    #[test]
    fn an_address_is_one_that_a_browser_opens_and_a_person_reads() {
        let long = format!("https://example.com/{}", "a".repeat(URL_BYTES_MAX - 20));
        for parse in [Content::video, Content::link] {
            check(parse("https://example.com/a.mp4?x=1#t=10"), Ok("https://example.com/a.mp4?x=1#t=10"));
            check(parse("http://127.0.0.1:8080/"), Ok("http://127.0.0.1:8080/"));
            check(parse(&long), Ok(&long));
            check(parse(&format!("{long}a")), Err("2048 bytes"));
            for other in
                ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://example.com/a", "blob:x"]
            {
                check(parse(other), Err("https:// or http://"));
            }
            check(parse("https://ada:secret@example.com/"), Err("password"));
            check(parse("https://ada@example.com/"), Err("password"));
            for bad in ["", "course", "//example.com/a", "https://", "https://a b/"] {
                check(parse(bad), Err("valid URL"));
            }
            for odd in
                ["https:example.com", "https:\\\\example.com\\a", "https://example.com/a b", "https://example.com/\t"]
            {
                check(parse(odd), Err("two slashes"));
            }
        }
    }

    #[test]
    fn what_another_version_stored_is_no_content_of_ours() {
        assert_eq!(Content::read("game", "https://example.com"), None);
        assert_eq!(Content::read("link", "javascript:alert(1)"), None);
        assert_eq!(Content::read("package", "../../etc"), None);
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(Content::read("package", id), Some(Content::Package(id.parse().unwrap())));
    }
}
