//! The description of the API: what the handlers say of themselves, and what holds for all of them.

use contract::api::error::ApiError;
use contract::api::{ApiVersion, VERSION_HEADER};
use domain::oauth::Scope;
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};

/// The name under which handlers ask for scopes.
pub(crate) const SECURITY: &str = "oauth2";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Schoolbell",
        description = "Rings when a learner completes a course and when a course is about to go. V3 is chosen by the Api-Version header; V2 has its version in the path."
    ),
    components(schemas(ApiError)),
    modifiers(&Security)
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut OpenApi) {
        let scopes = Scopes::from_iter(Scope::ALL.map(|scope| (scope.as_str(), "")));
        let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", scopes));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme(SECURITY, SecurityScheme::OAuth2(OAuth2::new([flow])));
    }
}

/// What holds for all operations, before any is added.
pub(crate) fn description() -> OpenApi {
    Description::openapi()
}

/// Adds to every operation of V3 that it wants a version.
pub(crate) fn ask_for_version(openapi: &mut OpenApi) {
    let versions =
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(ApiVersion::ALL.map(ApiVersion::as_str)));
    let header = ParameterBuilder::new()
        .name(VERSION_HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some("The version of V3."))
        .schema(Some(versions))
        .build();
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        operation.parameters.get_or_insert_default().push(RefOr::T(header.clone()));
    }
}

/// An answer that any operation may give.
struct Common {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    applies: fn(&Operation) -> bool,
}

const COMMON: [Common; 5] = [
    Common {
        status: "400",
        name: "BadRequest",
        description: "The request is at fault; the message says how and names the field.",
        applies: |operation| operation.parameters.is_some() || operation.request_body.is_some(),
    },
    Common {
        status: "401",
        name: "Unauthorized",
        description: "No good token, or, with the message `Missing scopes`, one that may not do this.",
        applies: |operation| operation.security.is_some(),
    },
    Common {
        status: "413",
        name: "PayloadTooLarge",
        description: "The body is too long.",
        applies: |operation| operation.request_body.is_some(),
    },
    Common { status: "500", name: "Internal", description: "Something is wrong here.", applies: |_| true },
    Common {
        status: "503",
        name: "Unavailable",
        description: "Not available at present; Retry-After says when to try again.",
        applies: |_| true,
    },
];

/// Adds to every operation the answers that any may give, where it does not describe them itself.
pub(crate) fn add_common_answers(openapi: &mut OpenApi) {
    let components = openapi.components.get_or_insert_default();
    for Common { name, description, .. } in COMMON {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ApiError"))).build();
        let response = ResponseBuilder::new().description(description).content("application/json", content).build();
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        for (status, response) in &mut operation.responses.responses {
            describe(status, response);
        }
        for Common { status, name, applies, .. } in COMMON {
            if applies(operation) {
                let common = || RefOr::Ref(Ref::from_response_name(name));
                operation.responses.responses.entry(status.to_owned()).or_insert_with(common);
            }
        }
    }
}

/// Every answer must have a description; where the body says it all, this will do.
fn describe(status: &str, response: &mut RefOr<Response>) {
    if let RefOr::T(response) = response
        && response.description.is_empty()
    {
        response.description = match status {
            "200" => "What was asked for.",
            "201" => "What was made.",
            _ => "Why not.",
        }
        .to_owned();
    }
}

/// The operations of a path.
pub(crate) fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post, &mut path.patch, &mut path.delete, &mut path.put].into_iter().flatten()
}
