//! One event as the tests see it: fields by number instead of by name.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use telemetry::{Event, Name, Value};

use crate::hash::Quick;
use crate::pattern::fold;

/// The field names that rules ask for, numbered.
#[derive(Default)]
pub(crate) struct FieldNames {
    ids: HashMap<Box<str>, u32, Quick>,
    names: Vec<Box<str>>,
}

impl FieldNames {
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.ids.insert(Box::from(name), id);
        self.names.push(Box::from(name));
        id
    }

    pub fn name(&self, id: u32) -> &str {
        usize::try_from(id).ok().and_then(|id| self.names.get(id)).map_or("", |name| name)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// The texts of a value, folded unless the case matters: none for null, several for a list.
pub(crate) fn texts(value: &Value, cased: bool) -> Vec<Cow<'_, str>> {
    let mut texts = Vec::new();
    gather(value, &mut texts);
    if !cased {
        texts.iter_mut().for_each(fold_in_place);
    }
    texts
}

fn gather<'e>(value: &'e Value, texts: &mut Vec<Cow<'e, str>>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| gather(item, texts)),
        value => texts.extend(value.as_text()),
    }
}

fn fold_in_place(text: &mut Cow<'_, str>) {
    if let Cow::Owned(folded) = fold(text) {
        *text = Cow::Owned(folded);
    }
}

/// A text of the event that keyword searches look at.
pub(crate) struct Spoken<'e> {
    /// The field it stands in; `None` for the record itself.
    pub field: Option<&'e str>,
    pub text: Cow<'e, str>,
}

/// What keyword searches look at, as it stands in the event.
pub(crate) enum Speaks<'e> {
    Field(&'e Value),
    Record(&'e str),
}

/// Where the fields of the event at hand stand in it, by field number; kept between
/// events so that nothing is allocated for it.
#[derive(Default)]
pub(crate) struct Places {
    /// The place plus one; zero is absent.
    places: Vec<u32>,
    /// Those that are not zero.
    taken: Vec<u32>,
    /// By the number of an event's name: [`UNKNOWN`], [`NO_FIELD`], or the number of the field and two.
    known: Vec<u32>,
}

/// Not asked for yet.
const UNKNOWN: u32 = 0;
/// No rule asks for it.
const NO_FIELD: u32 = 1;

impl FieldNames {
    /// The number of an event's name, and a memory of it.
    #[inline]
    fn of(&self, name: &Name, known: &mut Vec<u32>) -> Option<u32> {
        let Some(place) = name.number().and_then(|number| usize::try_from(number).ok()) else {
            return self.ids.get(name.as_str()).copied();
        };
        match known.get(place).copied().unwrap_or(UNKNOWN) {
            UNKNOWN => {
                if known.len() <= place {
                    known.resize(place + 1, UNKNOWN);
                }
                let id = self.ids.get(name.as_str()).copied();
                if let Some(known) = known.get_mut(place) {
                    *known = id.map_or(NO_FIELD, |id| id.saturating_add(2));
                }
                id
            }
            NO_FIELD => None,
            id => Some(id - 2),
        }
    }
}

pub(crate) struct View<'e, 's> {
    event: &'e Event,
    places: &'s [u32],
    spoken: OnceCell<Vec<Spoken<'e>>>,
    spoken_folded: OnceCell<Vec<Spoken<'e>>>,
}

impl<'e, 's> View<'e, 's> {
    pub fn new(event: &'e Event, names: &FieldNames, places: &'s mut Places) -> View<'e, 's> {
        let Places { places, taken, known } = places;
        places.resize(names.len(), 0);
        for id in taken.drain(..) {
            if let Some(place) = usize::try_from(id).ok().and_then(|id| places.get_mut(id)) {
                *place = 0;
            }
        }
        for (and_one, (name, _)) in (1..).zip(event.named_fields()) {
            if let Some(id) = names.of(name, known)
                && let Some(place) = usize::try_from(id).ok().and_then(|id| places.get_mut(id))
            {
                *place = and_one;
                taken.push(id);
            }
        }
        View { event, places, spoken: OnceCell::new(), spoken_folded: OnceCell::new() }
    }

    pub fn field(&self, id: u32) -> Option<&'e Value> {
        let place = *self.places.get(usize::try_from(id).ok()?)?;
        self.event.value_at(usize::try_from(place).ok()?.checked_sub(1)?)
    }

    /// Whether the event has fields within this one, as objects have that were flattened.
    pub fn has_within(&self, name: &str) -> bool {
        self.event
            .fields()
            .any(|(known, _)| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Hands on all that [`View::spoken`] lists, without making the list.
    pub fn each_spoken(&self, mut one: impl FnMut(Speaks<'_>)) {
        self.event.fields().for_each(|(_, value)| one(Speaks::Field(value)));
        if self.event.format.is_plain_text() {
            one(Speaks::Record(&String::from_utf8_lossy(&self.event.raw)));
        }
    }

    /// Every text of the event: the values of all fields, and the record itself where it is a line
    /// of text.
    pub fn spoken(&self, cased: bool) -> &[Spoken<'e>] {
        let as_written = || {
            self.spoken.get_or_init(|| {
                let mut all = Vec::new();
                for (name, value) in self.event.fields() {
                    all.extend(texts(value, true).into_iter().map(|text| Spoken { field: Some(name), text }));
                }
                if self.event.format.is_plain_text() {
                    all.push(Spoken { field: None, text: String::from_utf8_lossy(&self.event.raw) });
                }
                all
            })
        };
        if cased {
            return as_written();
        }
        self.spoken_folded.get_or_init(|| {
            let fold_one = |spoken: &Spoken<'e>| {
                let mut text = spoken.text.clone();
                fold_in_place(&mut text);
                Spoken { field: spoken.field, text }
            };
            as_written().iter().map(fold_one).collect()
        })
    }
}
