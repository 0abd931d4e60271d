//! `GET /package/{id}/{path}`: the files of uploaded packages, chunk by chunk. Who knows the id may have them.

mod range;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::id::PackageId;
use domain::package::CHUNK_BYTES_MAX;
use futures_util::stream;
use store::Store;
use store::error::StoreError;

use self::range::{Range, Wanted};
use crate::player::Player;
use crate::refusal::Refusal;

/// What a browser adds when it fetches the script of a service worker: one would outlive the page, and see other courses.
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");
/// For how long a browser need not ask again: the files of a package never change, but it may be gone.
const CACHING: HeaderValue = HeaderValue::from_static("private, max-age=600");

pub(crate) async fn file(
    State(player): State<Player>,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if headers.contains_key(SERVICE_WORKER) {
        return Err(Refusal::service_worker());
    }
    let id: PackageId = id.parse().map_err(|_| Refusal::not_found())?;
    let package = player.store.find_package(&id).await?.ok_or_else(Refusal::not_found)?;
    if player.store.is_content_removed(package.lo_id, player.now()).await? {
        return Err(Refusal::removed());
    }
    let file = player.store.find_package_file(&id, &path).await?.ok_or_else(Refusal::not_found)?;
    let etag = HeaderValue::from_str(&format!("\"{id}\"")).expect("hex digits are fit for a header");
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let range = headers.get(header::RANGE).filter(|_| headers.get(header::IF_RANGE).is_none_or(|tag| tag == etag));
        match range::read(range, file.bytes) {
            Wanted::All => body(&player, id, path, Range { first: 0, length: file.bytes }),
            Wanted::Part(part) => {
                let mut response = body(&player, id, path, part);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let last = part.first + part.length - 1;
                insert(&mut response, header::CONTENT_RANGE, format!("bytes {}-{last}/{}", part.first, file.bytes));
                response
            }
            Wanted::Nothing => {
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                insert(&mut response, header::CONTENT_RANGE, format!("bytes */{}", file.bytes));
                response
            }
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type()));
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, CACHING);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    Ok(response)
}

fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|known| known == etag || known == "*")
}

fn insert(response: &mut Response, name: HeaderName, value: String) {
    response.headers_mut().insert(name, HeaderValue::try_from(value).expect("numbers are fit for a header"));
}

/// So much of a file, one chunk in memory at a time.
fn body(player: &Player, id: PackageId, path: String, range: Range) -> Response {
    let reader = Reader { store: player.store.clone(), id, path, at: range.first, left: range.length };
    let chunks = stream::try_unfold(reader, async |mut reader| {
        let chunk = reader.next().await?;
        Ok::<_, StoreError>(chunk.map(|chunk| (chunk, reader)))
    });
    let mut response = Body::from_stream(chunks).into_response();
    insert(&mut response, header::CONTENT_LENGTH, range.length.to_string());
    response
}

struct Reader {
    store: Arc<dyn Store>,
    id: PackageId,
    path: String,
    at: u64,
    left: u64,
}

impl Reader {
    /// What is next. A file that is gone half way ends the connection, so that nobody takes half of it for all.
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.left == 0 {
            return Ok(None);
        }
        let size = CHUNK_BYTES_MAX as u64;
        let n = u32::try_from(self.at / size).map_err(|_| StoreError::Conflict)?;
        let read = self.store.read_package_chunk(&self.id, &self.path, n).await?;
        let chunk = Bytes::from(read.ok_or(StoreError::Conflict)?);
        let skipped = (self.at % size) as usize;
        let length = chunk.len().saturating_sub(skipped).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if length == 0 {
            return Err(StoreError::Conflict);
        }
        self.at += length as u64;
        self.left -= length as u64;
        Ok(Some(chunk.slice(skipped..skipped + length)))
    }
}
