//! Lists come in pages, each with the cursor of the next. A cursor is opaque to clients.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, Result};

const DEFAULT_LIMIT: u16 = 50;
const LARGEST_LIMIT: u16 = 500;

/// `?cursor=…&limit=…`
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where the page begins: the `next` of the page before. Left out for the first page.
    pub cursor: Option<String>,
    /// How many items, 1 to 500; 50 if left out.
    pub limit: Option<u16>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<i64> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=LARGEST_LIMIT => Ok(i64::from(limit)),
            _ => Err(Error::Invalid(format!("`limit` is a number from 1 to {LARGEST_LIMIT}."))),
        }
    }

    /// The cursor's numbers. `N` is how many the list sorts by.
    pub fn position<const N: usize>(&self) -> Result<Option<[i64; N]>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let numbers: Option<Vec<i64>> = cursor.split('.').map(|part| part.parse().ok()).collect();
        let position = numbers.and_then(|numbers| <[i64; N]>::try_from(numbers).ok());
        position
            .map(Some)
            .ok_or_else(|| Error::Invalid("`cursor` is not one that this list gave.".to_owned()))
    }
}

impl PageQuery {
    /// The page of a list that is at hand as a whole. `number` is what its items are known by.
    pub fn cut<T>(&self, mut items: Vec<T>, number: impl Fn(&T) -> i64) -> Result<Page<T>> {
        if let Some([last]) = self.position()? {
            let place = items.iter().position(|item| number(item) == last).ok_or_else(not_ours)?;
            items.drain(..=place);
        }
        Ok(Page::of(items, self.limit()?, |item| [number(item)]))
    }
}

fn not_ours() -> Error {
    Error::Invalid("`cursor` is not one that this list gave.".to_owned())
}

/// How long a text to look for may be, in characters.
const LONGEST_SOUGHT: usize = 200;

/// Refuses a text to look for that is longer than any text in a list: a database would take it for a
/// pattern too complex, or spend its time on it.
pub fn check_sought(text: Option<&str>) -> Result<()> {
    match text {
        Some(text) if text.chars().nth(LONGEST_SOUGHT).is_some() => {
            Err(Error::Invalid(format!("Look for at most {LONGEST_SOUGHT} characters.")))
        }
        _ => Ok(()),
    }
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The next page's cursor; null on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` items from a query that asked for one more.
    pub fn of<const N: usize>(mut items: Vec<T>, limit: i64, position: impl Fn(&T) -> [i64; N]) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| position(last).iter().map(ToString::to_string).collect::<Vec<_>>().join("."));
        Page { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let page = Page::of(vec![(9, 1), (8, 2), (7, 3)], 2, |item| [item.0, item.1]);
        assert_eq!(page.items.len(), 2);
        let query = PageQuery { cursor: page.next, limit: None };
        assert_eq!(query.position::<2>().unwrap(), Some([8, 2]));
        assert!(query.position::<1>().is_err());
        assert!(Page::of(vec![1], 1, |n| [*n]).next.is_none());
    }

    #[test]
    fn a_list_at_hand_is_cut_in_its_own_order() {
        let all = || vec![5, 3, 9, 1];
        let first = PageQuery { cursor: None, limit: Some(2) }.cut(all(), |n| *n).unwrap();
        assert_eq!((first.items, first.next.as_deref()), (vec![5, 3], Some("3")));
        let second = PageQuery { cursor: first.next, limit: Some(2) }.cut(all(), |n| *n).unwrap();
        assert_eq!((second.items, second.next), (vec![9, 1], None));
        assert!(PageQuery { cursor: Some("7".to_owned()), limit: None }.cut(all(), |n| *n).is_err());
    }
}
