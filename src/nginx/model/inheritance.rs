//! Inheritance: the configuration levels around a directive, and which directives apply there.
//!
//! A directive is inherited from the outer level only if the inner level has none of its name.

use std::rc::Rc;

use crate::nginx::read::directive::Directive;

/// The configuration levels around a directive, from `http` inwards, each with its directives.
#[derive(Clone, Debug)]
pub(crate) struct Inheritance<'d>(Vec<Rc<[&'d Directive]>>);

impl<'d> Inheritance<'d> {
    /// Creates the level of `http`.
    pub(crate) fn http(directives: Vec<&'d Directive>) -> Self {
        Self(vec![directives.into()])
    }

    /// Returns these levels with one more block inside.
    pub(crate) fn within(&self, block: &'d Directive) -> Self {
        let mut levels = self.0.clone();
        levels.push(block.children().iter().collect());
        Self(levels)
    }

    /// Returns the directives of the innermost level.
    pub(crate) fn own_directives(&self) -> impl Iterator<Item = &'d Directive> {
        self.0
            .last()
            .into_iter()
            .flat_map(|level| level.iter().copied())
    }

    /// Returns the directives of `http`.
    pub(crate) fn http_directives(&self) -> impl Iterator<Item = &'d Directive> {
        self.0
            .first()
            .into_iter()
            .flat_map(|level| level.iter().copied())
    }

    /// Returns the directives of the server itself.
    pub(crate) fn server_directives(&self) -> impl Iterator<Item = &'d Directive> {
        self.0
            .get(1)
            .into_iter()
            .flat_map(|level| level.iter().copied())
    }

    /// Returns the parameters of `server_name`, in lower case.
    pub(crate) fn server_names(&self) -> Vec<String> {
        let server_names = self
            .server_directives()
            .filter(|directive| directive.name == "server_name");
        let names = server_names.flat_map(|directive| directive.parameters.iter());
        names.map(|name| name.to_ascii_lowercase()).collect()
    }

    /// Returns the directives in the order in which NGINX runs them: those of the server, then
    /// those of the innermost level.
    pub(crate) fn executed(&self) -> impl Iterator<Item = &'d Directive> {
        let in_location = self.0.len() > 2;
        let own = self.own_directives().filter(move |_| in_location);
        self.server_directives().chain(own)
    }

    /// Returns the directives of the name at the innermost level.
    pub(crate) fn own_all(&self, name: &str) -> Vec<&'d Directive> {
        let own = self.own_directives();
        own.filter(|directive| directive.name == name).collect()
    }

    /// Returns the first directive of the name at the innermost level.
    pub(crate) fn own(&self, name: &str) -> Option<&'d Directive> {
        self.own_all(name).first().copied()
    }

    /// Returns the directives of these names at the innermost level that has any of them.
    pub(crate) fn inherited_all(&self, names: &[&str]) -> Vec<&'d Directive> {
        let named = |level: &Rc<[&'d Directive]>| -> Vec<_> {
            let all = level.iter().copied();
            all.filter(|directive| names.contains(&directive.name.as_str()))
                .collect()
        };
        let mut levels = self.0.iter().rev().map(named);
        levels.find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Returns the directive of the name that applies here.
    pub(crate) fn inherited(&self, name: &str) -> Option<&'d Directive> {
        self.inherited_all(&[name]).first().copied()
    }

    /// Returns the directive of the name that applies here and names a file, unless its path is
    /// empty.
    pub(crate) fn inherited_file(&self, name: &str) -> Option<&'d Directive> {
        self.inherited(name)
            .filter(|directive| !directive.parameter().is_empty())
    }
}

/// The levels of all locations with an upstream.
pub(crate) struct UpstreamLevels<'d>(pub(crate) Vec<Inheritance<'d>>);
