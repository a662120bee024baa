//! Field names to places in a table, found by a glance at a few of a name's letters: most names of an
//! event are none that a mapping knows, and are told to be so without being hashed.

const BUCKETS: usize = 256;

/// The names that some mappings look for, each with its place.
#[derive(Debug, Default)]
pub(super) struct Names {
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
        let place = self.count;
        if let Some(bucket) = self.buckets.get_mut(bucket(name)) {
            bucket.push((name.into(), place));
            self.count += 1;
        }
        place
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let bucket = self.buckets.get(bucket(name))?;
        bucket.iter().find(|(known, _)| &**known == name).map(|(_, place)| *place)
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }
}

fn bucket(name: &str) -> usize {
    let bytes = name.as_bytes();
    let at = |place: usize| bytes.get(place).copied().map_or(0, usize::from);
    let (length, last) = (bytes.len(), at(bytes.len().wrapping_sub(1)));
    (length * 67 + at(0) * 31 + at(length / 2) * 7 + last) % BUCKETS
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
