//! What the page is made of. A line for each file; they are part of the program, so that nothing else is ever served by this way.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};

/// A file of the page.
pub(crate) struct Asset {
    name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

const ASSETS: &[Asset] = &[
    Asset { name: "play.css", content_type: "text/css; charset=utf-8", bytes: include_bytes!("../assets/play.css") },
    script("around.js", include_bytes!("../assets/around.js")),
    script("element.js", include_bytes!("../assets/element.js")),
    script("link.js", include_bytes!("../assets/link.js")),
    script("package.js", include_bytes!("../assets/package.js")),
    script("play.js", include_bytes!("../assets/play.js")),
    script("saving.js", include_bytes!("../assets/saving.js")),
    script("scorm12.min.js", include_bytes!("../assets/scorm12.min.js")),
    script("scorm2004.min.js", include_bytes!("../assets/scorm2004.min.js")),
    Asset {
        name: "scorm-again.LICENSE",
        content_type: "text/plain; charset=utf-8",
        bytes: include_bytes!("../assets/scorm-again.LICENSE"),
    },
    script("text.js", include_bytes!("../assets/text.js")),
    script("video.js", include_bytes!("../assets/video.js")),
];

const fn script(name: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, content_type: "text/javascript; charset=utf-8", bytes }
}

/// The page itself.
pub(crate) const PAGE: &str = include_str!("../assets/play.html");

/// What tells one version of the files from another.
pub(crate) static ETAG: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<u8> = ASSETS.iter().flat_map(|asset| asset.bytes).copied().collect();
    let digest = digest(&SHA256, &all);
    let hex: String = digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
});

/// The file of that name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}
