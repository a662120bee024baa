//! How long searches take on a store, through the same verb that pages and the API call.

use std::time::{Duration, Instant};

use domain::access::Via;
use domain::{Actor, Line, Role, UserId};

use super::chance::Chance;
use super::made;
use crate::app::App;
use crate::error::Result;
use crate::search;

/// A kind of query with its times.
#[derive(Debug, Clone)]
pub struct Measured {
    pub what: &'static str,
    pub example: String,
    /// From the shortest to the longest.
    pub times: Vec<Duration>,
}

impl Measured {
    /// The time that this many of a hundred do not exceed.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let place = (self.times.len() * hundredths).div_ceil(100).saturating_sub(1);
        self.times.get(place).copied().unwrap_or_default()
    }
}

/// Asks each kind of query this many times, as somebody who is no member of anything.
pub async fn measure(app: &App, rounds: u64, seed: u64) -> Result<Vec<Measured>> {
    let reader = Actor::User {
        user: UserId::try_from(i64::from(u32::MAX))?,
        name: Line::new("a name", "Bench")?,
        role: Role::Observer,
        via: Via::Session,
    };
    type Ask = fn(&mut Chance) -> String;
    let kinds: [(&str, Ask); 8] = [
        ("a host", |chance| made::host(chance)),
        ("an address", |chance| format!("203.0.{}.{}", chance.below(256), 1 + chance.below(254))),
        ("the beginning of a hash", |chance| format!("{:010x}", chance.next() >> 24)),
        ("a word in most alerts", |_| "public".to_owned()),
        ("a word not finished", |_| "powersh".to_owned()),
        ("two common words", |_| "encoded harbour".to_owned()),
        ("a phrase", |_| "\"starts a shell\"".to_owned()),
        ("a record's name", |chance| format!("INC-{}", 1 + chance.below(1000))),
    ];
    let mut measured = Vec::new();
    for (what, ask) in kinds {
        let mut chance = Chance::new(seed);
        let (mut times, mut example) = (Vec::new(), String::new());
        for _ in 0..rounds {
            example = ask(&mut chance);
            let begun = Instant::now();
            search::search(app, &reader, &example, None).await?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        measured.push(Measured { what, example, times });
    }
    Ok(measured)
}
