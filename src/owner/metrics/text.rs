//! Prometheus' text format 0.0.4, made from OpenMetrics.
//!
//! It names a counter with its suffix in HELP and TYPE, has no units, info metrics and end mark.

/// Converts metrics in OpenMetrics 1.0.
pub(super) fn from_open_metrics(metrics: &str) -> String {
    let mut text = String::with_capacity(metrics.len());
    let mut help = "";
    for line in metrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest;
            continue;
        }
        match line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            Some((name, kind)) => text.push_str(&header(name, kind, help)),
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

fn header(name: &str, kind: &str, help: &str) -> String {
    let (suffix, kind) = match kind {
        "counter" => ("_total", kind),
        "info" => ("_info", "gauge"),
        _ => ("", kind),
    };
    let words = help.split_once(' ').map_or("", |(_, words)| words);
    format!("# HELP {name}{suffix} {words}\n# TYPE {name}{suffix} {kind}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_info_are_declared_with_their_suffix() {
        let open = "# HELP a Some.\n# TYPE a counter\na_total{x=\"y\"} 1\n# HELP b Build.\n\
                    # TYPE b info\nb_info{v=\"1\"} 1\n# HELP c C.\n# TYPE c gauge\n# UNIT c s\nc 2\n# EOF\n";
        let text = "# HELP a_total Some.\n# TYPE a_total counter\na_total{x=\"y\"} 1\n\
                    # HELP b_info Build.\n# TYPE b_info gauge\nb_info{v=\"1\"} 1\n\
                    # HELP c C.\n# TYPE c gauge\nc 2\n";
        assert_eq!(from_open_metrics(open), text);
    }
}
