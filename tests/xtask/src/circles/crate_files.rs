//! The files of a crate, and which of them names items of which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::paths::{self, Paths};
use super::tokens;

/// Re-exports of re-exports are followed so far.
const MAX_HOPS: usize = 16;

/// A module's place in the crate: `["http", "address"]`; the root is empty.
type Module = Vec<String>;

struct File {
    name: String,
    module: Module,
    paths: Paths,
    /// The names that it defines.
    items: BTreeSet<String>,
}

/// The files of a crate.
pub(super) struct Files {
    files: Vec<File>,
    modules: BTreeMap<Module, usize>,
}

/// Reads a crate; its binary, if it has a library too, is left out, since nothing can name it.
pub(super) fn read(sources: &Path) -> io::Result<Files> {
    let mut found = Vec::new();
    walk(sources, &mut found)?;
    found.sort();
    let library = sources.join("lib.rs").is_file();
    let (mut files, mut tests) = (Vec::new(), Vec::new());
    for path in found {
        let name = path
            .strip_prefix(sources)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        if library && name == "main.rs" || name.starts_with("bin/") {
            continue;
        }
        let module = module(&name);
        let text = fs::read_to_string(&path)?;
        let (tokens, test_modules) = tokens::of_product(&text);
        tests.extend(test_modules.iter().map(|test| child(&module, test)));
        files.push(File {
            name,
            module,
            paths: paths::of(&tokens),
            items: items(&tokens),
        });
    }
    files.retain(|file| !tests.iter().any(|test| file.module.starts_with(test)));
    let modules = files.iter().enumerate();
    let modules = modules.map(|(at, file)| (file.module.clone(), at)).collect();
    Ok(Files { files, modules })
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

fn module(name: &str) -> Module {
    let path = name.trim_end_matches(".rs");
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    let last = module.last().map(String::as_str);
    if last == Some("mod") || matches!(path, "lib" | "main") {
        module.pop();
    }
    module
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

fn items(tokens: &[&str]) -> BTreeSet<String> {
    const KINDS: [&str; 9] = [
        "struct",
        "enum",
        "union",
        "trait",
        "fn",
        "type",
        "const",
        "static",
        "macro_rules",
    ];
    let pairs = tokens.windows(2).filter(|pair| KINDS.contains(&pair[0]));
    pairs.map(|pair| pair[1].to_owned()).collect()
}

impl Files {
    pub(super) fn name(&self, file: usize) -> String {
        self.files[file].name.clone()
    }

    /// For each file the others that it needs.
    pub(super) fn needs(&self) -> Vec<BTreeSet<usize>> {
        let need = |(at, file): (usize, &File)| {
            let own = |path: &[String], import: bool| self.find(&file.module, path, import, 0);
            let imports = file.paths.imports.iter().filter_map(|import| {
                let target = own(&import.path, true)?;
                let below = self.files[target].module.starts_with(&file.module);
                (!import.public || !below).then_some(target)
            });
            let named = file.paths.named.iter().filter_map(|path| own(path, false));
            imports.chain(named).filter(|target| *target != at).collect()
        };
        self.files.iter().enumerate().map(need).collect()
    }

    /// The file that has what a path names, seen from a module. An import may not go through the imports of its own file.
    fn find(&self, from: &[String], path: &[String], import: bool, hops: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let mut at: Module = from.to_vec();
        match first.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop()?;
                if rest.first().is_some_and(|next| next == "super") {
                    return self.find(&at, rest, import, hops);
                }
            }
            name if self.modules.contains_key(&child(from, name)) => at.push(name.to_owned()),
            name => {
                let imported = self.import(from, name).filter(|_| !import && hops < MAX_HOPS)?;
                return self.find(from, &[imported, rest].concat(), true, hops + 1);
            }
        }
        for (depth, segment) in rest.iter().enumerate() {
            let below = child(&at, segment);
            if self.modules.contains_key(&below) {
                at = below;
            } else {
                return self.item(&at, &rest[depth..], hops);
            }
        }
        self.modules.get(&at).copied()
    }

    /// The file of an item of a module: another one if the module only imports it.
    fn item(&self, module: &[String], rest: &[String], hops: usize) -> Option<usize> {
        let file = *self.modules.get(module)?;
        let name = rest.first()?;
        if hops >= MAX_HOPS || self.files[file].items.contains(name) {
            return Some(file);
        }
        if let Some(path) = self.import(module, name) {
            return self.find(module, &[path, &rest[1..]].concat(), true, hops + 1);
        }
        let globs = self.files[file].paths.imports.iter();
        let globs = globs.filter_map(|import| import.path.split_last().filter(|(last, _)| *last == "*"));
        let mut targets = globs.filter_map(|(_, path)| {
            let target = self.find(module, path, true, hops + 1)?;
            self.files[target].items.contains(name).then_some(target)
        });
        targets.next().or(Some(file))
    }

    fn import(&self, module: &[String], name: &str) -> Option<&[String]> {
        let file = &self.files[*self.modules.get(module)?];
        let import = file.paths.imports.iter().find(|import| import.name == name)?;
        Some(&import.path)
    }
}
