//! Tests of the layers of the source: they read every import.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, mem,
    path::Path,
};

use syn::{
    Attribute, Item, ItemMod, ItemUse, UseTree,
    visit::{self, Visit},
};

/// The modules of `src` from top to bottom; each imports only from later lines.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["doctor"],
    &["nginx", "server"],
    &["connection"],
    &["http"],
    &["owner"],
    &["sites"],
    &["pages", "transport", "upstream"],
    &["access", "acme", "devices"],
    &["events"],
    &["tls"],
    &["authority", "telemetry"],
    &["config"],
    &[
        "clock",
        "fields",
        "html",
        "private_file",
        "recent_map",
        "watched",
    ],
    &["regular_file"],
    &["file_access"],
];

/// The segments of a path below `src`.
type Module = Vec<String>;

/// The files of the source, each with the files that it imports from.
type Graph = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn each_module_imports_only_from_lower_layers() {
    let layer = |module: &Module| {
        let holds = |layer: &&[&str]| layer.contains(&module[0].as_str());
        let found = LAYERS.iter().position(holds);
        found.unwrap_or_else(|| panic!("{} is in no layer", module[0]))
    };
    for (from, named) in Source::load().graph() {
        for to in named.iter().filter(|to| to.first() != from.first()) {
            let goes_down = to.is_empty() || layer(&from) < layer(to);
            assert!(
                goes_down,
                "{} imports from {}",
                from.join("/"),
                to.join("/")
            );
        }
    }
}

#[test]
fn only_parent_and_child_import_from_each_other() {
    let mut graph = Source::load().graph();
    for (from, named) in &mut graph {
        named.retain(|to| !from.starts_with(to) && !to.starts_with(from));
    }
    // A file that imports from no remaining file is in no circle.
    loop {
        let before = graph.len();
        let remaining: BTreeSet<_> = graph.keys().cloned().collect();
        graph.retain(|_, named| named.iter().any(|to| remaining.contains(to)));
        if graph.len() == before {
            break;
        }
    }
    let files: Vec<_> = graph.keys().map(|file| file.join("/")).collect();
    assert!(files.is_empty(), "in or above a circle: {files:?}");
}

#[test]
fn paths_in_imports_and_code_are_found() {
    let text = "use crate::{a, b::{self, C as D}}; use super::e; mod g { use super::f; }
        #[cfg(test)] mod tests { use crate::t; } fn h() -> self::i::J { crate::k::l() }";
    let mut paths = Paths::of(&["x".into(), "y".into()], text);
    paths.sort();
    let read: Vec<_> = paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(
        read,
        ["a", "b", "b::C", "k::l", "x::e", "x::y::f", "x::y::i::J"]
    );
}

/// The texts of all files, by module.
#[derive(Default)]
struct Source(BTreeMap<Module, String>);

impl Source {
    fn load() -> Self {
        let mut source = Self::default();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        source.read(&folder, &mut Vec::new());
        source
    }

    /// Reads the files of a folder and of those below it.
    fn read(&mut self, folder: &Path, module: &mut Module) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                module.push(name);
                self.read(&path, module);
                module.pop();
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let own = (name != "mod").then_some(name);
                let module = module.iter().cloned().chain(own).collect();
                self.0.insert(module, fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// Returns the imports of the files that every build has.
    fn graph(&self) -> Graph {
        let files = self.0.iter().filter(|(module, _)| !is_test(module));
        let imports = files.map(|(module, text)| {
            let paths = Paths::of(module, text).into_iter();
            let files = paths.map(|path| self.file_of(path));
            (module.clone(), files.filter(|to| to != module).collect())
        });
        imports.collect()
    }

    /// Returns the file that contains the item of a path.
    fn file_of(&self, mut path: Module) -> Module {
        while !path.is_empty() && !self.0.contains_key(&path) {
            path.pop();
        }
        path
    }
}

/// Reports whether a file is built for tests and fuzzing only, or is a crate root.
fn is_test(module: &Module) -> bool {
    let is_root = matches!(module[0].as_str(), "lib" | "main" | "layers" | "fuzzing");
    is_root
        || module
            .iter()
            .any(|name| name == "tests" || name == "properties")
}

/// The paths in a file, from the crate root.
struct Paths {
    module: Module,
    found: Vec<Module>,
}

impl Paths {
    fn of(module: &[String], text: &str) -> Vec<Module> {
        let file = syn::parse_file(text).unwrap();
        let mut paths = Self {
            module: module.to_vec(),
            found: Vec::new(),
        };
        paths.visit_file(&file);
        paths.found
    }

    fn add(&mut self, path: &[String]) {
        let supers = path.iter().take_while(|name| *name == "super").count();
        let rest = path.iter().skip(supers.max(1)).cloned();
        let begin = match path[0].as_str() {
            "crate" => 0,
            "self" => self.module.len(),
            "super" => self.module.len() - supers,
            _ => return,
        };
        let begin = self.module[..begin].iter().cloned();
        self.found.push(begin.chain(rest).collect());
    }

    fn add_tree(&mut self, tree: &UseTree, path: &mut Module) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.add_tree(&inner.tree, path);
                path.pop();
            }
            UseTree::Group(group) => {
                let items = group.items.iter();
                items.for_each(|tree| self.add_tree(tree, path));
            }
            UseTree::Name(name) => self.add_name(&name.ident.to_string(), path),
            UseTree::Rename(rename) => self.add_name(&rename.ident.to_string(), path),
            UseTree::Glob(_) => self.add(path),
        }
    }

    fn add_name(&mut self, name: &str, path: &[String]) {
        let own = (name != "self").then(|| name.to_owned());
        let path: Module = path.iter().cloned().chain(own).collect();
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let inner = [&self.module[..], &[item.ident.to_string()]].concat();
        let outer = mem::replace(&mut self.module, inner);
        visit::visit_item_mod(self, item);
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        let names: Module = names.collect();
        if names.len() > 1 {
            self.add(&names);
        }
        visit::visit_path(self, path);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let list = attribute.meta.require_list();
    let is_test = |list: &syn::MetaList| list.tokens.to_string().contains("test");
    attribute.path().is_ident("cfg") && list.is_ok_and(is_test)
}
