//! The description of the API: what the handlers say of themselves, and what holds for all of them.

use std::collections::HashMap;

use contract::api::error::ApiError;
use contract::api::idempotency::{KEY_CHARS_MAX, KEY_HEADER};
use contract::api::{ApiVersion, VERSION_HEADER};
use domain::oauth::Scope;
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder, Schema, Type,
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

/// Adds to every POST that asks for a token that it takes a key.
pub(crate) fn offer_keys(openapi: &mut OpenApi) {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_CHARS_MAX))
        .pattern(Some("^[!-~]+$"));
    let header = ParameterBuilder::new()
        .name(KEY_HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(KEY_DESCRIPTION))
        .schema(Some(key))
        .build();
    for operation in openapi.paths.paths.values_mut().filter_map(|path| path.post.as_mut()) {
        if operation.security.is_some() {
            operation.parameters.get_or_insert_default().push(RefOr::T(header.clone()));
        }
    }
}

/// Takes out that a field is null when nobody sets it. Where it may be null that says nothing, and where it must be set it is wrong.
pub(crate) fn leave_out_empty_defaults(openapi: &mut OpenApi) {
    let schemas = openapi.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for schema in schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        for property in object.properties.values_mut() {
            if let RefOr::T(Schema::Object(field)) = property
                && field.default.as_ref().is_some_and(serde_json::Value::is_null)
            {
                field.default = None;
            }
        }
    }
}

/// Says of the operations whose body may be missing that it may. Where a body may have several encodings, the macro knows only
/// one that must be there and one that may be null.
pub(crate) fn let_bodies_be_absent(openapi: &mut OpenApi) {
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        if operation.operation_id.as_deref() == Some("revoke_token") {
            let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
            body.required = Some(Required::False);
        }
    }
}

/// The paths whose POST takes a key, and the scope that each needs.
pub(crate) fn keyed_posts(openapi: &OpenApi) -> HashMap<String, Option<Scope>> {
    let posts = openapi.paths.paths.iter().filter_map(|(path, item)| Some((path, item.post.as_ref()?)));
    posts.filter(|(_, post)| takes_key(post)).map(|(path, post)| (path.clone(), scope_of(post))).collect()
}

fn takes_key(operation: &Operation) -> bool {
    let is_key = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(header) if header.name == KEY_HEADER);
    operation.parameters.iter().flatten().any(is_key)
}

/// The scope that an operation says that it needs.
fn scope_of(operation: &Operation) -> Option<Scope> {
    let security = serde_json::to_value(&operation.security).expect("the description is made of strings and maps");
    let name = security.pointer("/0/oauth2/0")?.as_str()?.to_owned();
    Some(Scope::read(&name).expect("handlers ask for scopes that there are"))
}

/// An answer that any operation may give.
struct Common {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    applies: fn(&Operation) -> bool,
}

/// What is said of the header on each operation that takes it.
const KEY_DESCRIPTION: &str = "Not in the published API. Names this request, so that it can be sent again when its answer got \
    lost: for 24 hours a request with the same key of the same OAuth client is answered as the first one was, byte for byte, with \
    the header `Idempotent-Replayed: true`, and is not carried out again. Successes and 403, 404 and 409 are kept so; after any other \
    4xx and after a 5xx the request may be sent again with the same key. Refusals of its own: 422 `idempotency_key_reused` when \
    the key came with another path, query, body or portal; 409 `idempotency_key_in_use` with Retry-After while the first request is under \
    way; 409 `idempotency_outcome_unknown` when it was cut off after it was carried out at least in part, and 409 \
    `idempotency_answer_not_kept` when its answer was longer than 64 KiB: look with GET before you try with a new key. Take a \
    random key, such as a UUID.";

const COMMON: [Common; 8] = [
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
        status: "409",
        name: "KeyInUse",
        description: "The first request with this Idempotency-Key is under way, or was cut off, or its answer was not kept.",
        applies: takes_key,
    },
    Common {
        status: "413",
        name: "PayloadTooLarge",
        description: "The body is too long.",
        applies: |operation| operation.request_body.is_some(),
    },
    Common {
        status: "422",
        name: "KeyReused",
        description: "The Idempotency-Key came with another request before.",
        applies: takes_key,
    },
    Common {
        status: "429",
        name: "TooManyRequests",
        description: "Asked too often, or failed to authenticate too often; Retry-After says when to try again.",
        applies: |operation| operation.security.is_some() || operation.operation_id.as_deref() == Some("create_token"),
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
