//! The editions of SCORM in which packages are written, and the manifest of each.
//!
//! A manifest says no more than an LMS needs: one item, one resource, no mastery score and no threshold, because an LMS that has one
//! puts its own verdict in the place of ours.

mod scorm_1_2;
mod scorm_2004;

use crate::text;

/// The longest title that a manifest of 1.2 may have, in characters. All have it: LMSs keep titles in columns of that order.
pub const TITLE_CHARS_MAX: usize = 200;

/// An edition of SCORM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// SCORM 1.2, which every LMS takes.
    #[default]
    Scorm12,
    /// SCORM 2004, 3rd edition.
    Scorm2004Third,
    /// SCORM 2004, 4th edition.
    Scorm2004Fourth,
}

/// The object by which a package and an LMS speak to each other: the same in all editions of 2004.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `API`.
    Scorm12,
    /// `API_1484_11`.
    Scorm2004,
}

impl Edition {
    /// Every edition, the most widely taken first.
    pub const ALL: [Edition; 3] = [Edition::Scorm12, Edition::Scorm2004Third, Edition::Scorm2004Fourth];

    /// The name by which it is asked for.
    pub const fn as_str(self) -> &'static str {
        match self {
            Edition::Scorm12 => "1.2",
            Edition::Scorm2004Third => "2004-3",
            Edition::Scorm2004Fourth => "2004-4",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        Edition::ALL.into_iter().find(|edition| edition.as_str() == text)
    }

    /// How its packages speak to an LMS.
    pub const fn runtime(self) -> Runtime {
        match self {
            Edition::Scorm12 => Runtime::Scorm12,
            Edition::Scorm2004Third | Edition::Scorm2004Fourth => Runtime::Scorm2004,
        }
    }

    /// The manifest of a package with one course in it.
    pub(crate) fn manifest(self, facts: &Facts<'_>) -> String {
        match self {
            Edition::Scorm12 => scorm_1_2::manifest(&facts.written()),
            Edition::Scorm2004Third => scorm_2004::manifest("2004 3rd Edition", &facts.written()),
            Edition::Scorm2004Fourth => scorm_2004::manifest("2004 4th Edition", &facts.written()),
        }
    }
}

impl Runtime {
    /// The name on the wire, and of the folder with its schemas.
    pub const fn as_str(self) -> &'static str {
        match self {
            Runtime::Scorm12 => "1.2",
            Runtime::Scorm2004 => "2004",
        }
    }
}

/// What a manifest says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The number of the course.
    pub(crate) lo_id: i64,
    /// What people call it, as they wrote it.
    pub(crate) title: &'a str,
    /// What the LMS is to hand back at each launch.
    pub(crate) launch_data: &'a str,
    /// The files of the resource, the first of which is opened.
    pub(crate) files: &'a [&'a str],
}

/// The same as XML.
#[derive(Debug)]
struct Written {
    /// An id of XML, which cannot begin with a digit.
    identifier: String,
    title: String,
    launch_data: String,
    href: String,
    files: String,
}

impl Facts<'_> {
    fn written(&self) -> Written {
        let identifier = format!("LO-{}", self.lo_id);
        let title = text::line(self.title, TITLE_CHARS_MAX);
        let title = if title.is_empty() { &identifier } else { &title };
        let file = |name: &&str| format!("<file href=\"{}\"/>", text::escape(name));
        Written {
            title: text::escape(title),
            launch_data: text::escape(self.launch_data),
            href: self.files.first().map(|name| text::escape(name)).unwrap_or_default(),
            files: self.files.iter().map(file).collect(),
            identifier,
        }
    }
}
