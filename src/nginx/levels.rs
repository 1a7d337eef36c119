//! Inheritance: the blocks around a place, and which directive of them counts there.

use std::rc::Rc;

use super::directive::Directive;

/// The blocks around a place, the outermost first; each as its directives.
#[derive(Clone, Debug)]
pub(super) struct Levels<'d>(Vec<Rc<[&'d Directive]>>);

impl<'d> Levels<'d> {
    /// What stands in `http`.
    pub(super) fn http(directives: Vec<&'d Directive>) -> Self {
        Self(vec![directives.into()])
    }

    /// The same with one more block within.
    pub(super) fn within(&self, block: &'d Directive) -> Self {
        let mut levels = self.0.clone();
        levels.push(block.inner().iter().collect());
        Self(levels)
    }

    /// All that stands in the innermost block itself.
    pub(super) fn all_own(&self) -> impl Iterator<Item = &'d Directive> {
        self.0
            .last()
            .into_iter()
            .flat_map(|level| level.iter().copied())
    }

    /// All that stands in `http`.
    pub(super) fn outermost(&self) -> impl Iterator<Item = &'d Directive> {
        self.0
            .first()
            .into_iter()
            .flat_map(|level| level.iter().copied())
    }

    /// All that stands in the server itself.
    pub(super) fn server(&self) -> impl Iterator<Item = &'d Directive> {
        self.0
            .get(1)
            .into_iter()
            .flat_map(|level| level.iter().copied())
    }

    /// The names of the server, in lower case.
    pub(super) fn server_names(&self) -> Vec<String> {
        let written = self.server().filter(|it| it.name == "server_name");
        let names = written.flat_map(|it| it.words.iter());
        names.map(|name| name.to_ascii_lowercase()).collect()
    }

    /// The directives that NGINX runs, in its order: the server's own directives, then those of the innermost block.
    pub(super) fn executed(&self) -> impl Iterator<Item = &'d Directive> {
        let inner = self.0.len() > 2;
        self.server().chain(self.all_own().filter(move |_| inner))
    }

    /// What stands in the innermost block itself and has the name.
    pub(super) fn own(&self, name: &str) -> Vec<&'d Directive> {
        self.all_own().filter(|it| it.name == name).collect()
    }

    /// The first directive of the name in the innermost block itself.
    pub(super) fn own_one(&self, name: &str) -> Option<&'d Directive> {
        self.own(name).first().copied()
    }

    /// All directives of these names in the nearest block that has any of them.
    pub(super) fn nearest(&self, names: &[&str]) -> Vec<&'d Directive> {
        let of = |level: &Rc<[&'d Directive]>| -> Vec<_> {
            let all = level.iter().copied();
            all.filter(|it| names.contains(&it.name.as_str())).collect()
        };
        let mut levels = self.0.iter().rev().map(of);
        levels.find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The directive of the name that counts here.
    pub(super) fn one(&self, name: &str) -> Option<&'d Directive> {
        self.nearest(&[name]).first().copied()
    }

    /// The same of one that names a file; an empty path is none.
    pub(super) fn file(&self, name: &str) -> Option<&'d Directive> {
        self.one(name).filter(|it| !it.word().is_empty())
    }
}
