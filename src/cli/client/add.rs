//! `hubgate client add` and `renew`: an invitation in the terminal, or files.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use super::{
    super::{print, print_verbatim, tell},
    Add, must_take_devices,
};
use crate::{
    clients::{self, Credential, Folder},
    config::model::{Config, Host},
    secret_file::{OwnerRights, explained},
    server::control::{self, Invite, Invited},
};

/// A code light on dark is not read by every camera (ECMA-48, 8.3.117).
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const AS_BEFORE: &str = "\x1b[0m";

/// Invites the device, or makes its files.
pub(super) fn run(config: &Config, add: &Add, renew: bool) -> anyhow::Result<()> {
    must_take_devices(config)?;
    if add.withdraw {
        return withdraw(config, &add.name);
    }
    match &add.out {
        Some(folder) => files(config, add, renew, folder),
        None => invite(config, add, renew),
    }
}

fn invite(config: &Config, add: &Add, renew: bool) -> anyhow::Result<()> {
    let wish = add.wish(renew)?;
    let name = wish.name.clone();
    let show = |invited: &Invited| print_verbatim(&invitation(&name.to_string(), invited)?);
    let site = add.site.clone();
    if add.show {
        control::invitation(&config.state, name.as_str(), site, show, tell)?;
    } else {
        let making = add.making();
        control::invite(&config.state, Invite { wish, making, site }, show, tell)?;
    }
    print(&format!("{name} is in\n"))
}

fn withdraw(config: &Config, name: &str) -> anyhow::Result<()> {
    control::withdraw(&config.state, name)?;
    print(&format!(
        "the invitation of {name} is withdrawn; its link leads nowhere\n"
    ))
}

/// What to do with the device: fits 80 columns.
fn invitation(name: &str, invited: &Invited) -> anyhow::Result<String> {
    let code = invited.code.as_str();
    let (first, last) = code.split_at_checked(3).unwrap_or((code, ""));
    Ok(format!(
        "\n{}\n\n  Scan this with {name}, or open there\n\n    {}\n\n  and enter the code  {first} {last}\n\n  \
         The link works once, for ten minutes. Ctrl-C leaves it open; --show shows it again.\n\n",
        qr_code(&invited.link)?,
        invited.link,
    ))
}

/// The link for a camera: half blocks, so that it is square.
fn qr_code(link: &str) -> anyhow::Result<String> {
    let code = QrCode::with_error_correction_level(link, EcLevel::L)
        .map_err(|fault| anyhow!("the link is too long for a QR code ({fault})"))?;
    let drawn = code.render::<Dense1x2>().build();
    let coloured = io::stdout().is_terminal();
    let lines = drawn.lines().map(|line| match coloured {
        true => format!("  {BLACK_ON_WHITE}{line}{AS_BEFORE}"),
        false => format!("  {line}"),
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn files(config: &Config, add: &Add, renew: bool, folder: &Path) -> anyhow::Result<()> {
    let wish = add.wish(renew)?;
    let files = Files::create(folder, &wish.name.for_file())?;
    let made = clients::issue(&Folder::of(&config.state), &wish, add.making());
    let written = made.and_then(|(_, credential)| {
        files.write(&credential, &host(config))?;
        print(&told(&files, &credential))
    });
    if written.is_err() {
        files.remove();
    }
    written
}

/// The files of a device, made before the certificate is: what cannot be written is not issued.
struct Files([(PathBuf, File); 3]);

impl Files {
    fn create(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let _rights = OwnerRights::assume(folder).with_context(|| folder.display().to_string())?;
        fs::create_dir_all(folder)
            .map_err(explained)
            .with_context(|| folder.display().to_string())?;
        let create = |ending: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
            let file = file
                .map_err(explained)
                .with_context(|| format!("{}: cannot be made", path.display()))?;
            Ok::<_, anyhow::Error>((path, file))
        };
        Ok(Self([
            create("p12")?,
            create("ohp12")?,
            create("mobileconfig")?,
        ]))
    }

    fn write(&self, credential: &Credential, host: &str) -> anyhow::Result<()> {
        let pkcs12 = credential.pkcs12()?;
        let profile = credential.profile(host, None)?;
        for ((path, file), content) in self.0.iter().zip([&pkcs12, &pkcs12, &profile]) {
            let mut file = file;
            let written = file.write_all(content).and_then(|()| file.sync_all());
            written.with_context(|| {
                format!(
                    "{}: cannot be written, though the certificate was issued: \
                     make room, then use `hubgate client renew`",
                    path.display()
                )
            })?;
        }
        Ok(())
    }

    fn remove(&self) {
        for (path, _) in &self.0 {
            if let Ok(_rights) = OwnerRights::assume(path) {
                fs::remove_file(path).ok();
            }
        }
    }
}

fn told(files: &Files, credential: &Credential) -> String {
    let [(p12, _), (ohp12, _), (profile, _)] = &files.0;
    format!(
        "{}  for Android and desktops\n{}  for the openHAB app on iPhones\n\
         {}  for Safari on iPhones and Macs; it holds the password\n\
         password  {}\n",
        p12.display(),
        ohp12.display(),
        profile.display(),
        credential.password.as_str()
    )
}

/// How people call the first site that takes devices.
fn host(config: &Config) -> String {
    let site = config.sites.iter().find(|site| site.has_own_clients());
    let host = site.and_then(|site| site.public_host().or(site.hosts.first()));
    host.map_or_else(|| "hubgate".to_owned(), Host::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_fits_eighty_columns() {
        let invited = Invited {
            link: format!(
                "https://openhabian.some-long-name.dynamic-dns.example.org:8443/.hubgate/enrol/{}",
                "x".repeat(22)
            ),
            code: "012345".into(),
        };
        let text = invitation("Anna's phone", &invited).unwrap();
        let code = text.lines().filter(|line| line.contains('█'));
        assert!(code.clone().count() > 10);
        assert!(
            code.clone().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.contains("012 345"));
    }
}
