//! One event as the tests see it: fields by number instead of by name, and their texts folded at
//! most once, when first asked for.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use telemetry::{Event, Format, Value};

use crate::pattern::fold;

/// The field names that rules ask for, numbered.
#[derive(Default)]
pub(crate) struct FieldNames {
    ids: HashMap<Box<str>, u32>,
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

/// The texts of a value: none for null, several for a list.
pub(crate) enum Texts<'e> {
    None,
    One(Cow<'e, str>),
    Many(Vec<Cow<'e, str>>),
}

impl<'e> Texts<'e> {
    pub fn of(value: &'e Value) -> Texts<'e> {
        match value {
            Value::List(items) => {
                let mut texts = Vec::with_capacity(items.len());
                gather(items, &mut texts);
                Texts::Many(texts)
            }
            value => value.as_text().map_or(Texts::None, Texts::One),
        }
    }

    fn folded(&self) -> Texts<'e> {
        match self {
            Texts::None => Texts::None,
            Texts::One(text) => Texts::One(fold_cow(text)),
            Texts::Many(texts) => Texts::Many(texts.iter().map(fold_cow).collect()),
        }
    }

    pub fn as_slice(&self) -> &[Cow<'e, str>] {
        match self {
            Texts::None => &[],
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }
}

fn gather<'e>(items: &'e [Value], texts: &mut Vec<Cow<'e, str>>) {
    for item in items {
        match item {
            Value::List(inner) => gather(inner, texts),
            value => texts.extend(value.as_text()),
        }
    }
}

fn fold_cow<'e>(text: &Cow<'e, str>) -> Cow<'e, str> {
    match text {
        Cow::Borrowed(text) => fold(text),
        Cow::Owned(text) => Cow::Owned(fold(text).into_owned()),
    }
}

/// A field of the event that some rule asks for.
pub(crate) struct Slot<'e> {
    pub value: &'e Value,
    texts: OnceCell<Texts<'e>>,
    folded: OnceCell<Texts<'e>>,
}

impl<'e> Slot<'e> {
    fn new(value: &'e Value) -> Slot<'e> {
        Slot { value, texts: OnceCell::new(), folded: OnceCell::new() }
    }

    pub fn texts(&self, cased: bool) -> &[Cow<'e, str>] {
        let as_written = || self.texts.get_or_init(|| Texts::of(self.value));
        let texts = if cased { as_written() } else { self.folded.get_or_init(|| as_written().folded()) };
        texts.as_slice()
    }
}

/// A text of the event that keyword searches look at.
pub(crate) struct Spoken<'e> {
    /// The field it stands in; `None` for the record itself.
    pub field: Option<&'e str>,
    pub text: Cow<'e, str>,
}

pub(crate) struct View<'e, 's> {
    event: &'e Event,
    slots: Vec<Slot<'e>>,
    /// By field number, the place in `slots` plus one; zero is absent.
    places: &'s [u32],
    spoken: OnceCell<Vec<Spoken<'e>>>,
    spoken_folded: OnceCell<Vec<Spoken<'e>>>,
}

impl<'e, 's> View<'e, 's> {
    /// `places` is borrowed so that it need not be allocated for each event; it is overwritten.
    pub fn new(event: &'e Event, names: &FieldNames, places: &'s mut Vec<u32>) -> View<'e, 's> {
        places.clear();
        places.resize(names.len(), 0);
        let mut slots: Vec<Slot<'e>> = Vec::with_capacity(48);
        for (name, value) in event.fields() {
            if let Some(id) = names.ids.get(name)
                && let Some(place) = usize::try_from(*id).ok().and_then(|id| places.get_mut(id))
            {
                slots.push(Slot::new(value));
                *place = u32::try_from(slots.len()).unwrap_or(0);
            }
        }
        View { event, slots, places, spoken: OnceCell::new(), spoken_folded: OnceCell::new() }
    }

    pub fn field(&self, id: u32) -> Option<&Slot<'e>> {
        let place = *self.places.get(usize::try_from(id).ok()?)?;
        self.slots.get(usize::try_from(place).ok()?.checked_sub(1)?)
    }

    /// Whether the event has fields within this one, as objects have that were flattened.
    pub fn has_within(&self, name: &str) -> bool {
        self.event
            .fields()
            .any(|(known, _)| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Every text of the event: the values of all fields, and the record itself where it is a line
    /// of text.
    pub fn spoken(&self, cased: bool) -> &[Spoken<'e>] {
        let as_written = || {
            self.spoken.get_or_init(|| {
                let mut all = Vec::new();
                for (name, value) in self.event.fields() {
                    let texts = match Texts::of(value) {
                        Texts::None => Vec::new(),
                        Texts::One(text) => vec![text],
                        Texts::Many(texts) => texts,
                    };
                    all.extend(texts.into_iter().map(|text| Spoken { field: Some(name), text }));
                }
                if self.event.format == Format::Syslog {
                    all.push(Spoken { field: None, text: String::from_utf8_lossy(&self.event.raw) });
                }
                all
            })
        };
        if cased {
            as_written()
        } else {
            self.spoken_folded.get_or_init(|| {
                let fold_one =
                    |spoken: &Spoken<'e>| Spoken { field: spoken.field, text: fold_cow(&spoken.text) };
                as_written().iter().map(fold_one).collect()
            })
        }
    }
}
