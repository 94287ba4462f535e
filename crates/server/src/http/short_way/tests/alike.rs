//! Whatever is asked, both ways answer the same and count the same.
use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::Method,
};
use futures_util::stream;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use proptest::{
    collection::vec,
    option,
    sample::select,
    strategy::{Strategy, ValueTree as _},
    test_runner::{Config, TestRunner},
};

use super::world::{World, fixed_headers};

const CASES: usize = 800;

/// What programs mostly send.
const PLAIN: [&str; 5] = [
    r#"{"checks":{"it":{"action":"read","object":{"resource_type":"workspace","owner_id":"me"}}}}"#,
    r#"{"checks":{"a":{"action":"create","object":{"resource_type":"template"}},"b":{"action":"read","object":{"resource_type":"user"}}}}"#,
    r#"{"checks":{"a":{"action":"read","object":{"resource_type":"workspace","organization_id":"aaaaaaaa-0000-4000-8000-000000000001"}}}}"#,
    r#"{"checks":{"a":{"action":"read","object":{"resource_type":"workspace","any_org":true}}}}"#,
    r#"{"checks":{"a":{"action":"fly","object":{"resource_type":"workspace"}},"<&>":{"action":"read","object":{"resource_type":"moon"}}}}"#,
];

const OTHERS: [&str; 22] = [
    r#"{"checks":{"it":{"action":"read","object":{"resource_type":"workspace"},"colour":1}}}"#,
    r#"{"checks":{"a\u0041":{"action":"read","object":{"resource_type":"workspace","owner_id":"ä\u2028"}}}}"#,
    r#"{"checks":{"a":{"action":"read","object":{"resource_type":"user","resource_id":"aaaaaaaa-0000-4000-8000-000000000001"}}}}"#,
    r#"{"checks":{"a":{"action":"read","object":{"resource_type":"user","resource_id":"x"}}}}"#,
    r#"{"checks":{"a":{"action":"read","object":{"resource_type":""}}}}"#,
    r#"{"checks":{"a":{"action":"read"}}}"#,
    r#"{"checks":{},"subject":{"user":"me"}}"#,
    r#"{"checks":{"a":{"action":"read","object":{"resource_type":"workspace"}}},"subject":{"user":"alice"}}"#,
    r#"{"CHECKS":{"it":{"Action":"read","OBJECT":{"Resource_Type":"workspace"}}},"colour":[1,{"x":null}]}"#,
    r#"{"checks":{"it":{"action":"read","action":"delete","object":{"resource_type":"workspace"}}}}"#,
    r#"{"checks":{"it":{"action":"read","object":{"resource_type":"workspace"}},"it":{"action":"create","object":{"resource_type":"file"}}}}"#,
    r#"{"checks":{"it":{"action":null,"object":{"resource_type":"workspace","owner_id":null}},"no":null}}"#,
    r#"{"checks":{"it":["read",{"resource_type":"workspace"}]}}"#,
    r#"{"checks":[]}"#,
    r#"{"checks":{"it":{"action":7,"object":{"resource_type":"workspace"}}}}"#,
    r#"{"checks":{"it":{"action":"\u0000","object":{"resource_type":"workspace"}}}}"#,
    r#"{"checks":{}} {"more": 1}"#,
    r#"{"checks":{"#,
    "null",
    "[]",
    "  ",
    "",
];

/// A request as it can be sent again.
#[derive(Clone, Debug)]
struct Asked {
    method: Method,
    path: &'static str,
    /// In which headers the key is, and which key.
    places: Vec<(&'static str, usize)>,
    extra: Option<(&'static str, &'static str)>,
    body: String,
    arrives: Arrives,
}

/// How a body arrives.
#[derive(Clone, Copy, Debug)]
enum Arrives {
    AtOnce,
    InParts,
    WithoutLength,
    BrokenOff,
}

/// A body of a known length in several parts, or less than it.
struct Parts {
    parts: Vec<Result<Bytes, std::io::Error>>,
    length: u64,
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let next = (!self.parts.is_empty()).then(|| self.parts.remove(0));
        std::task::Poll::Ready(next.map(|part| part.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

impl Asked {
    fn request(&self, keys: &[String]) -> Request {
        let mut request = Request::builder().method(&self.method).uri(self.path);
        for (place, key) in &self.places {
            let (name, text) = place.split_once('=').unwrap();
            request = request.header(name, text.replace("KEY", &keys[*key]));
        }
        if let Some((name, value)) = self.extra {
            request = request.header(name, value);
        }
        request.body(self.body()).unwrap()
    }

    fn body(&self) -> Body {
        let bytes = Bytes::from(self.body.clone());
        let length = u64::try_from(bytes.len()).unwrap();
        let (one, other) = (bytes.slice(..bytes.len() / 2), bytes.slice(bytes.len() / 2..));
        let broken = || Err(std::io::Error::other("it broke off"));
        match self.arrives {
            Arrives::AtOnce => Body::from(bytes),
            Arrives::InParts => Body::new(Parts { parts: vec![Ok(one), Ok(other)], length }),
            Arrives::WithoutLength => Body::from_stream(stream::iter([Ok::<_, std::io::Error>(bytes)])),
            Arrives::BrokenOff => Body::new(Parts { parts: vec![Ok(one), broken()], length: length.max(1) }),
        }
    }
}

fn asked(keys: usize) -> impl Strategy<Value = Asked> {
    let mostly = |usual: &'static str, others: Vec<&'static str>| {
        option::weighted(0.2, select(others)).prop_map(move |other| other.unwrap_or(usual))
    };
    let me = mostly("/api/v2/users/me", vec!["/api/v2/users/me/", "//api/v2/users/me", "/api/v2/users/ME"])
        .prop_map(|path| (Method::GET, path));
    let others = ["/api/v2/users/me?x=1", "/api/v2/users/me?", "/api/v2/users/owner", "/api/v2/users/%6de", "/nowhere"];
    let others = select(others.to_vec()).prop_map(|path| (Method::GET, path));
    let methods = select(vec![Method::HEAD, Method::POST, Method::OPTIONS]).prop_map(|of| (of, "/api/v2/users/me"));
    let check = mostly("/api/v2/authcheck", vec!["/api/v2/authcheck/", "/api/v2/authcheck?explain=true"])
        .prop_map(|path| (Method::POST, path));
    let line = proptest::prop_oneof![6 => me, 1 => others, 1 => methods, 6 => check];
    let place = mostly(
        "Coder-Session-Token=KEY",
        vec![
            "Authorization=Bearer KEY",
            "Authorization=bearer  KEY ",
            "Authorization=Basic KEY",
            "Cookie=coder_session_token=KEY",
            "X-Other=KEY",
        ],
    );
    let place = (place, 0..keys);
    let places = proptest::prop_oneof![8 => vec(place.clone(), 1), 1 => vec(place, 0..3)];
    let extra = select(vec![
        ("Origin", "https://evil.test"),
        ("Origin", "http://keyfob.test"),
        ("Sec-Fetch-Site", "cross-site"),
        ("X-Coder-Bypass-Ratelimit", "true"),
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "application/json"),
        ("User-Agent", "probe"),
        ("Upgrade", "websocket"),
        ("Cookie", "csrf_token=JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4="),
        ("X-CSRF-TOKEN", "x"),
    ]);
    let long = select(vec![1_000_usize, 1_025, 5_000]).prop_map(|length| {
        let action = "a".repeat(length);
        format!(r#"{{"checks":{{"it":{{"action":"{action}","object":{{"resource_type":"workspace"}}}}}}}}"#)
    });
    let body = proptest::prop_oneof![6 => select(PLAIN.to_vec()).prop_map(str::to_owned), 6 => select(OTHERS.to_vec()).prop_map(str::to_owned), 1 => long];
    let arrives = select(vec![Arrives::InParts, Arrives::WithoutLength, Arrives::BrokenOff]);
    let arrives = option::weighted(0.2, arrives).prop_map(|other| other.unwrap_or(Arrives::AtOnce));
    (line, places, option::weighted(0.3, extra), body, arrives)
        .prop_map(|((method, path), places, extra, body, arrives)| Asked { method, path, places, extra, body, arrives })
}

/// All numbers that count something.
fn counts(world: &World) -> BTreeMap<String, i64> {
    let text = world.server.server.metrics().unwrap();
    let counted = text.lines().filter(|line| line.contains("_total") || line.contains("_count"));
    let counted = counted.filter_map(|line| line.rsplit_once(' ')).filter(|(name, _)| !name.starts_with('#'));
    counted.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// What was counted in between.
fn moved(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    let moved = after.iter().map(|(name, value)| (name.clone(), value - before.get(name).unwrap_or(&0)));
    moved.filter(|(_, by)| *by != 0).collect()
}

#[tokio::test]
async fn the_short_way_answers_as_the_long_way_does() {
    let mut world = World::with(&["--dangerous-disable-rate-limits", "--prometheus-address=127.0.0.1:0"]).await;
    let keys = world.keys().await;
    let cases = asked(keys.len());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let mut short = BTreeMap::new();
    for _ in 0..CASES {
        let asked = cases.new_tree(&mut runner).unwrap().current();
        let start = counts(&world);
        let long = world.send_long(asked.request(&keys)).await;
        let middle = counts(&world);
        let answered = world.send(asked.request(&keys)).await;
        let end = counts(&world);
        *short.entry((asked.method.clone().to_string(), answered.is_short)).or_insert(0) += 1;
        let answer = &answered.answer;
        assert_eq!((answer.status, &answer.body), (long.status, &long.body), "{asked:?}");
        assert_eq!(fixed_headers(&answer.headers), fixed_headers(&long.headers), "{asked:?}");
        assert_eq!(moved(&middle, &end), moved(&start, &middle), "{asked:?}");
    }
    for way in [("GET", true), ("GET", false), ("POST", true), ("POST", false)] {
        let number = short.get(&(way.0.to_owned(), way.1)).copied().unwrap_or_default();
        assert!(number >= 20, "{way:?}: {short:?}");
    }
}
