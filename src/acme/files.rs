//! The files that getting certificates needs, looked at before they are needed.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{client::HttpsClient, zone::Zones};
use crate::{
    config::model::{Acme, Authority, Certificate, Config, DnsProvider},
    regular_file,
};

/// What is wrong with the files that `acme` names, if any site gets its certificate so.
#[must_use]
pub fn faults(config: &Config) -> Vec<String> {
    let is_used = |certificate: &Certificate| *certificate == Certificate::Acme;
    match config.sites.iter().any(|site| is_used(&site.certificate)) {
        true => faults_of(&config.acme),
        false => Vec::new(),
    }
}

fn faults_of(acme: &Acme) -> Vec<String> {
    let authorities = [Some(&acme.authority), acme.fallback.as_ref()];
    let authorities = authorities.into_iter().flatten().flat_map(authority);
    let provider = acme.dns.as_ref().and_then(|dns| provider(&dns.provider));
    let export = acme.export.as_ref().and_then(|export| export.run.as_ref());
    let run = export.and_then(|program| not_runnable(program));
    authorities
        .chain(provider)
        .chain(run)
        .map(|fault| format!("acme: {fault}"))
        .collect()
}

fn authority(authority: &Authority) -> Vec<String> {
    let client = HttpsClient::load(authority.root.as_deref());
    let root = client.err().map(|fault| format!("{fault:#}"));
    let eab = authority.eab.as_ref().and_then(|eab| {
        let fault = regular_file::read(&eab.hmac_key).err()?;
        Some(format!(
            "{}: cannot be read ({fault})",
            eab.hmac_key.display()
        ))
    });
    root.into_iter().chain(eab).collect()
}

fn provider(configured: &DnsProvider) -> Option<String> {
    if let DnsProvider::Exec(program) = configured {
        return not_runnable(program);
    }
    let built = Zones::default().provider(configured);
    built.err().map(|fault| format!("{fault:#}"))
}

fn not_runnable(program: &Path) -> Option<String> {
    let place = program.display();
    match fs::metadata(program) {
        Ok(meta) if meta.is_file() && meta.permissions().mode() & 0o111 != 0 => None,
        Ok(_) => Some(format!("{place}: is no program; run: chmod +x {place}")),
        Err(fault) => Some(format!("{place}: cannot be run ({fault})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        tls::{install_provider, testing::Folder},
    };

    fn told(folder: &Folder, acme: &str, certificate: &str) -> Vec<String> {
        install_provider();
        let text = format!(
            "acme: {acme}\nsites: [{{hosts: [a.org], certificate: {certificate}, upstream: 'http://h:1', access: public}}]"
        );
        faults(&config::parse(&text, &folder.path("proxy.yaml")).unwrap())
    }

    #[test]
    fn each_file_that_cannot_be_used_is_told() {
        let folder = Folder::new();
        folder.write("hook", "#!/bin/sh\n");
        let acme = "{root: ca.pem, eab: {key_id: a, hmac_key: eab.key}, challenges: [dns-01], \
                    dns: {provider: exec, program: hook}, export: {folder: out, run: none}}";
        let told_of = told(&folder, acme, "acme");
        assert_eq!(told_of.len(), 4, "{told_of:?}");
        for (fault, word) in told_of
            .iter()
            .zip(["ca.pem", "eab.key", "chmod +x", "none: "])
        {
            assert!(fault.contains(word), "{fault}");
        }
        assert!(told(&folder, acme, "self-signed").is_empty());
    }

    #[test]
    fn files_that_are_there_are_no_fault() {
        let folder = Folder::new();
        folder.write("token", "secret\n");
        let acme = "{challenges: [dns-01], dns: {provider: desec, token: token}}";
        assert!(told(&folder, acme, "acme").is_empty());
    }
}
