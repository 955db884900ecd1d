// SPDX-License-Identifier: MPL-2.0
//! Which modules of the library use which is what docs/architecture.md says, and no files use each other in a circle: of
//! a module that it names as being in order, and of any other crate.
//!
//! What a file uses are the paths in it that begin with `crate`, `super`, `self` or a module that it declares, outside of
//! tests, followed through re-exports to the file that holds the item. Calls of methods are no paths: a method counts for
//! the file that its type stands in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::{files, members, root};

/// A module of a crate, as the names on the way to it; none for `lib.rs`.
type Module = Vec<String>;
/// Modules by the modules that use them.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// What a file says of others.
#[derive(Default)]
struct Source {
    /// Modules that it declares, each in a file of its own.
    children: BTreeSet<String>,
    /// Paths as they are written, and the module that they are written in, which may be one inside of the file.
    paths: Vec<(Module, Vec<String>)>,
    /// Names that it imports, and from where.
    imports: HashMap<String, Vec<String>>,
}

/// Every file of a crate's `src`, by the module that it holds.
struct Crate(BTreeMap<Module, Source>);

impl Crate {
    fn library() -> Self {
        Self::read("src")
    }

    fn read(folder: &str) -> Self {
        let src = root().join(folder);
        let top = if src.join("lib.rs").exists() {
            "lib"
        } else {
            "main"
        };
        let source = |file: std::path::PathBuf| {
            let place = file.strip_prefix(&src).unwrap().with_extension("");
            let mut module: Module = place.iter().map(|p| p.to_str().unwrap().to_owned()).collect();
            module.pop_if(|last| ["mod", top].contains(&last.as_str()));
            let tokens: TokenStream = fs::read_to_string(&file).unwrap().parse().unwrap();
            let mut source = Source::default();
            source.look(tokens, &module);
            (module, source)
        };
        let mut all: BTreeMap<Module, Source> = files(folder, &[".rs"]).into_iter().map(source).collect();
        // Files that hold tests alone are declared for tests only.
        let declared = |module: &Module| {
            (1..=module.len()).all(|n| {
                all.get(&module[..n - 1])
                    .is_some_and(|parent| parent.children.contains(&module[n - 1]))
            })
        };
        let kept: BTreeSet<Module> = all.keys().filter(|m| declared(m)).cloned().collect();
        all.retain(|module, _| kept.contains(module));
        Self(all)
    }

    /// The module in whose file the item of a path stands; `None` for an item of another crate.
    fn origin(&self, from: &[String], path: &[String]) -> Option<Module> {
        let mut at = from.to_vec();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop();
            }
            child => {
                let declares = self.0.get(from).is_some_and(|s| s.children.contains(child));
                return declares.then(|| self.inner(&at, rest));
            }
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|s| s == "super") {
            at.pop();
            rest = &rest[1..];
        }
        Some(self.inner(&at, rest))
    }

    /// Follows a path down from a module, through its files and what they re-export.
    fn inner(&self, from: &[String], path: &[String]) -> Module {
        let mut at = from.to_vec();
        let mut rest = path.iter();
        let mut name = rest.next();
        while let Some(child) = name {
            let mut below = at.clone();
            below.push(child.clone());
            if !self.0.contains_key(&below) {
                break;
            }
            at = below;
            name = rest.next();
        }
        // A module that stands inside of a file belongs to that file.
        while !self.0.contains_key(&at) {
            at.pop();
        }
        let import = name.and_then(|name| self.0[&at].imports.get(name));
        import
            .filter(|import| import.as_slice() != path)
            .and_then(|import| self.origin(&at, import))
            .unwrap_or(at)
    }

    /// The files that a file uses, itself left out.
    fn used_by(&self, module: &[String]) -> BTreeSet<Module> {
        let paths = self.0[module].paths.iter();
        let mut used: BTreeSet<Module> = paths.filter_map(|(from, path)| self.origin(from, path)).collect();
        used.remove(module);
        used
    }

    /// Which modules use which, all files of each taken together.
    fn modules(&self) -> Uses {
        let mut uses = Uses::new();
        for module in self.0.keys() {
            let Some(top) = module.first() else { continue };
            let entry = uses.entry(top.clone()).or_default();
            let used = self.used_by(module).into_iter();
            entry.extend(used.filter_map(|m| m.into_iter().next()).filter(|m| m != top));
        }
        uses
    }

    /// Which files of one module, or of all with `None`, use which of them.
    fn files_of(&self, top: Option<&str>) -> Uses {
        let within = |module: &&Module| top.is_none_or(|top| module.first().is_some_and(|m| m == top));
        let used = |module: &Module| {
            let used = self.used_by(module);
            used.iter().filter(within).map(|m| m.join("/")).collect()
        };
        let files = self.0.keys().filter(within);
        files.map(|module| (module.join("/"), used(module))).collect()
    }
}

impl Source {
    /// Takes in everything of a file, or of a module inside of it, but for its tests.
    fn look(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // What follows is where something is visible: `pub(in crate::module)`.
        if matches!(tokens.first(), Some(TokenTree::Ident(word)) if word == "in") {
            return;
        }
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            match (token, next) {
                (TokenTree::Punct(p), Some(TokenTree::Group(attribute)))
                    if p.as_char() == '#' && is_for_tests(attribute) =>
                {
                    at = after_item(&tokens, at + 2);
                    continue;
                }
                (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if word == "mod" => {
                    match tokens.get(at + 2) {
                        Some(TokenTree::Group(inner)) => {
                            let module = [module, &[name.to_string()]].concat();
                            self.look(inner.stream(), &module);
                        }
                        _ => {
                            self.children.insert(name.to_string());
                        }
                    }
                    at += 3;
                    continue;
                }
                (TokenTree::Ident(word), _) if word == "use" => {
                    let end = at + position(&tokens[at..], ';');
                    let mut found = Vec::new();
                    tree(&tokens[at + 1..end], &[], &mut found);
                    for (path, name) in found {
                        self.imports.insert(name, path.clone());
                        self.paths.push((module.to_vec(), path));
                    }
                    at = end;
                }
                (TokenTree::Ident(_), _) => {
                    let path = path_from(&tokens[at..]);
                    if path.len() > 1 {
                        at += 3 * (path.len() - 1);
                        self.paths.push((module.to_vec(), path));
                    }
                }
                (TokenTree::Group(group), _) => self.look(group.stream(), module),
                _ => {}
            }
            at += 1;
        }
    }
}

fn is_for_tests(attribute: &Group) -> bool {
    attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Where the item that begins at `at`, with its further attributes, is over.
fn after_item(tokens: &[TokenTree], at: usize) -> usize {
    let is_use = |t: &&TokenTree| matches!(t, TokenTree::Ident(word) if *word == "use");
    let to_semicolon = tokens[at..].iter().take(4).any(|t| is_use(&t));
    let ends = |t: &TokenTree| match t {
        TokenTree::Punct(p) => p.as_char() == ';',
        TokenTree::Group(g) => g.delimiter() == Delimiter::Brace && !to_semicolon,
        _ => false,
    };
    let end = tokens[at..].iter().position(ends);
    end.map_or(tokens.len(), |end| at + end + 1)
}

/// Where a character first stands among tokens.
fn position(tokens: &[TokenTree], character: char) -> usize {
    let is = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == character);
    tokens.iter().position(is).unwrap_or(tokens.len())
}

/// The names of the path that tokens begin with.
fn path_from(tokens: &[TokenTree]) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(name), after @ ..] = rest {
        path.push(name.to_string());
        match after {
            [TokenTree::Punct(a), TokenTree::Punct(b), after @ ..]
                if a.as_char() == ':' && b.as_char() == ':' =>
            {
                rest = after;
            }
            _ => break,
        }
    }
    path
}

/// The paths of a `use`, each with the name that it gives.
fn tree(tokens: &[TokenTree], prefix: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let mut rest = tokens;
    while !rest.is_empty() {
        let end = position(rest, ',');
        let (one, after) = (&rest[..end], &rest[(end + 1).min(rest.len())..]);
        rest = after;
        let mut path = [prefix, &path_from(one)].concat();
        match one.last() {
            Some(TokenTree::Group(inner)) => {
                let inner: Vec<TokenTree> = inner.stream().into_iter().collect();
                tree(&inner, &path, found);
            }
            Some(last) => {
                path.pop_if(|last| last == "self");
                let name = match last.to_string().as_str() {
                    "self" => path.last().cloned().unwrap_or_default(),
                    name => name.to_owned(),
                };
                found.push((path, name));
            }
            None => {}
        }
    }
}

/// All that a file uses, directly or through others.
fn reached<'a>(uses: &'a Uses, file: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![file];
    while let Some(at) = open.pop() {
        let next = uses.get(at).into_iter().flatten().map(String::as_str);
        open.extend(next.filter(|next| found.insert(*next)));
    }
    found
}

/// The files that can be come back to from themselves, in groups that hang together.
fn circles(uses: &Uses) -> Vec<BTreeSet<&str>> {
    let all: BTreeMap<&str, BTreeSet<&str>> = uses
        .keys()
        .map(|file| (file.as_str(), reached(uses, file)))
        .collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (file, reached) in all.iter().filter(|(file, reached)| reached.contains(*file)) {
        if !circles.iter().any(|circle| circle.contains(file)) {
            circles.push(
                reached
                    .iter()
                    .filter(|other| all[*other].contains(file))
                    .copied()
                    .collect(),
            );
        }
    }
    circles
}

/// The modules that a text names in backquotes.
fn named<'a>(text: &'a str, known: &'a Uses) -> impl Iterator<Item = &'a str> {
    let words = text.split('`').skip(1).step_by(2);
    words.filter(|word| known.contains_key(*word))
}

fn architecture() -> String {
    fs::read_to_string(root().join("docs/architecture.md")).unwrap()
}

/// What stands below a heading of a page, up to the next one.
fn section_of<'a>(page: &'a str, heading: &str) -> &'a str {
    let below = page.split(heading).nth(1).unwrap();
    below.split("\n#").next().unwrap()
}

/// What docs/architecture.md says of the library's modules.
struct Page {
    /// Rows of modules, the highest first.
    rows: Vec<Vec<String>>,
    /// What each uses.
    uses: Uses,
    /// Modules whose files use each other in one order only.
    ordered: BTreeSet<String>,
}

impl Page {
    fn read(known: &Uses) -> Self {
        let text = architecture();
        let section = section_of(&text, "### Who may use whom");
        let block = section.split("```").nth(1).unwrap();
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        let mut page = Self {
            rows: block.trim().lines().map(words).collect(),
            uses: Uses::new(),
            ordered: BTreeSet::new(),
        };
        for line in section.lines() {
            if let Some(row) = line.strip_prefix('|') {
                let (module, uses) = row.split_once('|').unwrap();
                let uses: BTreeSet<String> = named(uses, known).map(str::to_owned).collect();
                let modules = named(module, known).map(str::to_owned);
                page.uses.extend(modules.map(|module| (module, uses.clone())));
            }
        }
        let ordered = section.split("in one order only").next().unwrap();
        let ordered = ordered.rsplit("\n\n").next().unwrap();
        page.ordered = named(ordered, known).map(str::to_owned).collect();
        page
    }
}

#[test]
fn modules_use_those_that_the_page_says() {
    let library = Crate::library();
    let found = library.modules();
    let page = Page::read(&found);
    for (module, uses) in &found {
        assert_eq!(
            page.uses.get(module),
            Some(uses),
            "docs/architecture.md, `{module}` and what it uses"
        );
    }
}

#[test]
fn modules_use_lower_rows_only() {
    let library = Crate::library();
    let found = library.modules();
    let page = Page::read(&found);
    let row = |module: &String| {
        let row = page.rows.iter().position(|row| row.contains(module));
        row.unwrap_or_else(|| panic!("no row of docs/architecture.md holds `{module}`"))
    };
    let pairs = found
        .iter()
        .flat_map(|(module, uses)| uses.iter().map(move |used| (module, used)));
    let upwards: Vec<(&String, &String)> = pairs.filter(|(module, used)| row(module) >= row(used)).collect();
    assert!(upwards.is_empty(), "{upwards:?}");
}

#[test]
fn files_that_are_said_to_be_in_order_are() {
    let library = Crate::library();
    let page = Page::read(&library.modules());
    assert!(page.ordered.contains("gradient"), "{:?}", page.ordered);
    for module in &page.ordered {
        let files = library.files_of(Some(module));
        let circles = circles(&files);
        assert!(
            circles.is_empty(),
            "files of `{module}` use each other in a circle: {circles:#?}"
        );
    }
}

/// What a module takes from those that it stands in is no circle here, as it would be in the library.
#[test]
fn no_files_of_other_crates_use_each_other_in_a_circle() {
    let mut found = Vec::new();
    for folder in members() {
        let mut files = Crate::read(&format!("{folder}/src")).files_of(None);
        // Of programs that stand alone there is none.
        assert!(files.len() > 3 || folder == "examples", "{folder}: {files:?}");
        for (file, uses) in &mut files {
            uses.retain(|used| !used.is_empty() && !file.starts_with(&format!("{used}/")));
        }
        let circles = circles(&files);
        found.extend(circles.iter().map(|circle| format!("{folder}: {circle:?}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn files_of_gradient_use_lower_rows_or_their_own() {
    let page = architecture();
    let rows: Vec<Vec<&str>> = section_of(&page, "### Inside gradient")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('|'))
        .map(|(files, _)| files.split([' ', ',', '`']).filter(|f| !f.is_empty()).collect())
        .collect();
    let row = |file: &str| {
        let name = file.split('/').nth(1).unwrap_or("mod");
        let [as_file, as_folder] = [format!("{name}.rs"), format!("{name}/")];
        let holds = |row: &Vec<&str>| [name, &as_file, &as_folder].iter().any(|n| row.contains(n));
        let row = rows.iter().position(holds);
        row.unwrap_or_else(|| panic!("no row of docs/architecture.md holds {file} of gradient"))
    };
    let files = Crate::library().files_of(Some("gradient"));
    let upwards: Vec<(&String, &String)> = files
        .iter()
        .flat_map(|(file, uses)| uses.iter().map(move |used| (file, used)))
        .filter(|(file, used)| row(file) > row(used))
        .collect();
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn what_a_file_uses_is_read_from_its_paths() {
    let read = |text: &str| {
        let mut source = Source::default();
        source.look(text.parse().unwrap(), &["a".into(), "b".into()]);
        source
            .paths
            .into_iter()
            .map(|(_, path)| path.join("::"))
            .collect::<Vec<_>>()
    };
    let paths = read(
        "//! crate::comment\n use super::{c::{self, D as E}, f}; mod g; pub(in crate::q) fn h(x: crate::I) { self::j::k::<u8>(x.l) } \
         #[cfg(test)] use super::m; #[cfg(test)] mod tests { use crate::n; } const O: &str = \"crate::p\";",
    );
    assert_eq!(
        paths,
        ["super::c", "super::c::D", "super::f", "crate::I", "self::j::k"]
    );
}
