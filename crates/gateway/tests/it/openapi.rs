//! The description of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::app::App;

#[test]
fn the_description_is_as_it_was() {
    let mut description = serde_json::to_value(gateway::router::openapi()).unwrap();
    description["info"]["version"] = Value::from("[version]");
    insta::assert_json_snapshot!(description);
}

#[tokio::test]
async fn the_description_is_served() {
    let app = App::new().await;
    let served: Value = app.anybody().version(None).get("/openapi.json").await.expect(200);
    assert_eq!(served, serde_json::to_value(gateway::router::openapi()).unwrap());
}

#[test]
fn references_lead_somewhere_operations_have_names_and_answers_are_described() {
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let text = description.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
    let mut names = BTreeSet::new();
    for operation in
        description["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{operation}");
        for response in operation["responses"].as_object().unwrap().values() {
            let described = response["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(described || response["$ref"].is_string(), "{operation}");
        }
    }
}
