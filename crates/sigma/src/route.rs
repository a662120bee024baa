//! Which rules an event is shown to: those whose log source its own satisfies.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use telemetry::LogSource;

use crate::hash::QuickHasher;

/// Log sources come from outside; each has one place in the memory of those seen.
const SEEN_SOURCES: usize = 256;

/// What to make of a part of the log source that the event does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Routing {
    /// It satisfies no rule that sets this part, so that no rule matches by accident.
    #[default]
    Strict,
    /// It satisfies every rule: for events whose source is unknown.
    Lenient,
}

pub(crate) struct Router {
    routing: Routing,
    /// Each distinct log source of a rule.
    wanted: Vec<LogSource>,
}

/// The routes of sources seen before.
#[derive(Default)]
pub(crate) struct Routes {
    seen: Vec<Option<(LogSource, Arc<[u32]>)>>,
}

impl Router {
    /// The router, and for each distinct log source the numbers of its rules.
    pub fn new<'a>(
        sources: impl Iterator<Item = &'a LogSource>,
        routing: Routing,
    ) -> (Router, Vec<Vec<u32>>) {
        let mut places = std::collections::HashMap::new();
        let mut wanted = Vec::new();
        let mut rules: Vec<Vec<u32>> = Vec::new();
        for (number, source) in (0_u32..).zip(sources) {
            let place = *places.entry(source).or_insert_with(|| {
                wanted.push(source.clone());
                rules.push(Vec::new());
                rules.len() - 1
            });
            if let Some(rules) = rules.get_mut(place) {
                rules.push(number);
            }
        }
        (Router { routing, wanted }, rules)
    }

    /// Which of the log sources of rules events of this source satisfy.
    pub fn route(&self, source: &LogSource, routes: &mut Routes) -> Arc<[u32]> {
        if routes.seen.is_empty() {
            routes.seen.resize(SEEN_SOURCES, None);
        }
        let hash = BuildHasherDefault::<QuickHasher>::default().hash_one(source);
        let place = usize::try_from(hash ^ hash >> 32).unwrap_or(0) % SEEN_SOURCES;
        let Some(seen) = routes.seen.get_mut(place) else { return self.satisfied(source) };
        if let Some((known, route)) = seen
            && known == source
        {
            return Arc::clone(route);
        }
        let route = self.satisfied(source);
        *seen = Some((source.clone(), Arc::clone(&route)));
        route
    }

    fn satisfied(&self, source: &LogSource) -> Arc<[u32]> {
        let wanted = (0_u32..).zip(&self.wanted);
        wanted.filter(|(_, wanted)| self.satisfies(source, wanted)).map(|(number, _)| number).collect()
    }

    fn satisfies(&self, source: &LogSource, wanted: &LogSource) -> bool {
        match self.routing {
            Routing::Strict => source.satisfies(wanted),
            Routing::Lenient => {
                let filled = LogSource {
                    product: source.product.clone().or_else(|| wanted.product.clone()),
                    category: source.category.clone().or_else(|| wanted.category.clone()),
                    service: source.service.clone().or_else(|| wanted.service.clone()),
                };
                filled.satisfies(wanted)
            }
        }
    }
}
