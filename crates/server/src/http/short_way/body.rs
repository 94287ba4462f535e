//! Bodies that are short, and have arrived together with the head of their request.
use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http_body_util::{BodyExt as _, BodyStream, StreamBody};

/// The length of the longest of them. It has fewer members than a body may have (`http/json`).
const LONGEST: u64 = 4096;

/// Takes the body of a request, if it is such a one. Of any other, no byte is lost to the request.
pub(super) fn take_short(request: &mut Request) -> Option<Bytes> {
    let body = request.body_mut();
    let length = body.size_hint().exact().filter(|length| (1..=LONGEST).contains(length))?;
    let first = body.frame().now_or_never()?;
    let bytes = first.as_ref().and_then(|first| first.as_ref().ok()?.data_ref());
    let whole = bytes.filter(|bytes| u64::try_from(bytes.len()).is_ok_and(|all| all == length) && body.is_end_stream());
    if let Some(whole) = whole {
        return Some(whole.clone());
    }
    let rest = BodyStream::new(std::mem::take(body));
    *body = Body::new(StreamBody::new(stream::iter(first).chain(rest)));
    None
}
