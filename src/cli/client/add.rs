//! `hubgate client add` and `renew`: an invitation in the terminal, or files.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use super::{
    super::{print, print_step, print_verbatim},
    Add,
};
use crate::{
    config::model::{Config, Host},
    devices::{self, ClientCaStore, Credential},
    private_file::{OwnerRights, explained},
    server::control::{ControlClient, Invite, Invited},
};

/// Dark on light, since some cameras cannot read a light code on dark (ECMA-48, 8.3.117).
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const DEFAULT_COLOURS: &str = "\x1b[0m";

/// The enrolment of one device.
pub(super) struct Enrolment<'a> {
    config: &'a Config,
    add: &'a Add,
    renew: bool,
}

impl<'a> Enrolment<'a> {
    /// Prepares the enrolment.
    ///
    /// # Errors
    /// No site accepts the certificates of hubgate's own CA.
    pub(super) fn new(config: &'a Config, add: &'a Add, renew: bool) -> anyhow::Result<Self> {
        ensure!(
            config.uses_own_ca(),
            "no site has `client_certificate: own` in its access: add it to proxy.yaml"
        );
        Ok(Self { config, add, renew })
    }

    /// Invites the device, writes its files, or withdraws its invitation.
    pub(super) fn run(&self) -> anyhow::Result<()> {
        match &self.add.out {
            _ if self.add.withdraw => self.withdraw(),
            Some(folder) => self.write_files(folder),
            None => self.invite(),
        }
    }

    fn withdraw(&self) -> anyhow::Result<()> {
        let name = &self.add.name;
        ControlClient::new(&self.config.state).withdraw(name)?;
        print(&format!(
            "the invitation of {name} is withdrawn, and its link is invalid\n"
        ))
    }

    fn invite(&self) -> anyhow::Result<()> {
        let (state, add) = (&self.config.state, self.add);
        let request = add.request(self.renew)?;
        let (name, site) = (request.name.clone(), add.site.clone());
        let show = |invited: &Invited| {
            let name = name.as_str();
            print_verbatim(&Invitation { name, invited }.instructions()?)
        };
        if add.show {
            ControlClient::new(state).invitation(name.as_str(), site, show, print_step)?;
        } else {
            let file_options = add.file_options();
            let invite = Invite {
                request,
                file_options,
                site,
            };
            ControlClient::new(state).invite(invite, show, print_step)?;
        }
        print(&format!("{name} is enrolled\n"))
    }

    fn write_files(&self, folder: &Path) -> anyhow::Result<()> {
        let request = self.add.request(self.renew)?;
        let files = DeviceFiles::create(folder, &request.name.for_file())?;
        let folder = ClientCaStore::new(&self.config.state);
        let issued = devices::issue(&folder, &request, self.add.file_options());
        let written = issued.and_then(|(_, credential)| {
            files.write(&credential, &self.host())?;
            let password = credential.password.as_str();
            print(&format!("{files}password  {password}\n"))
        });
        if written.is_err() {
            files.remove();
        }
        written
    }

    /// Returns the host of the first site that accepts devices.
    fn host(&self) -> String {
        let mut sites = self.config.sites.iter();
        let site = sites.find(|site| site.uses_own_ca());
        let host = site.and_then(|site| site.public_host().or(site.hosts.first()));
        host.map_or_else(|| "hubgate".to_owned(), Host::to_string)
    }
}

/// The open invitation of a device.
struct Invitation<'a> {
    name: &'a str,
    invited: &'a Invited,
}

impl Invitation<'_> {
    /// Returns the instructions for the device, in at most 80 columns.
    fn instructions(&self) -> anyhow::Result<String> {
        let Self { name, invited } = self;
        let code = invited.code.as_str();
        let (first, last) = code.split_at_checked(3).unwrap_or((code, ""));
        Ok(format!(
            "\n{}\n\n  Scan this with {name}, or open there\n\n    {}\n\n  and enter the code  {first} {last}\n\n  \
             The link works once, for ten minutes. Ctrl-C leaves it open; --show shows it again.\n\n",
            self.qr_code()?,
            invited.link,
        ))
    }

    /// Draws the link as a QR code in half blocks, so that it is square.
    fn qr_code(&self) -> anyhow::Result<String> {
        let code = QrCode::with_error_correction_level(&self.invited.link, EcLevel::L)
            .map_err(|fault| anyhow!("the link is too long for a QR code ({fault})"))?;
        let drawn = code.render::<Dense1x2>().build();
        let coloured = io::stdout().is_terminal();
        let lines = drawn.lines().map(|line| match coloured {
            true => format!("  {BLACK_ON_WHITE}{line}{DEFAULT_COLOURS}"),
            false => format!("  {line}"),
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// The files of a device. They are created before the certificate is issued, so that no certificate
/// is issued for files that cannot be written.
struct DeviceFiles {
    /// PKCS#12 file for Android and desktops.
    p12: NewFile,
    /// The same PKCS#12 file, with the ending of the openHAB app.
    ohp12: NewFile,
    /// Configuration profile of iOS and macOS.
    profile: NewFile,
}

/// A file that did not exist before.
struct NewFile {
    path: PathBuf,
    file: File,
}

impl DeviceFiles {
    fn create(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let _rights = OwnerRights::assume(folder).with_context(|| folder.display().to_string())?;
        fs::create_dir_all(folder)
            .map_err(explained)
            .with_context(|| folder.display().to_string())?;
        let create = |ending| NewFile::create(folder.join(format!("{name}.{ending}")));
        Ok(Self {
            p12: create("p12")?,
            ohp12: create("ohp12")?,
            profile: create("mobileconfig")?,
        })
    }

    fn write(&self, credential: &Credential, host: &str) -> anyhow::Result<()> {
        let pkcs12 = credential.pkcs12()?;
        let profile = credential.profile(host, None)?;
        self.p12.write(&pkcs12)?;
        self.ohp12.write(&pkcs12)?;
        self.profile.write(&profile)
    }

    fn remove(&self) {
        for NewFile { path, .. } in [&self.p12, &self.ohp12, &self.profile] {
            if let Ok(_rights) = OwnerRights::assume(path) {
                fs::remove_file(path).ok();
            }
        }
    }
}

/// A line for each file, with its use.
impl fmt::Display for DeviceFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p12, ohp12, profile] =
            [&self.p12, &self.ohp12, &self.profile].map(|file| file.path.display());
        writeln!(f, "{p12}  for Android and desktops")?;
        writeln!(f, "{ohp12}  for the openHAB app on iPhones")?;
        writeln!(
            f,
            "{profile}  for Safari on iPhones and Macs; it contains the password"
        )
    }
}

impl NewFile {
    fn create(path: PathBuf) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let file = file
            .map_err(explained)
            .with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(Self { path, file })
    }

    fn write(&self, content: &[u8]) -> anyhow::Result<()> {
        let mut file = &self.file;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        written.with_context(|| {
            format!(
                "{}: cannot be written, though the certificate was issued: \
                 make room, then use `hubgate client renew`",
                self.path.display()
            )
        })
    }
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
        let invitation = Invitation {
            name: "Anna's phone",
            invited: &invited,
        };
        let text = invitation.instructions().unwrap();
        let code = text.lines().filter(|line| line.contains('█'));
        assert!(code.clone().count() > 10);
        assert!(
            code.clone().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.contains("012 345"));
    }
}
