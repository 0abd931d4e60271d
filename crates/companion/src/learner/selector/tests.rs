use super::*;

fn payload(fields: &[(&str, &str)]) -> BTreeMap<String, LmsText> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), LmsText::from(*value))).collect()
}

#[track_caller]
fn check(selector: &str, fields: &[(&str, &str)], expected: Option<&str>) {
    let selected = selector.parse::<Selector>().unwrap().select(&payload(fields));
    assert_eq!(selected.as_deref(), expected, "{selector} in {fields:?}");
}

#[test]
fn a_field_is_found_in_either_spelling_and_first_in_the_one_asked_for() {
    for selector in ["cmi.core.student_id", "cmi.learner_id"] {
        check(selector, &[("cmi.core.student_id", "HR-42")], Some("HR-42"));
        check(selector, &[("cmi.learner_id", "HR-42")], Some("HR-42"));
        check(selector, &[(selector, "HR-42"), ("cmi.core.student_id", "a"), ("cmi.learner_id", "b")], {
            Some(if selector == "cmi.learner_id" { "b" } else { "a" })
        });
        check(selector, &[("cmi.student_id", "HR-42")], None);
    }
    check("cmi.comments_from_lms", &[("cmi.comments_from_lms.0.comment", "HR-42")], Some("HR-42"));
    check("cmi.comments_from_lms.0.comment:ref", &[("cmi.comments_from_lms", "ref=HR-42")], Some("HR-42"));
    check("x.employee", &[("x.employee", "7"), ("cmi.learner_id", "8")], Some("7"));
}

#[test]
fn what_is_empty_is_not_an_id_and_white_space_is_not_part_of_one() {
    check("cmi.learner_id", &[("cmi.learner_id", " HR-42\n")], Some("HR-42"));
    check("cmi.learner_id", &[("cmi.learner_id", " ")], None);
    check("cmi.core.student_id", &[("cmi.core.student_id", ""), ("cmi.learner_id", "HR-42")], Some("HR-42"));
    let longest = "é".repeat(EXTERNAL_ID_CHARS_MAX);
    check("cmi.learner_id", &[("cmi.learner_id", &longest)], Some(&longest));
    check("cmi.learner_id", &[("cmi.learner_id", &format!("{longest}x"))], None);
}

#[test]
fn what_was_cut_within_a_character_is_not_an_id() {
    let cut = LmsText::read(r#""HR-42\ud83d""#).unwrap();
    let payload = BTreeMap::from([("cmi.core.student_id".to_owned(), cut)]);
    assert_eq!(Selector::default().select(&payload), None);
}

#[test]
fn a_part_is_found_by_its_key_and_decoded() {
    let check = |data: &str, expected| check("cmi.launch_data:ref", &[("cmi.launch_data", data)], expected);
    check("lo=741712;portal=11861197;ref=HR-42", Some("HR-42"));
    check(" ref = HR-42 ; lo=1", Some("HR-42"));
    check("ref=a%3Bb%3Dc%25;lo=1", Some("a;b=c%"));
    check("ref=a=b", Some("a=b"));
    check("ref=%C3%A9", Some("é"));
    check("ref=50%;lo=1", Some("50%"));
    check("ref=%zz%4", Some("%zz%4"));
    check("ref=%+1", Some("%+1"));
    check("ref=%FF", Some("%FF"));
    check("ref=a;ref=b", Some("a"));
    check("Ref=a;xref=b;re=c;ref", None);
    check("ref=", None);
    check("ref=%20", None);
    check("", None);
}

#[test]
fn a_selector_is_a_field_or_a_part_of_one() {
    for text in ["cmi.core.student_id", "cmi.launch_data:ref", "x", "cmi.interactions.0.id", "adl.nav{a=b}"] {
        assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
    }
    assert_eq!(Selector::default().to_string(), "cmi.core.student_id");
    let names = "names no field: it must be like cmi.core.student_id, or cmi.launch_data:ref for a part of one";
    let keys = "must have one key after the colon, without ':', ';' and '=', as in cmi.launch_data:ref";
    let alone = "is a name, and nobody is known by a name alone";
    for (text, expected) in [
        ("", names),
        (":ref", names),
        ("cmi.launch_data:", keys),
        ("cmi.launch_data:a:b", keys),
        ("cmi.launch_data:a=b", keys),
        ("cmi launch", "has ' ' in it, which no field has"),
        ("cmi.é", "has 'é' in it, which no field has"),
        ("cmi.learner_name", alone),
        ("cmi.core.student_name", alone),
    ] {
        assert_eq!(text.parse::<Selector>().unwrap_err().to_string(), format!("{text:?} {expected}"));
    }
    assert!("x".repeat(SELECTOR_CHARS_MAX).parse::<Selector>().is_ok());
    assert!("x".repeat(SELECTOR_CHARS_MAX + 1).parse::<Selector>().is_err());
}

#[test]
fn the_name_is_only_a_name() {
    assert_eq!(name(&payload(&[("cmi.core.student_name", "Lovelace, Ada ")])), Some("Lovelace, Ada"));
    assert_eq!(name(&payload(&[("cmi.learner_name", "Ada")])), Some("Ada"));
    assert_eq!(name(&payload(&[("cmi.learner_name", " ")])), None);
}
