//! `cargo xtask screenshots`: a picture of every page of the Hub and the player, on a wide screen and on a phone, in light and dark, and
//! one page that shows them all. What is asserted on the way are facts; the pictures are for people.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::need::{Need, meet};
use crate::process::{self, cargo, root};
use crate::{Failure, no_arguments};

/// What taking pictures calls besides cargo.
const NEEDS: &[Need] = &[
    Need { binary: "chromium", package: "chromium", why: "pages are looked at in a real browser" },
    Need { binary: "npm", package: "npm", why: "axe-core says whether everybody can use a page" },
];
/// The tests that take them: crate, and a part of their names.
const TESTS: &[(&str, &str)] = &[("hub", "browser::gallery::every_page_has"), ("player", "browser::looks::")];
/// The ways of looking at a page, by the end of the name of its picture.
const LOOKS: [&str; 4] = ["desk-light", "desk-dark", "phone-light", "phone-dark"];

/// The pictures of each page, by its name: for each way of looking the path of one, if there is one.
type Pages = BTreeMap<String, [Option<String>; LOOKS.len()]>;

/// Takes no arguments. Pictures from before go.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    no_arguments(args)?;
    meet(NEEDS)?;
    let folder = root().join("target/screenshots");
    let failed = |error: io::Error| Failure::Found(format!("{}: {error}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    for (package, filter) in TESTS {
        process::run(&mut cargo(&["test", "-p", package, "--test", "it", filter, "--", "--include-ignored"]))?;
    }
    let mut pages = Pages::new();
    find(&folder, "", &mut pages).map_err(failed)?;
    let index = folder.join("index.html");
    fs::write(&index, page(&pages)).map_err(failed)?;
    println!("{} pages: {}", pages.len(), index.display());
    Ok(())
}

/// Finds the pictures in a folder and below it.
fn find(folder: &Path, below: &str, pages: &mut Pages) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            find(&entry.path(), &format!("{path}/"), pages)?;
        } else if let Some(name) = path.strip_suffix(".png") {
            for (n, look) in LOOKS.iter().enumerate() {
                if let Some(name) = name.strip_suffix(&format!("-{look}")) {
                    pages.entry(name.to_owned()).or_default()[n] = Some(path.clone());
                }
            }
        }
    }
    Ok(())
}

/// All of them on one page.
fn page(pages: &Pages) -> String {
    let mut rows = String::new();
    for (name, pictures) in pages {
        let cells = pictures.iter().zip(LOOKS).map(|(picture, look)| match picture {
            Some(path) => {
                format!("<td><a href=\"{path}\"><img loading=\"lazy\" src=\"{path}\" alt=\"{name}, {look}\"></a></td>")
            }
            None => "<td></td>".to_owned(),
        });
        rows.push_str(&format!("<tr><th colspan=\"4\">{name}</th></tr>\n<tr>{}</tr>\n", cells.collect::<String>()));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Screenshots</title>\n<style>body {{ font: 14px sans-serif; \
         background: #777; }} th {{ text-align: left; padding-top: 1.5em; }} td {{ vertical-align: top; }} img {{ max-width: 100%; }} \
         td:nth-child(n+3) {{ width: 16%; }}</style>\n<table>\n{rows}</table>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_stands_beside_its_others() {
        let mut pages = Pages::new();
        pages.entry("hub/a".to_owned()).or_default()[1] = Some("hub/a-desk-dark.png".to_owned());
        let page = page(&pages);
        assert!(
            page.contains("<td></td><td><a href=\"hub/a-desk-dark.png\">") && page.contains("colspan=\"4\">hub/a<")
        );
    }
}
