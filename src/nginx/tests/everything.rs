//! Every directive has an outcome, and only one.

use super::*;

/// The nginx.conf and the default site of Debian's nginx-common, without comments.
const DEBIAN: &str = "user www-data;\nworker_processes auto;\npid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\n\
    include /e/modules-enabled/*.conf;\nevents {\n worker_connections 768;\n}\nhttp {\n sendfile on;\n tcp_nopush on;\n \
    types_hash_max_size 2048;\n include /e/mime.types;\n default_type application/octet-stream;\n \
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\n ssl_prefer_server_ciphers on;\n access_log /var/log/nginx/access.log;\n \
    gzip on;\n include /e/conf.d/*.conf;\n include /e/sites-enabled/*;\n}\n";
const DEFAULT: &str = "server {\n listen 80 default_server;\n listen [::]:80 default_server;\n root /var/www/html;\n \
    index index.html index.htm;\n server_name _;\n location / {\n try_files $uri $uri/ =404;\n }\n}\n";
const MODULES: &str = "load_module modules/ngx_http_echo_module.so;\n";
const TYPES: &str = "types {\n text/html html htm;\n image/png png;\n}\n";

#[test]
fn every_directive_of_debian_has_an_outcome_and_none_is_unknown() {
    let site = home(&format!("{PASSWORD} location / {{ {HUB} }}"));
    let files = [
        ("/e/nginx.conf", DEBIAN.to_owned()),
        ("/e/modules-enabled/50-echo.conf", MODULES.to_owned()),
        ("/e/mime.types", TYPES.to_owned()),
        ("/e/sites-enabled/default", DEFAULT.to_owned()),
        ("/e/sites-enabled/openhab", site),
    ];
    let files = InMemory(
        files
            .into_iter()
            .map(|(path, text)| (path.into(), text))
            .collect(),
    );
    let paths = ["/e/nginx.conf".into()];
    let options = ImportOptions {
        hosts: vec!["pi".into()],
        out: Some("/etc/hubgate/proxy.yaml".into()),
        ..ImportOptions::default()
    };
    let imported = import(&files, &paths, &options).unwrap();
    assert!(
        imported.yaml.contains("state: /var/lib/hubgate\n"),
        "{}",
        imported.yaml
    );
    let report = imported.report.to_string();
    assert!(!report.contains("unknown"), "{report}");
    each_is_recorded(&parse(&files, &paths).unwrap(), &imported.report);
}

/// Asserts that each directive has an outcome, and its position in the text.
fn each_is_recorded(directives: &[Directive], report: &Report) {
    let text = report.to_string();
    for directive in directives {
        assert!(report.has(directive), "{directive}");
        let whole = text.contains(&directive.at.to_string());
        assert!(
            whole || directive.at.file.ends_with("mime.types"),
            "{directive} at {}",
            directive.at
        );
        // A directive in a block that was recorded as a whole has no line of its own.
        if directive.block.is_some() && directive.name == "http" {
            each_is_recorded(directive.children(), report);
        }
        directive.walk(&mut |inner| assert!(report.has(inner), "{inner}"));
    }
}

#[test]
fn an_import_is_the_same_each_time() {
    let site = home(&format!(
        "location / {{ {HUB} }} location /a/ {{ {HUB} {PASSWORD} }}"
    ));
    let once = import_text(&site).unwrap();
    let again = import_text(&site).unwrap();
    assert_eq!(
        (once.yaml, once.report.to_string()),
        (again.yaml, again.report.to_string())
    );
}
