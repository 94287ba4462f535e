//! Requests whose last byte is held back: the server has read all of it but that, and waits.
use std::{
    convert::Infallible,
    future::Future as _,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Method, Request, header, request},
};
use hyper::body::{Frame, SizeHint};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::support::{Answer, Identity};

/// A request that waits for the last byte of its body.
pub(crate) struct Held {
    last: oneshot::Sender<()>,
    answer: JoinHandle<Answer>,
}

impl Held {
    /// Sends a caller's request but for the last byte of its body, and waits until the server asks for that.
    pub(crate) async fn send(by: &Identity, method: &str, path: &str, body: &str) -> Self {
        Self::send_head(by, head(by, method, path), body).await
    }

    /// The same with a head that the test makes up. The caller's key is not added.
    pub(crate) async fn send_head(by: &Identity, head: request::Builder, body: &str) -> Self {
        let sent = Self::try_send(by, head, body).await;
        sent.unwrap_or_else(|answer| panic!("the body was not read: {} {}", answer.status, answer.body))
    }

    /// The answer, where the server gives one before it has the last byte.
    async fn try_send(by: &Identity, head: request::Builder, body: &str) -> Result<Self, Answer> {
        let (first, last) = body.as_bytes().split_at(body.len() - 1);
        let (asked, is_asked) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let body = LateBody {
            first: Bytes::copy_from_slice(first),
            last: Bytes::copy_from_slice(last),
            asked: Some(asked),
            released: Some(released),
        };
        let head = head.header(header::CONTENT_LENGTH, first.len() + last.len());
        let (by, request) = (by.clone(), head.body(Body::new(body)).unwrap());
        let answer = tokio::spawn(async move { by.send_request(request).await });
        match is_asked.await {
            Ok(()) => Ok(Self { last: release, answer }),
            Err(_) => Err(answer.await.unwrap()),
        }
    }

    /// Sends the last byte.
    pub(crate) async fn complete(self) -> Answer {
        self.last.send(()).unwrap();
        self.answer.await.unwrap()
    }
}

fn head(by: &Identity, method: &str, path: &str) -> request::Builder {
    Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("Coder-Session-Token", &by.key)
        .header(header::CONTENT_TYPE, "application/json")
}

/// A body that says when its reader wants its last byte, and waits before it gives it.
struct LateBody {
    first: Bytes,
    last: Bytes,
    asked: Option<oneshot::Sender<()>>,
    released: Option<oneshot::Receiver<()>>,
}

impl HttpBody for LateBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(mem::take(&mut self.first)))));
        }
        if let Some(asked) = self.asked.take() {
            asked.send(()).unwrap();
        }
        let Some(released) = &mut self.released else { return Poll::Ready(None) };
        ready!(Pin::new(released).poll(context)).unwrap();
        self.released = None;
        Poll::Ready(Some(Ok(Frame::data(mem::take(&mut self.last)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.first.len() + self.last.len()).unwrap())
    }
}
