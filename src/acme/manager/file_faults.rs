//! The check of the files that `acme` names, before they are needed.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{
    acme::{dns::zones::DnsProviders, https::HttpsClient},
    config::model::{Acme, Ca, Certificate, Config, DnsProvider},
    regular_file,
};

/// Reports the faults of the files named in `acme`, if a site has `certificate: acme`.
#[must_use]
pub fn faults(config: &Config) -> Vec<String> {
    let mut sites = config.sites.iter();
    let mut check = FileCheck::default();
    if sites.any(|site| site.certificate == Certificate::Acme) {
        check.acme(&config.acme);
    }
    check.faults
}

/// The faults found so far.
#[derive(Default)]
struct FileCheck {
    faults: Vec<String>,
}

impl FileCheck {
    fn acme(&mut self, acme: &Acme) {
        self.ca(&acme.authority);
        if let Some(fallback) = &acme.fallback {
            self.ca(fallback);
        }
        if let Some(dns) = &acme.dns {
            self.provider(&dns.provider);
        }
        let export = acme.export.as_ref();
        if let Some(program) = export.and_then(|export| export.run.as_ref()) {
            self.program(program);
        }
    }

    fn ca(&mut self, ca: &Ca) {
        if let Err(fault) = HttpsClient::load(ca.root.as_deref()) {
            self.report(&format!("{fault:#}"));
        }
        let Some(eab) = &ca.eab else { return };
        if let Err(fault) = regular_file::read(&eab.hmac_key) {
            let file = eab.hmac_key.display();
            self.report(&format!("{file}: cannot be read ({fault})"));
        }
    }

    fn provider(&mut self, configured: &DnsProvider) {
        if let DnsProvider::Exec(program) = configured {
            return self.program(program);
        }
        if let Err(fault) = DnsProviders::default().provider(configured) {
            self.report(&format!("{fault:#}"));
        }
    }

    fn program(&mut self, program: &Path) {
        let file = program.display();
        match fs::metadata(program) {
            Ok(meta) if meta.is_file() && meta.permissions().mode() & 0o111 != 0 => {}
            Ok(_) => self.report(&format!("{file}: is no program; run: chmod +x {file}")),
            Err(fault) => self.report(&format!("{file}: cannot be run ({fault})")),
        }
    }

    fn report(&mut self, fault: &str) {
        self.faults.push(format!("acme: {fault}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        tls::{install_provider, testing::Folder},
    };

    fn check(folder: &Folder, acme: &str, certificate: &str) -> Vec<String> {
        install_provider();
        let text = format!(
            "acme: {acme}\nsites: [{{hosts: [a.org], certificate: {certificate}, upstream: 'http://h:1', access: public}}]"
        );
        faults(&config::parse(&text, &folder.path("proxy.yaml")).unwrap())
    }

    #[test]
    fn each_unusable_file_is_reported() {
        let folder = Folder::new();
        folder.write("hook", "#!/bin/sh\n");
        let acme = "{root: ca.pem, eab: {key_id: a, hmac_key: eab.key}, challenges: [dns-01], \
                    dns: {provider: exec, program: hook}, export: {folder: out, run: none}}";
        let faults = check(&folder, acme, "acme");
        assert_eq!(faults.len(), 4, "{faults:?}");
        for (fault, word) in faults
            .iter()
            .zip(["ca.pem", "eab.key", "chmod +x", "none: "])
        {
            assert!(fault.contains(word), "{fault}");
        }
        assert!(check(&folder, acme, "self-signed").is_empty());
    }

    #[test]
    fn usable_files_are_no_fault() {
        let folder = Folder::new();
        folder.write("token", "secret\n");
        let acme = "{challenges: [dns-01], dns: {provider: desec, token: token}}";
        assert!(check(&folder, acme, "acme").is_empty());
    }
}
