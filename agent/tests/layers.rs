//! Imports go one way, by the table "Who may import whom" of `docs/ARCHITECTURE.md`.
//!
//! Each row of the table names a room (a folder or file of `agent/src`) and the rooms that it may import. This
//! test parses every file of `agent/src`, leaves out what is compiled for tests alone, and compares. An import
//! that the table does not allow fails, and so does a row or an entry that no file needs any more. The table
//! must have no circle.

#![allow(clippy::unwrap_used, reason = "an unreadable source file is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, UseTree, visit::Visit};

/// Room to the rooms that it imports.
type Edges = BTreeMap<String, BTreeSet<String>>;

/// The cell of a room that imports no other room.
const NOTHING: &str = "nothing";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The table: the lines between its heading and the next one.
fn allowed() -> Edges {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let section = page.split("## Who may import whom").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut rooms = Edges::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let named = |cell: &str| -> Vec<String> {
            let quoted = cell.split('`').skip(1).step_by(2);
            quoted.map(str::to_owned).collect()
        };
        let room = named(cells[1]).remove(0);
        let imports = named(cells[2]);
        assert!(!imports.is_empty() || cells[2] == NOTHING, "{line}");
        let again = rooms.insert(room.clone(), imports.into_iter().collect());
        assert!(again.is_none(), "{room} has two rows");
    }
    assert!(rooms.len() > 10, "the table was not found");
    rooms
}

/// The room of a module path: the longest row that it begins with.
fn room_of<'a>(rooms: &'a Edges, module: &[String]) -> Option<&'a str> {
    (1..=module.len())
        .rev()
        .find_map(|length| rooms.get_key_value(&module[..length].join("/")))
        .map(|(room, _)| room.as_str())
}

/// Every path of ours that a file names outside its tests, as module paths from the crate's root.
struct Paths<'a> {
    rooms: &'a Edges,
    /// The module of the file, with the inline modules around the place that is visited.
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Paths<'_> {
    /// `crate::a::b` and `super::a`, with `self`, `super` and `crate` resolved; `None` for a path of another
    /// crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.module.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            Some("super") => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            // `use file::lock`, from the module that holds the room `store/file`.
            Some(child) => {
                base.push(child.to_owned());
                if !self.rooms.contains_key(&base.join("/")) {
                    return None;
                }
                rest = &path[1..];
            }
            None => return None,
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn name(&mut self, path: &[String]) {
        if let Some(absolute) = self.absolute(path) {
            self.found.insert(absolute);
        }
    }

    fn name_tree(&mut self, tree: &UseTree, before: &[String]) {
        let longer = |segment: &syn::Ident| {
            let mut path = before.to_vec();
            path.push(segment.to_string());
            path
        };
        match tree {
            UseTree::Path(path) => self.name_tree(&path.tree, &longer(&path.ident)),
            UseTree::Name(name) => self.name(&longer(&name.ident)),
            UseTree::Rename(name) => self.name(&longer(&name.ident)),
            UseTree::Glob(_) => self.name(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.name_tree(tree, before)),
        }
    }

    /// Paths in the arguments of a macro, which are tokens only.
    fn name_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {}
                other => {
                    self.name(&std::mem::take(&mut path));
                    if let TokenTree::Group(group) = other {
                        self.name_tokens(group.stream());
                    }
                }
            }
        }
        self.name(&path);
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.meta.to_token_stream().to_string().contains("test")
    })
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(module) => &module.attrs,
            Item::Fn(function) => &function.attrs,
            Item::Use(import) => &import.attrs,
            Item::Impl(block) => &block.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(module.ident.to_string());
        syn::visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.name_tree(&import.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.name(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.name_tokens(call.tokens.clone());
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The module of a file: `store/tables/mod.rs` is `store::tables`. `None` for tests, and for what fuzz targets alone use.
fn module_of(file: &Path) -> Option<Vec<String>> {
    let file = file.with_extension("");
    let mut module: Vec<String> = file
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if module
        .iter()
        .any(|part| ["tests", "testing", "fuzzing"].contains(&part.as_str()))
    {
        return None;
    }
    module.pop_if(|last| last == "mod" || last == "lib");
    Some(module)
}

/// What the files of `agent/src` import, with one example each.
fn found(rooms: &Edges) -> BTreeMap<(String, String), String> {
    let folder = root().join("agent/src");
    let mut edges = BTreeMap::new();
    for file in sources(&folder) {
        let name = file.strip_prefix(&folder).unwrap();
        let Some(module) = module_of(name) else { continue };
        // The crate's root declares every room and imports none.
        if module.is_empty() {
            continue;
        }
        // Binaries may import every room.
        if module[0] == "main" || module[0] == "bin" {
            continue;
        }
        let from =
            room_of(rooms, &module).unwrap_or_else(|| panic!("{} has no row in the table", name.display()));
        let mut paths = Paths {
            rooms,
            module: module.clone(),
            found: BTreeSet::new(),
        };
        paths.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        for path in &paths.found {
            // `crate::Thing` and paths inside the file's own room are no edges.
            let Some(to) = room_of(rooms, path).filter(|to| *to != from) else {
                continue;
            };
            edges
                .entry((from.to_owned(), to.to_owned()))
                .or_insert_with(|| format!("{} names crate::{}", name.display(), path.join("::")));
        }
    }
    edges
}

#[test]
fn imports_are_those_of_the_table_in_architecture() {
    let allowed = allowed();
    let found = found(&allowed);
    let mut mistakes = Vec::new();
    for ((from, to), example) in &found {
        if !allowed[from].contains(to) {
            mistakes.push(format!("`{from}` may not import `{to}`: {example}"));
        }
    }
    for (from, imports) in &allowed {
        for to in imports {
            assert!(
                allowed.contains_key(to),
                "the row of `{from}` names `{to}`, which has no row"
            );
            if !found.contains_key(&(from.clone(), to.clone())) {
                mistakes.push(format!(
                    "`{from}` does not import `{to}` any more: take it out of its row"
                ));
            }
        }
    }
    assert!(
        mistakes.is_empty(),
        "docs/ARCHITECTURE.md, \"Who may import whom\":\n{}",
        mistakes.join("\n")
    );
}

/// The outermost room: `store` for `store/tables`. Circles are looked for between outermost rooms only, since
/// a room's `mod.rs` and its inner rooms use each other.
fn outer(room: &str) -> &str {
    room.split('/').next().unwrap_or(room)
}

#[test]
fn the_table_has_no_circle() {
    let mut left = Edges::new();
    for (room, imports) in allowed() {
        let below = left.entry(outer(&room).to_owned()).or_default();
        below.extend(
            imports
                .iter()
                .map(|to| outer(to).to_owned())
                .filter(|to| *to != outer(&room)),
        );
    }
    while !left.is_empty() {
        let ground: Vec<String> = left
            .iter()
            .filter(|(_, imports)| imports.iter().all(|room| !left.contains_key(room)))
            .map(|(room, _)| room.clone())
            .collect();
        assert!(
            !ground.is_empty(),
            "these rooms import each other in a circle: {:?}",
            left.keys()
        );
        left.retain(|room, _| !ground.contains(room));
    }
}

/// The pure part of the flow: same input, same output, no wait, no I/O.
#[test]
fn assess_and_decide_use_no_runtime_no_client_and_no_database() {
    let folder = root().join("agent/src/heuristic");
    let mut files = sources(&folder.join("assess"));
    files.extend(["decide.rs", "policy.rs"].map(|name| folder.join(name)));
    for file in files {
        let Some(module) = module_of(file.strip_prefix(&folder).unwrap()) else {
            continue;
        };
        let mut crates = Crates::default();
        crates.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        for name in ["tokio", "rusqlite", "reqwest", "axum", "hyper", "futures_util"] {
            assert!(!crates.0.contains(name), "{} uses {name}", module.join("::"));
        }
    }
}

/// The first segment of every path that a file names: these include the crates that it uses.
#[derive(Default)]
struct Crates(BTreeSet<String>);

impl<'ast> Visit<'ast> for Crates {
    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        self.0.insert(path.ident.to_string());
        syn::visit::visit_use_path(self, path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0
            .extend(path.segments.first().map(|segment| segment.ident.to_string()));
        syn::visit::visit_path(self, path);
    }
}
