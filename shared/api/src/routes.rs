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

macro_rules! methods {
    ($($method:ident $name:ident),+) => {$(
        /// Adds a route for this method.
        #[must_use]
        #[track_caller]
        fn $method<H: Handler<T, Services>, T: 'static>(
            self,
            path: &'static str,
            handler: H,
            describe: impl FnOnce() -> Call,
        ) -> Self {
            let method = Method {
                name: stringify!($name),
                filter: MethodFilter::$name,
            };
            self.route(method, path, handler, describe)
        }
    )+};
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

    methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);
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
