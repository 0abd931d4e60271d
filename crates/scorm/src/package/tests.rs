use std::io::Read;

use proptest::prelude::*;
use serde_json::{Value, json};
use zip::ZipArchive;

use super::*;
use crate::archive::Archive;
use crate::course;
use crate::edition::{Runtime, TITLE_CHARS_MAX};

const TOKEN: &str = "0123456789abcdefghijABCDEFGHIJ42";

fn launch_data(reference: Option<&str>) -> LaunchData {
    LaunchData::new(741712, 11861197, reference).unwrap()
}

fn package<'a>(edition: Edition, title: &'a str, launch_data: &'a LaunchData) -> Package<'a> {
    let player = "https://player.example";
    Package { edition, lo_id: 741712, title, launch_data, token: TOKEN, player, lower_status: false }
}

/// The files of a zip, in their order.
fn read(zip: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = Vec::new();
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).unwrap();
        assert_eq!(file.compression(), CompressionMethod::Deflated);
        assert_eq!(file.last_modified(), Some(DateTime::default()));
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        files.push((file.name().unwrap().into_owned(), content));
    }
    files
}

fn file(zip: &[u8], name: &str) -> String {
    read(zip).into_iter().find(|(named, _)| named == name).unwrap().1
}

/// What a program that is not ours takes out of `config.js`: `/{([^}]*)}/`, read as JSON.
fn first_braces(config: &str) -> Value {
    let (_, rest) = config.split_once('{').unwrap();
    let (inner, _) = rest.split_once('}').unwrap();
    serde_json::from_str(&format!("{{{inner}}}")).unwrap()
}

#[test]
fn the_files_lie_at_the_root_in_order_and_the_manifest_lists_them() {
    for edition in Edition::ALL {
        let zip = package(edition, "Fire safety", &launch_data(None)).zip(&Schemas::default());
        let names: Vec<String> = read(&zip).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["config.js", "imsmanifest.xml", "index.html", "wrapper.css", "wrapper.js"]);
        let manifest = file(&zip, MANIFEST_NAME);
        let listed = names.iter().filter(|name| manifest.contains(&format!("<file href=\"{name}\"/>")));
        assert_eq!(listed.count(), names.len() - 1, "all but itself");
    }
}

/// In 2004 the schemas let pass what an LMS does not find: elements and attributes of ADL in the case of 1.2.
#[test]
fn manifests_are_spelled_as_lmss_read_them() {
    for (edition, golden) in [
        (Edition::Scorm12, include_str!("../../tests/golden/1.2.xml")),
        (Edition::Scorm2004Third, include_str!("../../tests/golden/2004-3.xml")),
        (Edition::Scorm2004Fourth, include_str!("../../tests/golden/2004-4.xml")),
    ] {
        assert_eq!(package(edition, "Fire & water", &launch_data(Some("HR-42"))).manifest(), golden, "{edition:?}");
    }
}

#[test]
fn what_goes_out_comes_in() {
    for edition in Edition::ALL {
        let zip = package(edition, "Fire & water", &launch_data(Some("HR-42"))).zip(&Schemas::default());
        let read = course::read(&mut Archive::open(Cursor::new(zip)).unwrap()).unwrap();
        assert_eq!((read.edition.as_str(), read.title.as_str()), (edition.as_str(), "Fire & water"));
        assert_eq!(read.entry.path, "index.html");
        assert_eq!(read.launch_data.as_deref(), Some("lo=741712;portal=11861197;ref=HR-42"));
    }
}

#[test]
fn the_config_has_the_published_shape() {
    for (edition, version) in
        [(Edition::Scorm12, "1.2"), (Edition::Scorm2004Third, "2004"), (Edition::Scorm2004Fourth, "2004")]
    {
        let data = launch_data(Some("HR-42"));
        let package = Package { lower_status: true, ..package(edition, "Fire safety", &data) };
        let config = file(&package.zip(&Schemas::default()), CONFIG);
        let (first, second) = config.split_once('\n').unwrap();
        assert_eq!(
            first,
            format!("var ScormPackage_Value = {{\"token\":\"{TOKEN}\",\"version\":\"{version}\",\"id\":741712}};")
        );
        assert_eq!(first_braces(&config), json!({"token": TOKEN, "version": version, "id": 741712}));
        assert_eq!(
            second,
            "var ScormPackage_Player = {\"origin\":\"https://player.example\",\"protocol\":1,\"lower_status\":true};\n"
        );
    }
}

#[test]
fn the_same_course_is_the_same_bytes_and_another_is_not() {
    let data = launch_data(Some("HR-42"));
    let zip = |package: Package<'_>| package.zip(&Schemas::default());
    let one = package(Edition::Scorm12, "Fire safety", &data);
    assert_eq!(zip(one), zip(one));
    for other in [
        Package { title: "Water safety", ..one },
        Package { edition: Edition::Scorm2004Third, ..one },
        Package { lo_id: 741713, ..one },
        Package { token: "other", ..one },
        Package { launch_data: &launch_data(None), ..one },
        Package { lower_status: true, ..one },
        Package { player: "https://other.example", ..one },
    ] {
        assert_ne!(zip(one), zip(other), "{other:?}");
    }
}

#[test]
fn schemas_go_along_with_packages_of_their_runtime() {
    let mut schemas = Schemas::default();
    schemas.add(Runtime::Scorm2004, "common/dataTypes.xsd", b"<a/>".to_vec()).unwrap();
    let data = launch_data(None);
    let names = |edition| read(&package(edition, "Fire safety", &data).zip(&schemas)).into_iter().map(|(name, _)| name);
    let holds = |edition| names(edition).any(|name| name == "common/dataTypes.xsd");
    assert!(holds(Edition::Scorm2004Third) && holds(Edition::Scorm2004Fourth) && !holds(Edition::Scorm12));
}

#[test]
fn a_file_is_named_after_its_course_as_far_as_that_is_safe() {
    let long = format!("{} b", "a".repeat(59));
    for (title, edition, expected) in [
        ("Fire safety", Edition::Scorm12, "fire-safety-741712-scorm-1.2.zip"),
        ("../../etc/passwd\"; \r\nX: y", Edition::Scorm2004Third, "etc-passwd-x-y-741712-scorm-2004-3.zip"),
        ("消防安全", Edition::Scorm2004Fourth, "course-741712-scorm-2004-4.zip"),
        (&long, Edition::Scorm12, &format!("{}-741712-scorm-1.2.zip", "a".repeat(59))),
    ] {
        assert_eq!(package(edition, title, &launch_data(None)).file_name(), expected);
    }
}

/// The text of all elements of that name.
fn texts(manifest: &str, element: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(manifest);
    let (mut inside, mut texts) = (false, Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) if start.name().as_ref() == element => {
                inside = true;
                texts.push(String::new());
            }
            Event::End(_) => inside = false,
            Event::Text(text) if inside => texts.last_mut().unwrap().push_str(&text),
            Event::GeneralRef(reference) if inside => {
                texts.last_mut().unwrap().push_str(quick_xml::escape::resolve_xml_entity(&reference).unwrap());
            }
            Event::Eof => return texts,
            _ => {}
        }
    }
}

#[track_caller]
fn check_title(title: &str, expected: &str) {
    for edition in Edition::ALL {
        let manifest = package(edition, title, &launch_data(None)).manifest();
        assert_eq!(texts(&manifest, "title"), [expected, expected]);
    }
}

#[test]
fn a_title_is_one_line_that_xml_can_carry() {
    check_title("Fire safety", "Fire safety");
    check_title("<b>\"Fire\" & 'water'</b>]]>", "<b>\"Fire\" & 'water'</b>]]>");
    check_title(" Fire\r\nsafety\t\u{0}\u{8}\u{ffff}in Zürich 🚒 ", "Fire  safety in Zürich 🚒");
    check_title("\u{0}\n", "LO-741712");
    check_title(&"🚒".repeat(TITLE_CHARS_MAX), &"🚒".repeat(TITLE_CHARS_MAX));
    check_title(&"🚒".repeat(TITLE_CHARS_MAX + 1), &format!("{}…", "🚒".repeat(TITLE_CHARS_MAX - 1)));
}

proptest! {
    #[test]
    fn any_title_and_reference_arrive(title in any::<String>(), reference in "\\PC{0,60}|(?s:.){0,12}") {
        let Ok(data) = LaunchData::new(1, 2, Some(&reference)) else {
            // Each character may have up to twelve in its place.
            prop_assert!(reference.chars().count() > (255 - 20) / 12);
            return Ok(());
        };
        for edition in Edition::ALL {
            let manifest = package(edition, &title, &data).manifest();
            let element = match edition.runtime() {
                Runtime::Scorm12 => "adlcp:datafromlms",
                Runtime::Scorm2004 => "adlcp:dataFromLMS",
            };
            prop_assert_eq!(&texts(&manifest, element), &[data.as_str()]);
            let titles = texts(&manifest, "title");
            prop_assert!(titles.iter().all(|title| (1..=TITLE_CHARS_MAX).contains(&title.chars().count())));
        }
        let (_, written) = data.as_str().split_once(";ref=").unwrap();
        prop_assert!(!written.contains([';', '=', ' ']));
        prop_assert_eq!(decoded(written), reference);
    }
}

/// Undoes `%` and two hex digits, as whoever receives it will.
fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next().unwrap()).to_digit(16).unwrap() as u8;
        decoded.push(if byte == b'%' { digit() << 4 | digit() } else { byte });
    }
    String::from_utf8(decoded).unwrap()
}
