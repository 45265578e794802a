//! Links between the pages of a list. The API gives a cursor to what follows only, so each address carries those of the pages before.

use super::frame::query;
use crate::fields::Fields;
use crate::views::List;

/// Stands for the first page, which has no cursor.
const FIRST: &str = "-";

/// How many pages can be gone back; behind them the way leads to the first one.
const FARTHEST: usize = 20;

/// Where to go from a page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pages {
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl Pages {
    /// `here` is where the list is, `kept` what all of its pages have in common, `fields` what this page was asked by.
    pub fn new(here: &str, kept: &[(&str, &str)], fields: &Fields, next: Option<&str>) -> Self {
        let address = |before: &[&str], after: &str| {
            let mut pairs = kept.to_vec();
            let far = before.len().saturating_sub(FARTHEST);
            pairs.extend(before[far..].iter().map(|cursor| ("before", *cursor)));
            pairs.push(("after", if after == FIRST { "" } else { after }));
            format!("{here}?{}", query(&pairs))
        };
        let before: Vec<&str> = fields.all("before").collect();
        let own = fields.get("after");
        let previous = own.map(|_| match before.split_last() {
            Some((last, rest)) => address(rest, last),
            None => address(&[], FIRST),
        });
        let mut behind = before;
        behind.push(own.unwrap_or(FIRST));
        Self {
            previous,
            next: next.map(|next| address(&behind, next)),
        }
    }
}

/// A list, and where its other pages are.
pub(super) struct Listed<T> {
    pub items: Vec<T>,
    pub pages: Pages,
}

impl<T> Listed<T> {
    pub fn new(list: List<T>, here: &str, fields: &Fields) -> Self {
        Self {
            pages: Pages::new(here, &[], fields, list.next.as_deref()),
            items: list.items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(address: &str) -> Fields {
        let query = address.split_once('?').unwrap().1;
        Fields(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    #[test]
    fn r90_the_way_back_through_a_list_is_the_way_there() {
        let at = |address: &str, next| Pages::new("/list", &[("status", "new")], &fields(address), next);
        let first = "/list?status=new";
        let second = at(first, Some("a")).next.unwrap();
        let third = at(&second, Some("b")).next.unwrap();
        assert_eq!(third, "/list?status=new&before=-&before=a&after=b");
        assert_eq!(
            at(&third, None),
            Pages {
                previous: Some(second.clone()),
                next: None
            }
        );
        assert_eq!(at(&second, None).previous.unwrap(), first);
        assert_eq!(at(first, None).previous, None);
    }

    #[test]
    fn r90_far_down_the_way_back_leads_to_the_first_page_at_last() {
        let mut address = "/list?".to_owned();
        for page in 0..50 {
            address = Pages::new("/list", &[], &fields(&address), Some(&page.to_string()))
                .next
                .unwrap();
        }
        assert!(address.len() < 300, "{address}");
        let mut pages = 0;
        while let Some(previous) = Pages::new("/list", &[], &fields(&address), None).previous {
            address = previous;
            pages += 1;
        }
        assert_eq!((pages, address.as_str()), (21, "/list?"));
    }
}
