//! `POST /v2/collections/{collection}/items/add`

use axum::extract::State;
use axum::http::StatusCode;
use contract::api::v2::CollectionItems;
use domain::audit::Action;

use super::parse;
use crate::audit;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Takes content into the library of the caller's portal: its own and its partner's. All of it or none. There is one
/// collection, the library, whatever it is called.
#[utoipa::path(
    post, path = "/v2/collections/{collection}/items/add", operation_id = "v2_add_collection_items", tag = "V2",
    params(("collection" = String, Path, description = "Any name.")),
    request_body = CollectionItems,
    security(("oauth2" = ["lo.write"])),
    responses((status = 204, description = "It is in the library."))
)]
pub(crate) async fn add(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    JsonBody(asked): JsonBody<CollectionItems>,
) -> Result<StatusCode, Refusal> {
    let items = parse::items(&gateway, &caller, asked).await?;
    let now = gateway.now();
    let noted = parse::noted(Action::LibraryAdd, caller.portal_id, &items, now);
    audit::by(&caller, noted, gateway.store.save_library_items(caller.portal_id, &items, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}
