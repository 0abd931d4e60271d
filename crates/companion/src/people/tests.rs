use super::*;

fn ada() -> Person {
    Person {
        portal_id: None,
        external_id: "HR-42".into(),
        email: Some("ada@customer.example".into()),
        name: Some("Ada Lovelace".into()),
    }
}

#[track_caller]
fn check(text: &str, expected: Result<Vec<Person>, &str>) {
    assert_eq!(read(text), expected.map_err(str::to_owned), "{text:?}");
}

#[test]
fn columns_come_in_any_order_and_only_the_id_is_needed() {
    check("external_id,email,name\nHR-42,ada@customer.example,Ada Lovelace\n", Ok(vec![ada()]));
    check("Name;External_ID;portal_id;Email\nAda Lovelace; HR-42 ;;ada@customer.example", Ok(vec![ada()]));
    let bare = Person { email: None, name: None, ..ada() };
    check("external_id\nHR-42\n", Ok(vec![bare.clone()]));
    let of_one_portal = Person { portal_id: Some("11861197".into()), ..bare.clone() };
    check("external_id,portal_id\nHR-42,\nHR-42,11861197", Ok(vec![bare, of_one_portal]));
}

#[test]
fn what_is_wrong_is_said_line_by_line() {
    check("", Err("the list is empty"));
    check("external_id\n", Err("there is nobody in the list"));
    check("HR-42,Ada", Err("the column \"HR-42\" is not known; known are external_id, email, name, portal_id"));
    check("email\na@b.example", Err("the first line must name the columns, external_id among them"));
    check("external_id,email,Email\n", Err("the column \"Email\" is there twice"));
    check(
        "external_id,email\n,a@b.example\nHR-1,ada\nHR-2\nHR-3,\nHR-3,\n",
        Err("line 2: external_id: it is empty; line 3: email: it is no mail address such as ada@example.com; \
             line 4: it has 1 cells, not 2; line 6: external_id: it stands in line 5 already"),
    );
    check(
        "external_id,portal_id\nHR-1,acme.example.com\nHR-2,-1",
        Err("line 2: portal_id: it is no portal id, which is a decimal number; \
             line 3: portal_id: it is no portal id, which is a decimal number"),
    );
    let many = format!("external_id\n{}", "HR-1\n".repeat(50));
    assert_eq!(read(&many).unwrap_err().matches("; ").count() + 1, FAULTS_MAX);
}

#[test]
fn a_list_is_read_up_to_its_limits() {
    let list = |count: usize| (0..count).fold("external_id\n".to_owned(), |list, number| list + &format!("{number}\n"));
    assert_eq!(read(&list(PEOPLE_MAX)).unwrap().len(), PEOPLE_MAX);
    assert_eq!(read(&list(PEOPLE_MAX + 1)), Err(format!("there are more than {PEOPLE_MAX} people")));
    let id = |length: usize| format!("external_id\n{}", "x".repeat(length));
    assert!(read(&id(EXTERNAL_ID_CHARS_MAX)).is_ok());
    assert_eq!(
        read(&id(EXTERNAL_ID_CHARS_MAX + 1)),
        Err("line 2: external_id: it is longer than 4000 characters".into())
    );
    let name = |length: usize| format!("external_id,name\n1,{}", "é".repeat(length));
    assert!(read(&name(TEXT_CHARS_MAX)).is_ok());
    assert_eq!(read(&name(TEXT_CHARS_MAX + 1)), Err("line 2: name: it is longer than 320 characters".into()));
}
