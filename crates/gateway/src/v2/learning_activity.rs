//! What an LMS passed through SCORM. Contract, section 8.

pub(crate) mod list;
