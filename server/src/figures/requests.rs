//! Counts and times every request, by the route that took it.
//!
//! Owns the figures of requests. They are found by the route's own method and path, as they stand in the program; of
//! the request itself nothing is looked at but its method, of which there are nine. The first request of a route makes
//! its figures, the others find them: no text is written for a request.

use super::{
    families::{DURATIONS, REQUESTS},
    registry::Registry,
};
use metrics::{Counter, Histogram};
use rocket::{
    Data, Orbit, Request, Response, Rocket,
    fairing::{Fairing, Info, Kind},
    http::Method,
};
use std::{collections::HashMap, sync::OnceLock, time::Instant};

/// The route of what no route took.
const NONE: &str = "none";

/// Of statuses, by their first digit.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug)]
pub(super) struct Requests {
    registry: Registry,
    /// By the method and the path of a route.
    routes: OnceLock<HashMap<Method, HashMap<String, Figures>>>,
    /// By the method, of what no route took.
    others: HashMap<Method, Figures>,
}

/// Of one method and route.
#[derive(Debug, Default)]
struct Figures {
    classes: [OnceLock<Counter>; CLASSES.len()],
    durations: OnceLock<Histogram>,
}

const METHODS: [Method; 9] = [
    Method::Get,
    Method::Put,
    Method::Post,
    Method::Delete,
    Method::Options,
    Method::Head,
    Method::Trace,
    Method::Connect,
    Method::Patch,
];

impl Requests {
    pub(super) fn new(registry: Registry) -> Self {
        let others = METHODS.into_iter().map(|method| (method, Figures::default())).collect();
        Self { registry, routes: OnceLock::new(), others }
    }

    fn count(&self, request: &Request<'_>, status: u16) {
        let route = request.route().and_then(|route| {
            let figures = self.routes.get()?.get(&route.method)?.get(route.uri.path())?;
            Some((route.method, route.uri.path(), figures))
        });
        let other = || Some((request.method(), NONE, self.others.get(&request.method())?));
        let Some((method, route, figures)) = route.or_else(other) else { return };
        let labels = [("method", method.as_str()), ("route", route)];
        let class = usize::from(status / 100).saturating_sub(1);
        if let (Some(name), Some(counter)) = (CLASSES.get(class), figures.classes.get(class)) {
            let labels = [labels[0], labels[1], ("status", name)];
            counter.get_or_init(|| self.registry.counter(REQUESTS, &labels)).increment(1);
        }
        if let Some(Began(began)) = request.local_cache(|| None::<Began>) {
            let durations = figures.durations.get_or_init(|| self.registry.histogram(DURATIONS, &labels));
            durations.record(began.elapsed());
        }
    }
}

/// When a request came.
struct Began(Instant);

#[rocket::async_trait]
impl Fairing for Requests {
    fn info(&self) -> Info {
        Info { name: "Figures of requests", kind: Kind::Liftoff | Kind::Request | Kind::Response }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let mut routes: HashMap<Method, HashMap<String, Figures>> = HashMap::new();
        for route in rocket.routes() {
            routes.entry(route.method).or_default().entry(route.uri.path().to_owned()).or_default();
        }
        // There is one liftoff.
        let _ = self.routes.set(routes);
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| Some(Began(Instant::now())));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        self.count(request, response.status().code);
    }
}
