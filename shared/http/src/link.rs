//! The `Link` header (RFC 8288), of which only one thing is asked: is there another page? Its address is never followed; it may
//! name a host that credentials must not go to.

/// Whether the header names a next page. Forward-only lists end with a header that is there but empty.
pub fn announces_next(header: &str) -> bool {
    // A target may hold commas and semicolons, but no angle bracket.
    header.split('<').skip(1).any(|link| {
        let (target, parameters) = link.split_once('>').unwrap_or((link, ""));
        let next = |parameter: &str| {
            let parameter = parameter.trim().trim_end_matches(',').trim_end();
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel") && value.split(' ').any(|rel| rel.eq_ignore_ascii_case("next"))
        };
        !target.trim().is_empty() && parameters.split(';').any(next)
    })
}

/// Whether the header is that of a page with a number, which no page of a walk by id has.
pub fn counts_pages(header: &str) -> bool {
    header.split('<').skip(1).any(|link| {
        let target = link.split('>').next().unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        query.split('&').any(|parameter| {
            let name = parameter.split('=').next().unwrap_or_default();
            name.eq_ignore_ascii_case("page")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{announces_next, counts_pages};

    #[test]
    fn a_page_with_a_number_has_links_by_number() {
        for (header, counted) in [
            (
                r#"<https://h/x?pageSize=5&page=2>; rel="next", <https://h/x?pageSize=5&page=4>; rel="last""#,
                true,
            ),
            (r#"<https://h/x?pageId=0&page=1>; rel="last""#, true),
            ("<https://h/x?Page=2>", true),
            (r#"<https://h/x?pageSize=5&pageId=19>; rel="next""#, false),
            (r#"<https://h/page=2?fields=id&pageId=19>; rel="next""#, false),
            (r#"<https://h/x?fields=a%26page=2&pageId=19>; rel="next""#, false),
            ("", false),
            ("page=2", false),
        ] {
            assert_eq!(counts_pages(header), counted, "{header}");
        }
    }

    #[test]
    fn a_next_page_is_one_that_has_an_address() {
        for header in [
            r#"<https://h/x?pageId=5>; rel="next""#,
            "<https://h/x?fields=id,name;x&pageId=5>;rel=next",
            r#"<https://h/x?page=2>; rel="next", <https://h/x?page=4>; rel="last""#,
            r#"<https://h/x?page=4>; rel="last", <https://h/x?page=2>; title="a"; REL="prev next""#,
        ] {
            assert!(announces_next(header), "{header}");
        }
        for header in [
            "",
            "  ",
            "<>; rel=\"next\"",
            r#"<https://h/x?page=4>; rel="last""#,
            r#"<https://h/x?rel=next>; rel="first""#,
            r#"<https://h/x>; title="next""#,
            "garbage; rel=next",
        ] {
            assert!(!announces_next(header), "{header}");
        }
    }
}
