//! The way from one page of a list to the next.
use askama::{Template, filters::HtmlSafe};

use crate::http::{error::ApiError, extract::ApiQuery};

/// The place of a page in its list: links to the page before and to the one after, which keep the filter.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/parts/pager.html")]
pub(crate) struct Pager {
    /// The list, with its filter and a question mark or an ampersand at the end.
    list: String,
    offset: u64,
    size: u64,
    shown: u64,
    /// How many rows the whole list has, where that is known.
    total: Option<u64>,
    has_more: bool,
}

impl Pager {
    /// The page of a list that a query asks for: as many rows, from its `offset` on. The other values of the query that
    /// have these keys are its filter.
    ///
    /// # Errors
    /// 400 when the offset is no number.
    pub(crate) fn new(path: &str, query: &ApiQuery, filter: &[&str], size: u64) -> Result<Self, ApiError> {
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for key in filter {
            for value in query.texts(key) {
                kept.append_pair(key, value);
            }
        }
        let kept = kept.finish();
        let separator = if kept.is_empty() { "" } else { "&" };
        let offset = query.number("offset")?.unwrap_or(0);
        Ok(Self { list: format!("{path}?{kept}{separator}"), offset, size, shown: 0, total: None, has_more: false })
    }

    /// How many rows to ask for: one more than the page has, which tells whether there is another page.
    pub(crate) fn limit(&self) -> u64 {
        self.size + 1
    }

    /// How many rows come before.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The rows of the page, of those that came.
    pub(crate) fn cut<T>(&mut self, mut rows: Vec<T>) -> Vec<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        self.has_more = rows.len() > size;
        rows.truncate(size);
        self.shown = rows.len() as u64;
        rows
    }

    /// The rows of the page, of those that came, in a list of so many.
    pub(crate) fn cut_of<T>(&mut self, total: u64, rows: Vec<T>) -> Vec<T> {
        self.total = Some(total);
        self.cut(rows)
    }

    /// The rows of the page, of a list that is there as a whole.
    pub(crate) fn of_all<T>(&mut self, all: impl IntoIterator<Item = T>) -> Vec<T> {
        let number = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let all: Vec<T> = all.into_iter().collect();
        let total = all.len() as u64;
        self.cut_of(total, all.into_iter().skip(number(self.offset)).take(number(self.limit())).collect())
    }

    /// Whether there are rows before.
    pub(crate) fn has_previous(&self) -> bool {
        self.offset > 0
    }

    fn has_next(&self) -> bool {
        self.has_more
    }

    fn previous(&self) -> Option<String> {
        self.has_previous().then(|| format!("{}offset={}", self.list, self.offset.saturating_sub(self.size)))
    }

    fn next(&self) -> Option<String> {
        self.has_next().then(|| format!("{}offset={}", self.list, self.offset + self.size))
    }

    /// Whether the page is behind the end of the list.
    fn is_past_the_end(&self) -> bool {
        self.shown == 0 && self.has_previous()
    }

    /// The first page, which there always is.
    fn first(&self) -> &str {
        self.list.trim_end_matches(['?', '&'])
    }

    fn range(&self) -> String {
        let (first, last) = (self.offset + 1, self.offset + self.shown);
        match self.total {
            Some(total) => format!("{first} to {last} of {total}"),
            None => format!("{first} to {last}"),
        }
    }
}

/// Only escaped text is in it.
impl HtmlSafe for Pager {}
