//! Field names to places in a table, found by a glance at a few of a name's letters: most names of an
//! event are none that a mapping knows, and are told to be so without being hashed.

use crate::{Event, Value};

const BUCKETS: usize = 1024;
const WORDS: usize = BUCKETS / 64;

/// The names that some mappings look for, each with its place.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Which buckets hold anything: a bit each, so that a name that is not looked for costs one look.
    any: [u64; WORDS],
    /// Empty as long as there are no names.
    buckets: Vec<Vec<(Box<str>, usize)>>,
    count: usize,
}

impl Names {
    /// The place of a name; the same name has the same place.
    pub(super) fn place(&mut self, name: &str) -> usize {
        if let Some(known) = self.find(name) {
            return known;
        }
        if self.buckets.is_empty() {
            self.buckets.resize(BUCKETS, Vec::new());
        }
        let (place, at) = (self.count, bucket(name));
        if let (Some(bucket), Some(word)) = (self.buckets.get_mut(at), self.any.get_mut(at / 64)) {
            bucket.push((name.into(), place));
            *word |= 1 << (at % 64);
            self.count += 1;
        }
        place
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let at = bucket(name);
        if self.any.get(at / 64)? & (1 << (at % 64)) == 0 {
            return None;
        }
        let bucket = self.buckets.get(at)?;
        bucket.iter().find(|(known, _)| &**known == name).map(|(_, place)| *place)
    }

    /// The values that an event has for these names, each at its place.
    pub(super) fn values<'e>(&self, event: &'e Event) -> Vec<Option<&'e Value>> {
        let mut values = vec![None; self.count];
        for (name, value) in event.fields() {
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
fn bucket(name: &str) -> usize {
    match name.as_bytes() {
        [first, .., last] => {
            let middle = name.as_bytes().get(name.len() / 2).copied().unwrap_or_default();
            let (first, middle, last) = (usize::from(*first), usize::from(middle), usize::from(*last));
            (name.len() * 67 + first * 31 + middle * 7 + last) % BUCKETS
        }
        short => short.first().map_or(0, |first| usize::from(*first)),
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn each_name_has_its_place() {
        let mut names = Names::default();
        assert_eq!(names.find("a"), None);
        let places: Vec<_> = ["a", "b", "", "a", "event.dataset"].map(|name| names.place(name)).to_vec();
        assert_eq!(places, [0, 1, 2, 0, 3]);
        assert_eq!((names.find("event.dataset"), names.find("event.datasets")), (Some(3), None));
        assert_eq!(names.len(), 4);
    }
}
