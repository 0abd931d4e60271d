//! Learning activities: what an LMS passed through SCORM. Contract, section 8 and decision 15 (ours).
//!
//! Nobody vouches for it: whoever can open a package can read its token and claim to be any learner. It is kept as it came.

use std::collections::BTreeMap;

use contract::lms_text::LmsText;
use jiff::Timestamp;

use crate::id::{DestinationId, EnrollmentId, LearningActivityId, LearningObjectId, PortalId, UserAccountId};

/// How many names one launch may pass, with all that is passed after it.
pub const NAMES_MAX: usize = 2_000;
/// How many bytes all names and last values of one launch have at most: whoever reads the launch reads them all.
pub const VALUES_BYTES_MAX: usize = 1024 * 1024;
/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 255;
/// The longest of the texts by which it is said that an LMS refused a value, in characters; what is longer is cut.
pub const WRITE_CHARS_MAX: usize = 255;
/// How often one launch may be followed by something to keep.
pub const RECORDS_MAX: i64 = 20_000;

/// Which of the two generations of SCORM an LMS speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScormVersion {
    /// 1.2.
    V1_2,
    /// 2004, of any edition.
    V2004,
}

impl ScormVersion {
    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            ScormVersion::V1_2 => "1.2",
            ScormVersion::V2004 => "2004",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [ScormVersion::V1_2, ScormVersion::V2004].into_iter().find(|version| version.as_str() == text)
    }
}

/// One launch, and what the LMS passed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearningActivity {
    /// Names it.
    pub id: LearningActivityId,
    /// The portal in which it happened.
    pub portal_id: PortalId,
    /// The enrollment to which the launch led.
    pub enrollment_id: EnrollmentId,
    /// The content.
    pub lo_id: LearningObjectId,
    /// The account that was made for the learner.
    pub user_account_id: UserAccountId,
    /// Where the package was handed to.
    pub destination_id: DestinationId,
    /// What the LMS speaks.
    pub scorm_version: ScormVersion,
    /// The last value of each name.
    pub values: BTreeMap<String, LmsText>,
    /// What came of the last value that was written to the LMS, if any was.
    pub lms_write: Option<LmsWrite>,
    /// When it was launched.
    pub created_at: Timestamp,
    /// When something was last passed.
    pub updated_at: Timestamp,
}

/// What came of writing to an LMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LmsWrite {
    /// It took it.
    Ok,
    /// It did not, and our enrollment is what counts.
    Refused {
        /// What was written to.
        element: String,
        /// The number of the error, as the LMS spells it.
        code: String,
        /// What the LMS says about it.
        text: String,
    },
}

impl LmsWrite {
    /// A refusal, each text cut to [`WRITE_CHARS_MAX`].
    pub fn refused(element: &str, code: &str, text: &str) -> Self {
        let cut = |text: &str| text.chars().take(WRITE_CHARS_MAX).collect();
        LmsWrite::Refused { element: cut(element), code: cut(code), text: cut(text) }
    }
}

/// What one request passed, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScormRecord {
    /// The launch.
    pub activity_id: LearningActivityId,
    /// Its place among what the launch passed: 0 is the launch itself. Each is kept once.
    pub sequence: i64,
    /// What it was passed for.
    pub kind: RecordKind,
    /// The JSON object of the names and values, byte for byte.
    pub values: String,
    /// What came of writing to the LMS, if that was said.
    pub lms_write: Option<LmsWrite>,
    /// When it was received.
    pub at: Timestamp,
}

/// What something was passed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The content was opened.
    Launch,
    /// Something changed.
    Commit,
    /// The content was closed.
    Exit,
}

impl RecordKind {
    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            RecordKind::Launch => "launch",
            RecordKind::Commit => "commit",
            RecordKind::Exit => "exit",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [RecordKind::Launch, RecordKind::Commit, RecordKind::Exit].into_iter().find(|kind| kind.as_str() == text)
    }
}
