//! Field names to places in a table, found by the number that a name has: most names of an event are
//! none that a mapping knows, and are told to be so without being looked at.

use crate::name::Name;
use crate::{Event, Value};

/// The names that some mappings look for, each with its place.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By the number of a name: its place and one; zero if it is not looked for.
    numbered: Vec<u32>,
    /// Those that have no number.
    others: Vec<(Name, usize)>,
    count: usize,
}

impl Names {
    /// The place of a name; the same name has the same place.
    pub(super) fn place(&mut self, name: &str) -> usize {
        let name = Name::new(name);
        if let Some(known) = self.find(&name) {
            return known;
        }
        let place = self.count;
        self.count += 1;
        match (number(&name), u32::try_from(self.count)) {
            (Some(number), Ok(and_one)) => {
                if self.numbered.len() <= number {
                    self.numbered.resize(number + 1, 0);
                }
                if let Some(numbered) = self.numbered.get_mut(number) {
                    *numbered = and_one;
                }
            }
            _ => self.others.push((name, place)),
        }
        place
    }

    #[inline]
    pub(super) fn find(&self, name: &Name) -> Option<usize> {
        match number(name) {
            Some(number) => usize::try_from(*self.numbered.get(number)?).ok()?.checked_sub(1),
            None => self.others.iter().find(|(known, _)| known == name).map(|(_, place)| *place),
        }
    }

    /// The values that an event has for these names, each at its place.
    pub(super) fn values<'e>(&self, event: &'e Event) -> Vec<Option<&'e Value>> {
        let mut values = vec![None; self.count];
        for (name, value) in event.named_fields() {
            if let Some(place) = self.find(name)
                && let Some(place) = values.get_mut(place)
            {
                *place = Some(value);
            }
        }
        values
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }
}

#[inline]
fn number(name: &Name) -> Option<usize> {
    usize::try_from(name.number()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Name, Names};

    #[test]
    fn each_name_has_its_place() {
        let long = "x".repeat(1000);
        let mut names = Names::default();
        assert_eq!(names.find(&Name::new("a")), None);
        let places: Vec<_> =
            ["a", "b", "", "a", "event.dataset", &long, &long].map(|name| names.place(name)).to_vec();
        assert_eq!(places, [0, 1, 2, 0, 3, 4, 4]);
        let find = |name: &str| names.find(&Name::new(name));
        assert_eq!((find("event.dataset"), find("event.datasets"), find(&long)), (Some(3), None, Some(4)));
        assert_eq!(names.len(), 5);
    }
}
