//! Which rules an event is shown to: those whose log source its own satisfies.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use telemetry::LogSource;

/// Log sources come from outside; more different ones than this are routed anew each time.
const CACHED_SOURCES: usize = 4096;

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
    /// Each distinct log source of a rule, with the rules' numbers.
    buckets: Vec<(LogSource, Vec<u32>)>,
    cache: RwLock<HashMap<LogSource, Arc<[u32]>>>,
}

impl Router {
    pub fn new<'a>(sources: impl Iterator<Item = &'a LogSource>, routing: Routing) -> Router {
        let mut places: HashMap<&LogSource, usize> = HashMap::new();
        let mut buckets: Vec<(LogSource, Vec<u32>)> = Vec::new();
        for (number, source) in (0_u32..).zip(sources) {
            let place = *places.entry(source).or_insert_with(|| {
                buckets.push((source.clone(), Vec::new()));
                buckets.len() - 1
            });
            if let Some((_, rules)) = buckets.get_mut(place) {
                rules.push(number);
            }
        }
        Router { routing, buckets, cache: RwLock::default() }
    }

    /// The rules for events of this source, in their order.
    pub fn rules(&self, source: &LogSource) -> Arc<[u32]> {
        if let Some(rules) = self.cache.read().unwrap_or_else(PoisonError::into_inner).get(source) {
            return Arc::clone(rules);
        }
        let mut rules: Vec<u32> = Vec::new();
        for (wanted, numbers) in &self.buckets {
            if self.satisfies(source, wanted) {
                rules.extend(numbers);
            }
        }
        rules.sort_unstable();
        let rules: Arc<[u32]> = rules.into();
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() < CACHED_SOURCES {
            cache.insert(source.clone(), Arc::clone(&rules));
        }
        rules
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
