//! Every rule with every set of factors.

use std::sync::Arc;

use super::scene::{AWAY, HOME, Presented, RIGHT, Scene, access, presented};
use crate::{
    access::{password::Passwords, rule::Rule},
    events::factors::Factors,
};

/// Returns all rules: `any` or `all` of every set of factors.
fn every_rule() -> Vec<(String, Factors)> {
    let rules = ["any", "all"].into_iter().flat_map(|satisfy| {
        every_set().map(move |set| {
            let words = [
                ("network", set.network),
                ("certificate", set.certificate),
                ("anna", set.password),
            ];
            let words = words.into_iter().filter(|(_, has)| *has);
            let words: String = words.map(|(word, _)| format!(" {word}")).collect();
            (format!("{satisfy}{words}"), set)
        })
    });
    rules.collect()
}

fn every_set() -> impl Iterator<Item = Factors> {
    (0..8).map(|bits| Factors {
        network: bits & 1 != 0,
        certificate: bits & 2 != 0,
        password: bits & 4 != 0,
    })
}

fn presents(held: Factors) -> Presented<'static> {
    presented(
        if held.network { HOME } else { AWAY },
        if held.certificate { "valid" } else { "" },
        if held.password { RIGHT } else { None },
    )
}

fn rule_of(scene: &Scene, words: &str) -> Rule {
    let access = access(scene.folder.path(), words);
    Rule::build(&access, |path| Ok(Arc::new(Passwords::load(path)?))).unwrap()
}

#[tokio::test]
async fn a_path_admits_only_if_its_site_and_its_own_rule_do() {
    let mut scene = Scene::new("any", &[]);
    for (site, _) in every_rule() {
        for (path, _) in every_rule() {
            scene.change(&site, &[("/x", &path)]);
            let (first, second) = (rule_of(&scene, &site), rule_of(&scene, &path));
            for held in every_set() {
                let admitted = scene.decide("/x", presents(held)).await.is_ok();
                let both = first.admits(held) && second.admits(held);
                assert_eq!(admitted, both, "{site} and {path}: {held:?}");
            }
        }
    }
}

#[test]
fn another_needed_factor_of_all_never_admits_more() {
    let scene = Scene::new("any", &[]);
    for (words, few) in every_rule() {
        for (tighter, more) in every_rule() {
            let grows = few.union(more) == more;
            if !words.starts_with("all") || !tighter.starts_with("all") || !grows {
                continue;
            }
            let (rule, tighter) = (rule_of(&scene, &words), rule_of(&scene, &tighter));
            for held in every_set() {
                assert!(
                    rule.admits(held) || !tighter.admits(held),
                    "{words}: {held:?}"
                );
            }
        }
    }
}

#[test]
fn another_held_factor_never_denies() {
    let scene = Scene::new("any", &[]);
    for (words, _) in every_rule() {
        let rule = rule_of(&scene, &words);
        for (held, more) in every_set().flat_map(|held| every_set().map(move |more| (held, more))) {
            assert!(
                !rule.admits(held) || rule.admits(held.union(more)),
                "{words}"
            );
        }
    }
}
