//! Which of an alert's matched events are kept beside it. A rule that fires a million times must cost no
//! more at the end than at the beginning, so an alert keeps its first matches for good, one in a thousand
//! of the further ones, and of the rest the latest. All are counted, and every event itself stays.

use domain::AlertId;
use platform::db::Tx;

use super::{Match, store};
use crate::error::Result;

/// How many of the first matches are kept for good: as many as an incident's timeline takes in.
pub const FIRST: i64 = 2000;
/// How many of the latest are kept beyond those.
pub const LATEST: i64 = 200;
/// One in so many of the others is kept for good.
pub const SAMPLE: i64 = 1000;

/// A match that is kept; with a number if later ones push it out.
pub struct Kept<'m> {
    pub one: &'m Match,
    pub number: Option<i64>,
}

/// Keeps what is to be kept of an alert's new matches. `count` is how many it has with them.
pub async fn keep(tx: &mut Tx, alert: AlertId, count: i64, new: &[Match]) -> Result<()> {
    let kept: Vec<(AlertId, Kept<'_>)> = choose(count, new).map(|kept| (alert, kept)).collect();
    store::insert_matches(tx, &kept).await?;
    if count > FIRST + LATEST {
        store::forget_matches(tx, alert, count - LATEST).await?;
    }
    Ok(())
}

fn choose(count: i64, new: &[Match]) -> impl Iterator<Item = Kept<'_>> {
    let before = count - i64::try_from(new.len()).unwrap_or(i64::MAX);
    (before + 1..).zip(new).filter_map(move |(number, one)| {
        let for_good = number <= FIRST || number % SAMPLE == 0;
        let kept = for_good || number > count - LATEST;
        kept.then_some(Kept { one, number: (!for_good).then_some(number) })
    })
}

/// How an alert with so many matches says which of them it keeps; `None` if it keeps all.
pub fn told(count: i64) -> Option<String> {
    (count > FIRST + LATEST).then(|| {
        format!(
            "All are counted. The first {FIRST}, one in {SAMPLE} of the others and the latest {LATEST} are \
             listed here; every event is kept in its delivery."
        )
    })
}

#[cfg(test)]
mod tests {
    use domain::EventId;
    use jiff::Timestamp;

    use super::*;

    fn matches(from: i64, count: i64) -> Vec<Match> {
        let one = |number| Match {
            event: EventId::try_from(number).unwrap(),
            at: Timestamp::UNIX_EPOCH,
            rule: String::new(),
            found: Vec::new(),
        };
        (from..from + count).map(one).collect()
    }

    #[test]
    fn a_flood_keeps_its_first_its_latest_and_samples() {
        // Chunk by chunk, with what the store would let go of.
        let mut kept: Vec<(i64, Option<i64>)> = Vec::new();
        let mut count = 0;
        for size in [1, 999, 1000, 1000, 50, 150, 10_000, 3, 700] {
            let new = matches(count + 1, size);
            count += size;
            kept.extend(choose(count, &new).map(|kept| (kept.one.event.get(), kept.number)));
            kept.retain(|(_, number)| number.is_none_or(|number| number > count - LATEST));
        }
        let expected: Vec<i64> =
            (1..=count).filter(|n| *n <= FIRST || n % SAMPLE == 0 || *n > count - LATEST).collect();
        assert_eq!(kept.iter().map(|(event, _)| *event).collect::<Vec<_>>(), expected);
    }
}
