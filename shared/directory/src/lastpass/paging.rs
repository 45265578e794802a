//! Reading a list to its end: in the order of the ids, a page after another, and nothing twice.

use std::collections::HashSet;

use http_client::Endpoint;

use super::client::LastPass;
use super::failure::Failed;
use super::wire::{Object, Page, Record};

/// Rows of a page: the most there can be.
const PAGE_SIZE: &str = "500";

/// How often a list is begun anew whose next page was refused: page tokens may not live long.
const MAX_WALKS: u32 = 3;

impl LastPass {
    /// All records of a list. Whatever a filter of the query is meant to find, the caller compares.
    pub(super) async fn list<R: Record>(
        &self,
        endpoint: &'static Endpoint,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<R::Item>, Failed> {
        let mut walks = 0;
        loop {
            walks += 1;
            match self.walk::<R>(endpoint, path, query).await {
                Err(Walk::TokenRefused) if walks < MAX_WALKS => {}
                // Not as it was refused: that the page is gone says nothing about what is listed.
                Err(Walk::TokenRefused) => return Err(Failed::malformed("a list whose next page is refused")),
                Err(Walk::Failed(failed)) => return Err(failed),
                Ok(items) => return Ok(items),
            }
        }
    }

    async fn walk<R: Record>(
        &self,
        endpoint: &'static Endpoint,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<R::Item>, Walk> {
        let (mut items, mut ids, mut tokens) = (Vec::new(), HashSet::new(), HashSet::new());
        let mut token: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.extend([("max-results", PAGE_SIZE), ("sort", "id:asc")]);
            query.extend(token.as_deref().map(|token| ("page-token", token)));
            let page: Result<Object<Page<R>>, Failed> = self.get(endpoint, path, &query).await;
            let Object(page) = page.map_err(|failed| match failed {
                Failed::Rejected(..) | Failed::NotFound(_) if token.is_some() => Walk::TokenRefused,
                failed => Walk::Failed(failed),
            })?;
            let before = ids.len();
            for Object(record) in page.items.unwrap_or_default() {
                let is_new = record.id().is_none_or(|id| ids.insert(id.clone()));
                if is_new {
                    items.extend(record.read().map_err(Walk::Failed)?);
                }
            }
            token = page.next_page_token.filter(|token| !token.is_empty());
            let Some(next) = &token else { return Ok(items) };
            // Else this would go on for ever.
            if ids.len() == before || !tokens.insert(next.clone()) {
                return Err(Walk::Failed(Failed::malformed("a list that does not go on")));
            }
        }
    }
}

/// Why a walk ended early.
enum Walk {
    /// A page was refused that was asked for by its token.
    TokenRefused,
    Failed(Failed),
}
