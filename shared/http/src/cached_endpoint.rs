//! Where a service is: found once, and asked for once more when it seems to have moved.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::refusal::Refusal;

/// Vendors move tenants to another zone or folder. The sign is a refusal that could as well mean wrong credentials, so it is looked
/// into once, not at every refusal: repeated refusals lock accounts.
#[derive(Debug)]
pub struct CachedEndpoint<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    found: Option<Arc<T>>,
    asked_again: bool,
}

impl<T: PartialEq> Default for CachedEndpoint<T> {
    /// Not found yet.
    fn default() -> Self {
        Self(Mutex::new(State {
            found: None,
            asked_again: false,
        }))
    }
}

impl<T: PartialEq> CachedEndpoint<T> {
    /// Where it is. Those who ask at the same time wait for one answer.
    pub async fn find<E>(&self, ask: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let mut state = self.0.lock().await;
        if let Some(found) = &state.found {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(ask.await?);
        state.found = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Makes a call where the service is; a refusal with the status `sign` is repeated where it has moved to, if it has.
    pub async fn call<A, E, Look, Made>(
        &self,
        sign: u16,
        look: impl Fn() -> Look,
        call: impl Fn(Arc<T>) -> Made,
    ) -> Result<A, E>
    where
        E: From<Refusal>,
        Look: Future<Output = Result<T, E>>,
        Made: Future<Output = Result<A, Refusal>>,
    {
        let found = self.find(look()).await?;
        match call(Arc::clone(&found)).await {
            Err(refusal) if refusal.status == Some(sign) => match self.moved(&found, look()).await? {
                Some(moved) => Ok(call(moved).await?),
                None => Err(refusal.into()),
            },
            outcome => Ok(outcome?),
        }
    }

    /// Where it has moved to, if it is no longer where it was when the refused request was made.
    async fn moved<E>(&self, was: &T, ask: impl Future<Output = Result<T, E>>) -> Result<Option<Arc<T>>, E> {
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
        let located = CachedEndpoint::default();
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
        let located = CachedEndpoint::default();
        located.find(at("a")).await.unwrap();
        assert_eq!(located.moved(&"a", at("a")).await.unwrap(), None);
    }
}
