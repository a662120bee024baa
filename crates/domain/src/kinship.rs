//! How incidents are to each other: links between two that stay apart, and one that is merged into another
//! for a while. A link is kept once and read from both ends; a merge moves nothing, so that it can be undone.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::words;
use crate::{Error, IncidentId, Result, UserId};

words! {
    /// What one incident is to another, said from the first one's side.
    pub enum LinkKind, "kind of link" {
        Related: "related", "Related to";
        DuplicateOf: "duplicate_of", "Duplicate of";
        CausedBy: "caused_by", "Caused by";
        /// A part of a larger incident, led by itself.
        ChildOf: "child_of", "Child of";
    }
}

impl LinkKind {
    /// The same, said from the other one's side.
    pub const fn reverse_label(self) -> &'static str {
        match self {
            Self::Related => "Related to",
            Self::DuplicateOf => "Has the duplicate",
            Self::CausedBy => "Caused",
            Self::ChildOf => "Parent of",
        }
    }

    /// Whether both ends say the same.
    pub const fn is_mutual(self) -> bool {
        matches!(self, Self::Related)
    }
}

/// Refuses a parent that would make the child its own ancestor. `parents` says who is whose child.
pub fn check_parent(
    child: IncidentId,
    parent: IncidentId,
    parents: &BTreeMap<IncidentId, IncidentId>,
) -> Result<()> {
    let mut above = Some(parent);
    let mut passed = BTreeSet::new();
    while let Some(one) = above {
        if one == child {
            return Err(Error::Circle { child, parent });
        }
        if !passed.insert(one) {
            break;
        }
        above = parents.get(&one).copied();
    }
    Ok(())
}

words! {
    /// What becomes of the members when incidents are merged that are not open to the same people.
    pub enum Membership, "word for the members" {
        /// The members of each belong to both, until the two part.
        Unite: "unite", "Unite the members";
        /// Only who may know of both sees them while they are merged.
        Keep: "keep", "Keep them apart";
    }
}

/// Who may know of an incident: everybody with the right to read incidents, or its members alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readers {
    All,
    Only(BTreeSet<UserId>),
}

impl Readers {
    /// Who may know of this one and of the other.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, one) | (one, Self::All) => one,
            (Self::Only(these), Self::Only(those)) => Self::Only(&these & &those),
        }
    }

    /// Whether all who know of this one may know of the other.
    pub fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) => true,
            (Self::All, Self::Only(_)) => false,
            (Self::Only(these), Self::Only(those)) => these.is_subset(those),
        }
    }
}

/// The narrower of two incidents, where what concerns both is kept so that nobody learns of one through the
/// other: 0 or 1. None where each has readers that the other has not.
pub fn narrower(first: &Readers, second: &Readers) -> Option<usize> {
    if first.within(second) {
        Some(0)
    } else if second.within(first) {
        Some(1)
    } else {
        None
    }
}

/// Two incidents that belong to one family, seen from `one`. `below` says whether `other` is merged into it,
/// be it by way of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kin {
    pub one: IncidentId,
    pub other: IncidentId,
    pub below: bool,
}

/// The pairs that merging `part` into `head` adds. Both stand alone or lead others: `of_head` and `of_part` are
/// what is merged into them already.
pub fn joined(
    head: IncidentId,
    of_head: &[IncidentId],
    part: IncidentId,
    of_part: &[IncidentId],
) -> Vec<Kin> {
    let mut pairs = Vec::new();
    for upper in std::iter::once(&head).chain(of_head) {
        for lower in std::iter::once(&part).chain(of_part) {
            pairs.push(Kin { one: *upper, other: *lower, below: *upper == head });
            pairs.push(Kin { one: *lower, other: *upper, below: false });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inc(number: i64) -> IncidentId {
        IncidentId::try_from(number).unwrap()
    }

    #[test]
    fn a_child_cannot_become_its_own_ancestor() {
        let parents = BTreeMap::from([(inc(3), inc(2)), (inc(2), inc(1))]);
        assert!(check_parent(inc(4), inc(3), &parents).is_ok());
        assert!(check_parent(inc(1), inc(3), &parents).is_err());
        assert!(check_parent(inc(1), inc(1), &BTreeMap::new()).is_err());
        // What is stored wrongly is no endless walk.
        let circle = BTreeMap::from([(inc(1), inc(2)), (inc(2), inc(1))]);
        assert!(check_parent(inc(5), inc(1), &circle).is_ok());
    }

    #[test]
    fn what_concerns_two_is_kept_with_the_narrower() {
        let user = |number| UserId::try_from(number).unwrap();
        let only = |numbers: &[i64]| Readers::Only(numbers.iter().map(|number| user(*number)).collect());
        assert_eq!(narrower(&Readers::All, &only(&[1])), Some(1));
        assert_eq!(narrower(&only(&[1]), &Readers::All), Some(0));
        assert_eq!(narrower(&only(&[1, 2]), &only(&[1])), Some(1));
        assert_eq!(narrower(&only(&[1, 2]), &only(&[1, 3])), None);
        assert_eq!(narrower(&Readers::All, &Readers::All), Some(0));
    }

    /// A family as the store keeps it, and the verbs on it.
    #[derive(Default, Clone, PartialEq, Debug)]
    struct Families(BTreeSet<Kin>);

    impl Families {
        fn below(&self, id: IncidentId) -> Vec<IncidentId> {
            self.0.iter().filter(|kin| kin.one == id && kin.below).map(|kin| kin.other).collect()
        }

        fn is_part(&self, id: IncidentId) -> bool {
            self.0.iter().any(|kin| kin.other == id && kin.below)
        }

        fn merge(&mut self, part: IncidentId, head: IncidentId) {
            let (of_head, of_part) = (self.below(head), self.below(part));
            self.0.extend(joined(head, &of_head, part, &of_part));
        }

        fn part(&mut self, part: IncidentId) {
            let of_part = self.below(part);
            let leaves = |id: IncidentId| id == part || of_part.contains(&id);
            self.0.retain(|pair| leaves(pair.one) == leaves(pair.other));
        }
    }

    proptest! {
        #[test]
        fn a_merge_that_is_undone_leaves_no_trace(merges in prop::collection::vec((1_i64..9, 1_i64..9), 0..12)) {
            let mut families = Families::default();
            let mut done = Vec::new();
            for (part, head) in merges {
                let (part, head) = (inc(part), inc(head));
                if part == head || families.is_part(part) || families.is_part(head) {
                    continue;
                }
                let before = families.clone();
                families.merge(part, head);
                prop_assert!(families.below(head).contains(&part));
                let mut again = families.clone();
                again.part(part);
                prop_assert_eq!(&again, &before);
                done.push((part, before));
            }
            // Also one after the other, the last first.
            for (part, before) in done.into_iter().rev() {
                families.part(part);
                prop_assert_eq!(&families, &before);
            }
        }

        #[test]
        fn everyone_in_a_family_is_kin_of_everyone(merges in prop::collection::vec((1_i64..7, 1_i64..7), 0..9)) {
            let mut families = Families::default();
            for (part, head) in merges {
                let (part, head) = (inc(part), inc(head));
                if part != head && !families.is_part(part) && !families.is_part(head) {
                    families.merge(part, head);
                }
            }
            for head in (1..7).map(inc).filter(|id| !families.is_part(*id)) {
                let mut family = families.below(head);
                family.push(head);
                for one in &family {
                    let kin = families.0.iter().filter(|kin| kin.one == *one).count();
                    prop_assert_eq!(kin, family.len() - 1);
                }
            }
        }
    }
}
