//! Style sheet, script and pictures: part of the binary, named by what is in them, so that they may be kept for ever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};

/// A file that pages refer to.
pub(crate) struct Asset {
    /// The last part of its path: name, digest, ending.
    pub(crate) name: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

impl Asset {
    fn new(name: &str, ending: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let digest: String = digest(&SHA256, bytes).as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Asset { name: format!("{name}-{digest}.{ending}"), content_type, bytes }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> String {
        format!("/hub/assets/{}", self.name)
    }
}

/// How every page looks.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("hub", "css", "text/css; charset=utf-8", include_bytes!("../assets/hub.css")));
/// What pages can do besides.
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("hub", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/hub.js")));
/// The bell.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("bell", "svg", "image/svg+xml", include_bytes!("../assets/bell.svg")));

/// The file with this name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.name == name)
}
