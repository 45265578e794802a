//! Finds files of a crate that need each other in a circle: none of them can be read, tested or moved without all others.
//!
//! A file needs another one if it names an item of it. Declaring a module and re-exporting (`pub use`) what is below is no need: that is
//! the crate's table of contents. Tests are left out.

mod crate_files;
mod graph;
mod paths;
mod tokens;

use std::io;
use std::path::Path;

/// The circles of the crate whose sources are in this folder: each the files in it, sorted.
pub fn of(sources: &Path) -> io::Result<Vec<Vec<String>>> {
    let files = crate_files::read(sources)?;
    let needs = files.needs();
    Ok(graph::circles(&needs)
        .into_iter()
        .map(|circle| {
            let mut names: Vec<String> = circle.into_iter().map(|file| files.name(file)).collect();
            names.sort();
            names
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let name = std::thread::current().name().unwrap_or_default().replace("::", "-");
        let folder = std::env::temp_dir().join(format!("circles-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = super::of(&folder).unwrap();
        fs::remove_dir_all(folder).unwrap();
        found
    }

    #[test]
    fn two_files_that_name_each_other_are_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B; fn f() -> Option<super::a::A> { None }"),
        ]);
        assert_eq!(found, [["a.rs", "b.rs"]]);
    }

    #[test]
    fn a_list_of_imports_and_a_re_export_lead_to_the_file_itself() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use b::B;"),
            ("a.rs", "use crate::{B, other::X as Y}; pub struct A(B);"),
            ("b/mod.rs", "mod c; pub use c::*;"),
            ("b/c.rs", "use crate::a::A; pub struct B(A);"),
        ]);
        assert_eq!(found, [["a.rs", "b/c.rs"]]);
    }

    #[test]
    fn a_parent_and_a_child_that_use_each_other_are_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; pub struct A; fn f() { b::g() }"),
            ("a/b.rs", "use super::A; pub fn g() {}"),
        ]);
        assert_eq!(found, [["a.rs", "a/b.rs"]]);
    }

    #[test]
    fn a_visibility_is_no_need() {
        let found = circles(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; fn f() { b::c::g() }"),
            ("a/b.rs", "pub(in crate::a) mod c;"),
            ("a/b/c.rs", "pub(in super::super) fn g() {}"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn declarations_tests_comments_and_texts_are_no_needs() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use a::A; #[cfg(test)] mod tests;"),
            ("tests.rs", "use crate::a::A;"),
            (
                "a.rs",
                "use crate::b::B; pub struct A(B); #[cfg(test)] mod tests { use super::*; fn f() {} }",
            ),
            (
                "b.rs",
                "// crate::a::A\npub struct B; const C: &str = \"crate::a::A\"; const D: &str = r#\"crate::a::A\"#; \
                 #[cfg(test)] mod tests { use crate::a::A; } impl<'a> B { fn f(&'a self) -> char { '\"' } }",
            ),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }
}
