//! A hub that several sites or paths name with different settings of its connections.

use std::fmt::Display;

use crate::config::model::{Config, Server, Upstream};

/// Returns one warning for each hub and setting that differs.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    let mut named: Vec<(&Server, Vec<&Upstream>)> = Vec::new();
    for upstream in config.sites.iter().flat_map(|site| site.upstreams()) {
        for server in &upstream.servers {
            match named.iter_mut().find(|(known, _)| *known == server) {
                Some((_, upstreams)) => upstreams.push(upstream),
                None => named.push((server, vec![upstream])),
            }
        }
    }
    let of_hub = |(server, upstreams): &(&Server, Vec<&Upstream>)| differences(server, upstreams);
    named.iter().flat_map(of_hub).collect()
}

fn differences(server: &Server, upstreams: &[&Upstream]) -> Vec<String> {
    let connections = upstreams.iter().map(|upstream| match upstream.connections {
        Some(limit) => limit.to_string(),
        None => "no limit".to_owned(),
    });
    let http2 = upstreams.iter().map(|upstream| upstream.http2.to_string());
    let health = upstreams.iter().map(|upstream| match &upstream.health {
        Some(health) => format!("{} every {} s", health.shown_path(), health.every.as_secs()),
        None => "none".to_owned(),
    });
    let warning = |key, values: Vec<String>, effect: &str| {
        let values = joined(&values)?;
        Some(format!(
            "the hub {server} has different `{key}` ({values}): {effect}; write the same everywhere"
        ))
    };
    let warnings = [
        warning(
            "connections",
            connections.collect(),
            "its sites share one pool, which the highest of them limits",
        ),
        warning(
            "http2",
            http2.collect(),
            "its connections of HTTP/1.1 and HTTP/2 are counted apart",
        ),
        warning(
            "health",
            health.collect(),
            "each is checked apart, and one may be passed over while the other is not",
        ),
    ];
    warnings.into_iter().flatten().collect()
}

/// Joins the distinct values; none if all are the same.
fn joined<T: Display + PartialEq>(values: &[T]) -> Option<String> {
    let mut distinct: Vec<&T> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    let texts: Vec<_> = distinct.iter().map(ToString::to_string).collect();
    (texts.len() > 1).then(|| texts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    fn warned(upstreams: &[&str]) -> Vec<String> {
        let sites = upstreams.iter().enumerate().map(|(nth, upstream)| {
            format!("  - {{hosts: [h{nth}], access: public, upstream: {upstream}}}\n")
        });
        let text = format!("sites:\n{}", sites.collect::<String>());
        warnings(&config::parse(&text, Path::new("proxy.yaml")).unwrap())
    }

    #[test]
    fn a_hub_that_is_named_twice_with_different_settings_is_a_warning() {
        let found = warned(&[
            r#"{servers: ["http://h:1", "http://h:2"], connections: 4, http2: true}"#,
            "http://h:1",
            r#"{servers: ["http://h:1"], health: {path: /up?key=s3cret}}"#,
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            found[0].starts_with("the hub http://h:1 has different `connections` (4, no limit):")
        );
        assert!(found[1].contains("`http2` (true, false)"), "{found:?}");
        assert!(
            found[2].contains("`health` (none, /up every 30 s)"),
            "{found:?}"
        );
    }

    #[test]
    fn a_hub_that_is_named_twice_with_the_same_settings_is_no_warning() {
        let upstream = r#"{servers: ["http://h:1"], connections: 4, health: {}}"#;
        assert_eq!(warned(&[upstream, upstream]), [""; 0]);
    }
}
