//! Addresses that pages are asked to lead on to.

/// The first page.
pub(crate) const HOME: &str = "/console";

/// Where the provider leads back to.
pub(crate) const WAY_BACK: &str = "/console/signed-in";

/// The page to go on to: one of the console's, whatever the address says.
pub(crate) fn own_page(to: Option<&str>) -> String {
    let is_own = |to: &&str| {
        let rest = to.strip_prefix(HOME);
        let inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        // An address that is still encoded may hide another one; `..` would leave the console.
        let path = to.split('?').next().unwrap_or_default();
        inside && plain && !path.contains("//") && !path.contains("..") && !path.contains('%')
    };
    to.filter(is_own).unwrap_or(HOME).to_owned()
}

/// The page that a link brought along to go back to, if it did; or else this one.
pub(crate) fn back_or(back: Option<&str>, page: String) -> String {
    back.map_or(page, |back| own_page(Some(back)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r92_signing_in_leads_to_pages_of_the_console_and_nowhere_else() {
        for own in [
            "/console",
            "/console?a=b",
            "/console/imports/x-1/companies?tab=in&search=a%20b",
        ] {
            assert_eq!(own_page(Some(own)), own);
        }
        let others = [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/consoleevil",
            "/console@evil.example",
            "/console.evil.example",
            "/console//evil.example",
            "/console/../x",
            "/console/%2e%2e/x",
            "/console/%2f%2fevil",
            "/console/\\evil",
            "/console/\tevil",
            "/console/\r\nset-cookie: a=b",
            "javascript:alert(1)",
            "data:text/html,x",
            " /console",
            "/Console",
            "/console/é",
            "console",
            "./console",
            "http:/console",
            "/console/..//evil",
        ];
        for other in others {
            assert_eq!(own_page(Some(other)), "/console", "{other:?}");
        }
        assert_eq!(own_page(None), "/console");
        let list = || "/console/list".to_owned();
        for (brought, leads) in [
            (None, "/console/list"),
            (Some("/console/list?after=a"), "/console/list?after=a"),
            (Some("https://evil.example"), "/console"),
        ] {
            assert_eq!(back_or(brought, list()), leads);
        }
    }
}
