//! Manifests as they are, as they are met, and as nobody should meet them.

use super::*;

const RESOURCE: &str = r#"<resource identifier="R" type="webcontent" adlcp:scormtype="sco" href="index.html"/>"#;

/// A manifest of 1.2 with these items and resources.
fn of(items: &str, resources: &str) -> String {
    format!(
        r#"<?xml version="1.0"?>
        <manifest identifier="M" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
            xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
          <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
          <organizations default="O"><organization identifier="O"><title>Fire &amp; water</title>{items}</organization></organizations>
          <resources>{resources}</resources>
        </manifest>"#
    )
}

fn one(inside: &str) -> String {
    of(&format!(r#"<item identifier="I" identifierref="R"><title>Part</title>{inside}</item>"#), RESOURCE)
}

#[track_caller]
fn check(xml: &str, words: &str) {
    let error = read(xml.as_bytes()).expect_err(words).to_string();
    assert!(error.contains(words), "{error}");
}

fn manifest() -> Manifest {
    Manifest {
        edition: SourceEdition::Scorm12,
        title: "Fire & water".to_owned(),
        entry: Reference { path: "index.html".to_owned(), suffix: String::new() },
        launch_data: None,
        mastery_score: None,
    }
}

#[test]
fn what_is_played_is_found() {
    assert_eq!(read(one("").as_bytes()), Ok(manifest()));
    let rich =
        one("<adlcp:datafromlms>lo=1;ref=a&lt;b&#33;</adlcp:datafromlms><adlcp:masteryscore> 80 </adlcp:masteryscore>");
    let expected =
        Manifest { launch_data: Some("lo=1;ref=a<b!".to_owned()), mastery_score: Some("80".to_owned()), ..manifest() };
    assert_eq!(read(rich.as_bytes()), Ok(expected));
}

#[test]
fn headings_metadata_and_other_organizations_are_passed_over() {
    let xml = one("").replace(
        "<organizations default=\"O\">",
        r#"<organizations default="O">
           <organization identifier="P"><title>Other</title><item identifierref="X"/></organization>"#,
    );
    let xml = xml.replace(
        "<title>Fire",
        "<metadata><lom><general><title>No</title></general></lom></metadata><item><title>Heading</title></item><title>Fire",
    );
    assert_eq!(read(xml.as_bytes()), Ok(manifest()));
    let nested = of(
        r#"<item><title>Chapter</title><item identifierref="R"><title>Part</title></item></item>"#,
        &format!(
            "{RESOURCE}<resource identifier=\"A\" href=\"a.png\"/><resource identifier=\"B\"><file href=\"b\"/></resource>"
        ),
    );
    assert_eq!(read(nested.as_bytes()), Ok(manifest()));
}

#[test]
fn editions_are_known_by_their_version_or_their_namespace() {
    let check = |version: &str, expected| {
        let xml = one("<adlcp:masteryscore>80</adlcp:masteryscore>")
            .replace("schemaversion>1.2<", &format!("schemaversion>{version}<"));
        let read = read(xml.as_bytes()).unwrap();
        assert_eq!(read.edition, expected);
        assert_eq!(read.mastery_score.is_some(), expected == SourceEdition::Scorm12);
    };
    check("1.2", SourceEdition::Scorm12);
    check(" 1.2\n", SourceEdition::Scorm12);
    check("CAM 1.3", SourceEdition::Scorm2004Second);
    check("2004 3rd Edition", SourceEdition::Scorm2004Third);
    check("2004 4th edition", SourceEdition::Scorm2004Fourth);
    let silent = one("").replace("<schemaversion>1.2</schemaversion>", "");
    assert_eq!(read(silent.as_bytes()).unwrap().edition, SourceEdition::Scorm12);
    let newer = silent.replace("adlcp_rootv1p2", "adlcp_v1p3");
    assert_eq!(read(newer.as_bytes()).unwrap().edition, SourceEdition::Scorm2004Third);
    self::check(&silent.replace("adlcp_rootv1p2", "x"), "schemaversion \"\"");
    self::check(&one("").replace(">1.2<", ">IMS Common Cartridge<"), "schemaversion \"IMS Common Cartridge\"");
}

#[test]
fn addresses_go_by_their_bases() {
    let xml = one("").replace("<resources>", r#"<resources xml:base="content/">"#);
    let xml = xml.replace("<manifest identifier=\"M\"", r#"<manifest identifier="M" xml:base="course/""#);
    let xml = xml.replace("identifierref=\"R\"", "identifierref=\"R\" parameters=\"?lesson=1\"");
    let entry = read(xml.replace("href=\"index", "xml:base='a/' href=\"my%20index").as_bytes()).unwrap().entry;
    assert_eq!(entry.path, "course/content/a/my index.html");
    assert_eq!(entry.suffix, "?lesson=1");
    for (href, words) in [
        ("https://example.com/a", "another server"),
        ("javascript:alert(1)", "another server"),
        ("../../../a.html", "leads out of the package"),
        ("/a.html", "leads out of the package"),
        ("a%2f..%2fb", "no reference to a file"),
    ] {
        check(&xml.replace("index.html", href), words);
    }
}

#[test]
fn one_part_is_played_and_no_other_number() {
    let item = r#"<item identifierref="R"><title>Part</title></item>"#;
    check(&of(&item.repeat(3), RESOURCE), "3 parts");
    check(&of("<item><title>Heading</title></item>", RESOURCE), "no item that can be launched");
    check(&of(r#"<item identifierref="S"/>"#, RESOURCE), "identifierref \"S\"");
    check(&of(item, &RESOURCE.replace("\"sco\"", "\"asset\"")), "asset");
    check(&of(item, &RESOURCE.replace("href=\"index.html\"", "")), "no item that can be launched");
    let none = one("").replace("organization ", "other ").replace("</organization>", "</other>");
    check(&none, "no organization");
}

#[test]
fn texts_and_encodings_that_are_met() {
    let latin = one("")
        .replace("Fire &amp; water", "Für alle")
        .replace("version=\"1.0\"", "version=\"1.0\" encoding=\"ISO-8859-1\"");
    let expected = Manifest { title: "Für alle".to_owned(), ..manifest() };
    let of_latin: Vec<u8> = latin.chars().map(|c| u8::try_from(c).unwrap()).collect();
    assert_eq!(read(&of_latin).as_ref(), Ok(&expected));
    let units = || std::iter::once('\u{feff}').chain(latin.chars()).map(|c| c as u16);
    assert_eq!(read(&units().flat_map(u16::to_le_bytes).collect::<Vec<_>>()).as_ref(), Ok(&expected));
    assert_eq!(read(&units().flat_map(u16::to_be_bytes).collect::<Vec<_>>()).as_ref(), Ok(&expected));
    assert_eq!(read(format!("\u{feff}{latin}").as_bytes()).as_ref(), Ok(&expected));
    assert_eq!(read(&[&of_latin[..5], &of_latin[60..]].concat()), Err(ManifestError::Encoding));
    let marked = one("").replace("Fire &amp; water", "<![CDATA[Fire & water]]><!-- and more -->");
    assert_eq!(read(marked.as_bytes()), Ok(manifest()));
}

#[test]
fn what_is_said_has_limits() {
    let data = |length: usize| one(&format!("<adlcp:dataFromLMS>{}</adlcp:dataFromLMS>", "é".repeat(length)));
    assert!(read(data(LAUNCH_DATA_CHARS_MAX).as_bytes()).is_ok());
    check(&data(LAUNCH_DATA_CHARS_MAX + 1), "4096 characters");
    for score in ["101", "-1", "eighty", "1e1", "NaN"] {
        check(&one(&format!("<adlcp:masteryscore>{score}</adlcp:masteryscore>")), "not a number from 0 to 100");
    }
    let title = one("").replace("Fire &amp; water", &"é".repeat(300));
    assert_eq!(read(title.as_bytes()).unwrap().title.chars().count(), TITLE_CHARS);
}

const TITLE_CHARS: usize = crate::edition::TITLE_CHARS_MAX;

#[test]
fn what_is_not_xml_or_not_a_manifest_is_refused() {
    check("", "one element at its root");
    check("<html/>", "not <html>");
    check("hello", "one element at its root");
    check(&format!("{0}{0}", one("").split_once("?>").unwrap().1), "one element at its root");
    check("<manifest>", "in the middle");
    check("<manifest></wrong>", "not well-formed");
    check("<manifest a=1/>", "not well-formed");
    check("<manifest a='1' a='2'/>", "there twice");
    check(&one("").replace("&amp;", "&nbsp;"), "the entity \"nbsp\"");
    check(&one("").replace("&amp;", "&"), "not well-formed");
}
