//! `Link` headers.

use crate::query::parameters::Parameters;
use crate::switches::{ForwardOnlyEnd, Switches};

/// What links are made from: the address as asked, without the query, and the parameters.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Scheme, host and path.
    pub address: &'a str,
    /// The parameters.
    pub parameters: &'a Parameters,
}

impl Asked<'_> {
    fn link(&self, parameter: &str, value: i64, relation: &str) -> String {
        format!(
            "<{}?{}>; rel=\"{relation}\"",
            self.address,
            self.parameters.with_last(parameter, value)
        )
    }

    /// The links of a page by number; none where the header is left out.
    pub fn by_number(&self, page: usize, last: usize, switches: &Switches) -> Option<String> {
        let left_out = match last {
            1 => !switches.link_on_single_page,
            last => page >= last && !switches.link_on_last_page,
        };
        if left_out {
            return None;
        }
        let first = (page > 1 || switches.first_link_on_first_page).then_some((1, "first"));
        let previous = (page > 1).then(|| (page.min(last + 1) - 1, "prev"));
        let next = (page < last).then_some((page + 1, "next"));
        let links = [next, Some((last, "last")), first, previous].into_iter().flatten();
        let links = links.map(|(page, relation)| self.link("page", i64::try_from(page).unwrap_or(i64::MAX), relation));
        Some(links.collect::<Vec<_>>().join(", "))
    }

    /// The link of a forward-only page: the header is always there, and empty at the end.
    pub fn forward(&self, after: i64, last_id: Option<i64>, more: bool, end: ForwardOnlyEnd) -> String {
        let ended = match end {
            ForwardOnlyEnd::LastPage => !more,
            ForwardOnlyEnd::EmptyPage => last_id.is_none(),
            ForwardOnlyEnd::Never => false,
        };
        if ended {
            String::new()
        } else {
            self.link("pageId", last_id.unwrap_or(after), "next")
        }
    }
}
