//! From the locations of a server to a site's rule and its paths.
//!
//! A path of hubgate's only tightens the site's rule or opens it to everybody,
//! and takes its own path and all below it, or all that begins with it. So this is a proposal; `proof`
//! finds what it would let in that NGINX does not.

mod path;

pub(super) use self::path::OTHER;
use self::path::{has_exact, has_prefix, is_path, prefix_key};
use super::{
    directive::Directive,
    rule::{Entry, Rule, implies, same},
};

pub(super) use super::{location::Matcher, upstream::Hub};

/// A location as it is judged: who may enter, and what is there.
#[derive(Clone, Debug)]
pub(super) struct Judged<'d> {
    pub(super) matcher: Matcher,
    pub(super) directive: &'d Directive,
    pub(super) around: Vec<usize>,
    pub(super) shielded: bool,
    /// Whether NGINX leads to it from the path without the slash at its end.
    pub(super) leads_on: bool,
    /// Whether all that NGINX does here is to lead to the path with a slash at its end.
    pub(super) adds_slash: bool,
    pub(super) rule: Rule,
    pub(super) target: Target,
}

/// What is at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A hub.
    Hub(Hub),
    /// Nothing: NGINX refuses.
    Closed,
    /// An answer of NGINX's own, or a hub that hubgate cannot reach: no request is forwarded.
    Other,
}

/// A site's rule, its hub and its paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) rule: Rule,
    pub(super) hub: Hub,
    pub(super) paths: Vec<Planned>,
}

/// A path of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) path: String,
    /// Whether it takes all that begins with it.
    pub(super) prefix: bool,
    pub(super) access: Access,
    /// Another hub than the site's, or the site's where nothing else is changed.
    pub(super) hub: Option<Hub>,
    /// Who may enter here, in all.
    rule: Rule,
    /// What is served here.
    serves: Hub,
}

/// What a path changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Inherit,
    Public,
    And(Rule),
}

impl Matcher {
    /// The path of a prefix.
    pub(super) fn prefix(&self) -> Option<&str> {
        match self {
            Self::Prefix(path) => Some(path),
            _ => None,
        }
    }

    /// The path, if it is one.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Prefix(path) | Self::Exact(path) => Some(path),
            _ => None,
        }
    }
}

impl Judged<'_> {
    /// Who reaches something here at all.
    pub(super) fn reached_by(&self) -> &Rule {
        match self.target {
            Target::Hub(_) => &self.rule,
            Target::Closed | Target::Other => &Rule::NOBODY,
        }
    }

    pub(super) fn hub(&self) -> Option<&Hub> {
        match &self.target {
            Target::Hub(hub) => Some(hub),
            _ => None,
        }
    }

    pub(super) fn is_root(&self) -> bool {
        self.matcher.prefix() == Some("/")
    }
}

/// The locations that cannot be said together with the site's rule.
pub(super) type Unsayable = Vec<usize>;

/// A proposal for a server; none when it has no hub at a path that can be named.
///
/// # Errors
/// The locations whose rule neither tightens the site's nor is open.
pub(super) fn propose(places: &[Judged<'_>]) -> Option<Result<Plan, Unsayable>> {
    let root = places.iter().find(|place| place.is_root());
    let named = || places.iter().filter(|place| place.matcher.path().is_some());
    let hub = root
        .and_then(Judged::hub)
        .or_else(|| named().find_map(Judged::hub))?;
    let rule = match site_rule(root, places) {
        Ok(rule) => rule,
        Err(unsayable) => return Some(Err(unsayable)),
    };
    let mut plan = Plan {
        rule,
        hub: hub.clone(),
        paths: Vec::new(),
    };
    let mut sorted: Vec<_> = named().collect();
    // An outer location before those within it, an exact one before the prefix.
    sorted.sort_by_key(|place| {
        (
            place.matcher.path().map(str::len),
            place.matcher.prefix().is_some(),
        )
    });
    sorted.into_iter().for_each(|place| plan.add(place, places));
    plan.paths.sort_by(|a, b| a.path.cmp(&b.path));
    Some(Ok(plan))
}

/// The root's rule, or that of another hub's place, such that all others can be said beside it.
fn site_rule(root: Option<&Judged<'_>>, places: &[Judged<'_>]) -> Result<Rule, Unsayable> {
    let hubs = || {
        places
            .iter()
            .filter(|place| place.hub().is_some() && place.matcher.path().is_some())
    };
    let ordered = root
        .filter(|root| root.hub().is_some())
        .into_iter()
        .chain(hubs());
    let mut candidates: Vec<_> = ordered.flat_map(|place| place.rule.blocks()).collect();
    let open = hubs().any(|place| same(&[&place.rule], &[&Rule::OPEN]));
    candidates
        .retain(|rule| rule.entry != Entry::Nobody && (open || !same(&[rule], &[&Rule::OPEN])));
    let unsayable = |rule: &Rule| -> Unsayable {
        let wrong = |(_, place): &(usize, &Judged<'_>)| {
            place.hub().is_some()
                && place.matcher.path().is_some()
                && block(rule, place.reached_by()).is_none()
        };
        places
            .iter()
            .enumerate()
            .filter(wrong)
            .map(|(nth, _)| nth)
            .collect()
    };
    let found = candidates.iter().find(|rule| unsayable(rule).is_empty());
    match (found, candidates.first()) {
        (Some(rule), _) => Ok(rule.clone()),
        (None, Some(first)) => Err(unsayable(first)),
        (None, None) => Ok(Rule::NOBODY),
    }
}

/// What a path says so that beside the site's rule it comes to the wanted one.
fn block(site: &Rule, wanted: &Rule) -> Option<Access> {
    if same(&[site], &[wanted]) {
        return Some(Access::Inherit);
    }
    if same(&[wanted], &[&Rule::OPEN]) {
        return Some(Access::Public);
    }
    let blocks = wanted.blocks();
    let fits = blocks
        .into_iter()
        .find(|block| same(&[site, block], &[wanted]));
    fits.map(Access::And)
}

impl Plan {
    fn add(&mut self, place: &Judged<'_>, places: &[Judged<'_>]) {
        let Some(path) = place.matcher.path() else {
            return;
        };
        let is_prefix = place.matcher.prefix().is_some() && !path.ends_with('/');
        let (around, serves) = match is_prefix {
            true => self.decided(&format!("{path}{OTHER}")),
            false => self.decided(path),
        };
        let wanted = place.reached_by().clone();
        let hub = place.hub().unwrap_or(&serves).clone();
        let changes = !same(&[&wanted], &[&around]) || hub != serves;
        // A prefix of the same path would take it.
        let is_taken = place.matcher.prefix().is_none() && has_prefix(places, path);
        if !changes && !is_taken {
            return;
        }
        match &place.matcher {
            Matcher::Exact(path) if place.adds_slash && has_prefix(places, &format!("{path}/")) => {
            }
            Matcher::Exact(path) => self.exact(path, (wanted, hub), (around, serves), places),
            _ if is_prefix => self.prefix(path, (wanted, hub), places),
            _ => {
                let differs = !implies(&[&around], &[&wanted]) || hub != serves;
                let key = prefix_key(path, differs && place.leads_on, places);
                self.emit(&key, false, wanted, hub);
            }
        }
    }

    /// `= /x`, and what is below it as it was.
    fn exact(&mut self, path: &str, here: (Rule, Hub), around: (Rule, Hub), places: &[Judged<'_>]) {
        let tightens = implies(&[&here.0], &[&around.0]);
        if path == "/" || path.ends_with('/') && !tightens {
            return;
        }
        self.emit(path, false, here.0, here.1);
        let below = format!("{path}/");
        let is_taken = has_prefix(places, path) || has_prefix(places, &below);
        if !path.ends_with('/') && !is_taken {
            self.emit(&below, false, around.0, around.1);
        }
    }

    /// All that begins with `/x`, and what is below it where a rule for `= /x` would take that.
    fn prefix(&mut self, path: &str, (rule, hub): (Rule, Hub), places: &[Judged<'_>]) {
        if has_exact(places, path) {
            self.emit(&format!("{path}/"), false, rule.clone(), hub.clone());
        }
        self.emit(path, true, rule, hub);
    }

    fn emit(&mut self, path: &str, prefix: bool, rule: Rule, serves: Hub) {
        let is_same = |planned: &Planned| planned.path == path && planned.prefix == prefix;
        let taken = self.paths.iter().any(is_same);
        let Some(access) = block(&self.rule, &rule).filter(|_| !taken && is_path(path)) else {
            return;
        };
        let needed = serves != self.hub || access == Access::Inherit && path != "/";
        if access == Access::Inherit && !needed {
            return;
        }
        let hub = needed.then(|| serves.clone());
        self.paths.push(Planned {
            path: path.to_owned(),
            prefix,
            access,
            hub,
            rule,
            serves,
        });
    }

    /// Who may enter a path as far as it is planned, and what is there.
    fn decided(&self, path: &str) -> (Rule, Hub) {
        match self.at(path) {
            Some(planned) => (planned.rule.clone(), planned.serves.clone()),
            None => (self.rule.clone(), self.hub.clone()),
        }
    }

    /// The rules of the site that a path has to pass.
    pub(super) fn rules(&self, path: &str) -> Vec<&Rule> {
        match self.at(path).map(|planned| &planned.access) {
            Some(Access::Public) => Vec::new(),
            Some(Access::And(rule)) => vec![&self.rule, rule],
            Some(Access::Inherit) | None => vec![&self.rule],
        }
    }

    /// Adds a path that everybody enters, with a hub of its own; whether there was none yet.
    pub(super) fn open(&mut self, path: &str, hub: &Hub) -> bool {
        let free = is_path(path) && !self.paths.iter().any(|planned| planned.path == path);
        if free {
            self.paths.push(Planned {
                path: path.to_owned(),
                prefix: false,
                access: Access::Public,
                hub: Some(hub.clone()),
                rule: Rule::OPEN,
                serves: hub.clone(),
            });
            self.paths.sort_by(|a, b| a.path.cmp(&b.path));
        }
        free
    }

    /// Every rule that is written, of the site and of its paths.
    pub(super) fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        let paths = self
            .paths
            .iter()
            .filter_map(|planned| match &planned.access {
                Access::And(rule) => Some(rule),
                Access::Public | Access::Inherit => None,
            });
        std::iter::once(&self.rule).chain(paths)
    }

    /// The hub that a path leads to.
    pub(super) fn hub(&self, path: &str) -> &Hub {
        self.at(path).map_or(&self.hub, |planned| &planned.serves)
    }

    /// The longest path that takes this one.
    fn at(&self, path: &str) -> Option<&Planned> {
        let taking = self.paths.iter().filter(|planned| planned.takes(path));
        taking.max_by_key(|planned| (planned.path.len(), !planned.prefix))
    }
}

impl Planned {
    /// Whether hubgate's path takes this one.
    fn takes(&self, path: &str) -> bool {
        let is_whole = |below: &str| below.is_empty() || below.starts_with('/');
        let below = path.strip_prefix(&self.path);
        below.is_some_and(|below| self.prefix || self.path.ends_with('/') || is_whole(below))
    }
}
