//! Where a PSA is, found once and asked for once more when it seems to have moved.

use std::sync::Arc;

use tokio::sync::Mutex;

/// Both vendors move tenants: Autotask to another zone, `ConnectWise` to another codebase. The sign is a refusal that could as
/// well mean wrong credentials, so it is looked into once, not at every refusal: repeated refusals lock accounts.
pub(crate) struct Located<T>(Mutex<State<T>>);

struct State<T> {
    found: Option<Arc<T>>,
    asked_again: bool,
}

impl<T: PartialEq> Located<T> {
    pub(crate) fn nowhere() -> Self {
        Self(Mutex::new(State {
            found: None,
            asked_again: false,
        }))
    }

    /// Where it is. Those who ask at the same time wait for one answer.
    pub(crate) async fn find<E>(&self, ask: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let mut state = self.0.lock().await;
        if let Some(found) = &state.found {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(ask.await?);
        state.found = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Where it has moved to, if it is no longer where it was when the refused request was made.
    pub(crate) async fn moved<E>(&self, was: &T, ask: impl Future<Output = Result<T, E>>) -> Result<Option<Arc<T>>, E> {
        let mut state = self.0.lock().await;
        if !state.asked_again {
            state.asked_again = true;
            state.found = Some(Arc::new(ask.await?));
        }
        Ok(state.found.clone().filter(|found| **found != *was))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{Ready, ready};

    use super::*;

    fn at(place: &'static str) -> Ready<Result<&'static str, Infallible>> {
        ready(Ok(place))
    }

    #[tokio::test]
    async fn it_is_looked_for_once_and_once_more() {
        let located = Located::nowhere();
        assert_eq!(*located.find(at("a")).await.unwrap(), "a");
        assert_eq!(*located.find(at("b")).await.unwrap(), "a");
        assert_eq!(located.moved(&"a", at("c")).await.unwrap().as_deref(), Some(&"c"));
        assert_eq!(
            located.moved(&"a", at("d")).await.unwrap().as_deref(),
            Some(&"c"),
            "a late refusal"
        );
        assert_eq!(located.moved(&"c", at("d")).await.unwrap(), None, "refused where it is");
        assert_eq!(*located.find(at("e")).await.unwrap(), "c");
    }

    #[tokio::test]
    async fn what_has_not_moved_is_refused_for_another_reason() {
        let located = Located::nowhere();
        located.find(at("a")).await.unwrap();
        assert_eq!(located.moved(&"a", at("a")).await.unwrap(), None);
    }
}
