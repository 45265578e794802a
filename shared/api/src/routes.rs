//! A route is declared once: path, handler, and its description in the OpenAPI document.

use std::panic::Location;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use lambda::Services;
use openapi::{Call, Part};

/// A method of HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    name: &'static str,
    filter: MethodFilter,
}

/// What routes are added to: the router of a function, or its part of the OpenAPI document.
///
/// Each resource adds its own: `pub fn routes<R: Routes>(to: R) -> R`. A router calls no description, so that a compiled function has
/// none of them.
pub trait Routes: Sized {
    /// Adds a route.
    #[must_use]
    #[track_caller]
    fn route<H: Handler<T, Services>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        handler: H,
        describe: impl FnOnce() -> Call,
    ) -> Self;

    /// Adds a route for `GET`.
    #[must_use]
    #[track_caller]
    fn get<H, T>(self, path: &'static str, handler: H, describe: impl FnOnce() -> Call) -> Self
    where
        H: Handler<T, Services>,
        T: 'static,
    {
        self.route(method("GET", MethodFilter::GET), path, handler, describe)
    }

    /// Adds a route for `POST`.
    #[must_use]
    #[track_caller]
    fn post<H, T>(self, path: &'static str, handler: H, describe: impl FnOnce() -> Call) -> Self
    where
        H: Handler<T, Services>,
        T: 'static,
    {
        self.route(method("POST", MethodFilter::POST), path, handler, describe)
    }

    /// Adds a route for `PUT`.
    #[must_use]
    #[track_caller]
    fn put<H, T>(self, path: &'static str, handler: H, describe: impl FnOnce() -> Call) -> Self
    where
        H: Handler<T, Services>,
        T: 'static,
    {
        self.route(method("PUT", MethodFilter::PUT), path, handler, describe)
    }

    /// Adds a route for `PATCH`.
    #[must_use]
    #[track_caller]
    fn patch<H, T>(self, path: &'static str, handler: H, describe: impl FnOnce() -> Call) -> Self
    where
        H: Handler<T, Services>,
        T: 'static,
    {
        self.route(method("PATCH", MethodFilter::PATCH), path, handler, describe)
    }

    /// Adds a route for `DELETE`.
    #[must_use]
    #[track_caller]
    fn delete<H, T>(self, path: &'static str, handler: H, describe: impl FnOnce() -> Call) -> Self
    where
        H: Handler<T, Services>,
        T: 'static,
    {
        self.route(method("DELETE", MethodFilter::DELETE), path, handler, describe)
    }
}

const fn method(name: &'static str, filter: MethodFilter) -> Method {
    Method { name, filter }
}

impl Routes for Router<Services> {
    fn route<H: Handler<T, Services>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        handler: H,
        _describe: impl FnOnce() -> Call,
    ) -> Self {
        Self::route(self, path, on(method.filter, handler))
    }
}

impl Routes for Part {
    #[track_caller]
    fn route<H: Handler<T, Services>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        _handler: H,
        describe: impl FnOnce() -> Call,
    ) -> Self {
        self.with(describe().at(method.name, path, Location::caller().file()))
    }
}
