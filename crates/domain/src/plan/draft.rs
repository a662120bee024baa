//! How a version of the plan that is being written comes into force: it is written, waits for the word of
//! each role that approves, and is published, sent back or given up. Nobody is the only judge of their own
//! text while somebody else could judge it.

use serde::{Deserialize, Serialize};

use super::RoleKey;
use crate::UserId;
use crate::words::words;

words! {
    pub enum DraftStatus, "status of a draft" {
        Writing: "writing", "Being written";
        Waiting: "waiting", "Waiting for approval";
        Published: "published", "Published";
        Discarded: "discarded", "Discarded";
    }
}

/// One approving role with whoever may speak for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub role: RoleKey,
    pub people: Vec<UserId>,
}

/// A yes that was given for a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub role: RoleKey,
    pub by: UserId,
}

/// Why somebody's word does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("You hold none of the roles that approve the plan.")]
    NoSeat,
    #[error("You wrote in this draft, and somebody else can approve it; ask them.")]
    OwnText,
    #[error("Your word is given already; the others' are awaited.")]
    Given,
}

/// The roles for which this person may say yes now.
///
/// # Errors
/// If there are none: because the person holds no approving role, because the text is their own and another
/// holder of the role did not write in it, or because they spoke already.
pub fn speaks_for(
    person: UserId,
    authors: &[UserId],
    seats: &[Seat],
    words: &[Word],
) -> Result<Vec<RoleKey>, Refusal> {
    let held: Vec<&Seat> = seats.iter().filter(|seat| seat.people.contains(&person)).collect();
    if held.is_empty() {
        return Err(Refusal::NoSeat);
    }
    let open: Vec<&Seat> =
        held.into_iter().filter(|seat| words.iter().all(|word| word.role != seat.role)).collect();
    if open.is_empty() {
        return Err(Refusal::Given);
    }
    let wrote = authors.contains(&person);
    let free = |seat: &&Seat| !wrote || seat.people.iter().all(|other| authors.contains(other));
    let roles: Vec<RoleKey> = open.into_iter().filter(free).map(|seat| seat.role.clone()).collect();
    if roles.is_empty() { Err(Refusal::OwnText) } else { Ok(roles) }
}

/// Whether each role has spoken.
pub fn given(seats: &[Seat], words: &[Word]) -> bool {
    !seats.is_empty() && seats.iter().all(|seat| words.iter().any(|word| word.role == seat.role))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: i64) -> UserId {
        number.try_into().unwrap()
    }

    fn seat(role: &str, people: &[i64]) -> Seat {
        Seat { role: role.parse().unwrap(), people: people.iter().copied().map(user).collect() }
    }

    #[test]
    fn an_author_approves_only_where_nobody_else_could() {
        let two = [seat("sponsor", &[1, 2])];
        assert_eq!(speaks_for(user(1), &[user(1)], &two, &[]), Err(Refusal::OwnText));
        assert_eq!(speaks_for(user(2), &[user(1)], &two, &[]).unwrap().len(), 1);
        assert_eq!(speaks_for(user(3), &[user(1)], &two, &[]), Err(Refusal::NoSeat));
        let one = [seat("sponsor", &[1])];
        assert_eq!(speaks_for(user(1), &[user(1)], &one, &[]).unwrap().len(), 1);
        // When both wrote in it, either may speak: otherwise nobody could.
        assert!(speaks_for(user(2), &[user(1), user(2)], &two, &[]).is_ok());
    }

    #[test]
    fn each_role_speaks_once() {
        let seats = [seat("sponsor", &[1]), seat("counsel", &[2])];
        let word = |role: &str, by| Word { role: role.parse().unwrap(), by: user(by) };
        let words = [word("sponsor", 1)];
        assert!(!given(&seats, &words));
        assert_eq!(speaks_for(user(1), &[], &seats, &words), Err(Refusal::Given));
        assert!(given(&seats, &[word("sponsor", 1), word("counsel", 2)]));
        assert!(!given(&[], &[]), "nobody's word is no approval");
    }
}
