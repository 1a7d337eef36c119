//! The rights of a folder's owner, which root takes to act in the folder.
//!
//! The owner may replace each file by a link or pipe at any moment. With the owner's rights, that
//! gives access to no other file than the owner's; a check of names could not ensure this, because
//! the names may change after it.

use std::{
    collections::VecDeque,
    fs::{self, Metadata},
    io,
    marker::PhantomData,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{Gid, Uid},
    process::{getegid, geteuid, getgid, getgroups, getuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

use super::account::Account;
use crate::file_access;

/// Most links that are followed, as in path_resolution(7).
const MAX_LINKS: usize = 40;
/// `nogroup`, for owners without a known group.
const NO_GROUP: u32 = 65534;

/// The rights of a folder's owner, held by the calling thread until dropped.
#[must_use = "dropping the value restores the rights"]
pub(crate) struct OwnerRights {
    before: Option<Before>,
    /// Credentials belong to a thread in Linux.
    _of_this_thread: PhantomData<*const ()>,
}

/// The groups of the thread before the change.
struct Before {
    group: Gid,
    groups: Vec<Gid>,
}

impl OwnerRights {
    /// Takes the rights of a folder's owner, or of the owner of the existing part of its path.
    ///
    /// For a file, that is the owner of its folder, or of a link in its place. Nothing changes in a
    /// process without root's rights, and where the whole path is root's.
    ///
    /// # Errors
    /// The path cannot be read, or the process may not change its user.
    pub(crate) fn assume(path: &Path) -> io::Result<Self> {
        let mut rights = Self {
            before: None,
            _of_this_thread: PhantomData,
        };
        let owner = geteuid()
            .is_root()
            .then(|| OwnerSearch::owner(path))
            .transpose()?;
        if let Some(owner) = owner.flatten() {
            rights.take(&owner)?;
        }
        Ok(rights)
    }

    /// Returns the user number of the taken rights; `None` if nothing changed.
    pub(crate) fn user(&self) -> Option<u32> {
        self.before.as_ref().map(|_| geteuid().as_raw())
    }

    /// Changes groups and effective user.
    ///
    /// The real user stays root, so that the owner can neither signal nor trace the process.
    fn take(&mut self, owner: &Metadata) -> io::Result<()> {
        let (user, group) = (
            Uid::from_raw(owner.uid()),
            Gid::from_raw(primary_group(owner)),
        );
        self.before = Some(Before {
            group: getegid(),
            groups: getgroups()?,
        });
        set_thread_groups(&[group])
            .and_then(|()| set_thread_res_gid(getgid(), group, Gid::ROOT))
            .and_then(|()| set_thread_res_uid(getuid(), user, Uid::ROOT))
            .map_err(|fault| refused(user, &fault.into()))
    }
}

impl Drop for OwnerRights {
    fn drop(&mut self) {
        let Some(before) = self.before.take() else {
            return;
        };
        // A failure leaves the thread with fewer rights.
        let _ = set_thread_res_uid(getuid(), Uid::ROOT, Uid::ROOT);
        let _ = set_thread_res_gid(getgid(), before.group, Gid::ROOT);
        let _ = set_thread_groups(&before.groups);
    }
}

fn refused(user: Uid, fault: &io::Error) -> io::Error {
    let cause = format!(
        "the rights of its owner, user {user}, cannot be taken ({fault}): \
         run this as that user, or with CAP_SETUID and CAP_SETGID"
    );
    io::Error::new(fault.kind(), cause)
}

/// Adds the user to a permission error that occurred with the rights of a folder's owner.
pub(crate) fn explained(fault: io::Error) -> io::Error {
    let user = geteuid();
    if fault.kind() != io::ErrorKind::PermissionDenied || user.is_root() || !getuid().is_root() {
        return fault;
    }
    let cause = format!(
        "{fault}, with the rights of user {user}, who owns the folder: \
         remove what is a link there, and give what another user owns to {user} \
         (`chown -h {user}`)"
    );
    io::Error::new(fault.kind(), cause)
}

/// Follows the links of a path and collects the owners on it.
struct OwnerSearch {
    /// The part of the path that was followed.
    followed: PathBuf,
    ahead: VecDeque<PathBuf>,
    links: usize,
    owner: Option<Metadata>,
}

impl OwnerSearch {
    /// Returns the owner that decides on access to a path; `None` if all of it is root's.
    ///
    /// That is the last owner of a folder on the path other than root, or the first one of a link.
    fn owner(path: &Path) -> io::Result<Option<Metadata>> {
        let _access = file_access::begin(path)?;
        let mut search = Self {
            followed: PathBuf::new(),
            ahead: Self::names(&std::path::absolute(path)?),
            links: 0,
            owner: None,
        };
        while let Some(name) = search.ahead.pop_front() {
            if search.follow(&name)?.is_break() {
                break;
            }
        }
        Ok(search.owner)
    }

    /// Follows one name; breaks at a missing file, at another user's link, or after 40 links.
    fn follow(&mut self, name: &Path) -> io::Result<ControlFlow<()>> {
        if name == Path::new("..") {
            self.followed.pop();
            return Ok(ControlFlow::Continue(()));
        }
        self.followed.push(name);
        let meta = match fs::symlink_metadata(&self.followed) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                return Ok(ControlFlow::Break(()));
            }
            found => found?,
        };
        let (is_link, is_foreign) = (meta.is_symlink(), meta.uid() != 0);
        if is_foreign && (is_link || meta.is_dir()) {
            self.owner = Some(meta);
        }
        if !is_link {
            return Ok(ControlFlow::Continue(()));
        }
        self.links += 1;
        if is_foreign || self.links > MAX_LINKS {
            return Ok(ControlFlow::Break(()));
        }
        let mut target = Self::names(&fs::read_link(&self.followed)?);
        self.followed.pop();
        target.append(&mut self.ahead);
        self.ahead = target;
        Ok(ControlFlow::Continue(()))
    }

    fn names(path: &Path) -> VecDeque<PathBuf> {
        let components = path.components();
        let names = components.filter(|name| !matches!(name, Component::CurDir));
        names.map(|name| PathBuf::from(name.as_os_str())).collect()
    }
}

/// Returns the owner's primary group.
///
/// Without an account, the group of the folder applies, unless it is root's.
fn primary_group(owner: &Metadata) -> u32 {
    let account = Account::find(owner.uid());
    let group = account.and_then(|account| account.group);
    group.unwrap_or(match owner.gid() {
        0 => NO_GROUP,
        group => group,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;
    use crate::tls::testing::Folder;

    const SERVICE: u32 = 12_345;
    const OTHER: u32 = 12_346;

    fn owner_of(folder: &Path) -> Option<u32> {
        OwnerSearch::owner(folder).unwrap().map(|meta| meta.uid())
    }

    fn is_root() -> bool {
        if !geteuid().is_root() {
            eprintln!("skipped: only root acts for other users");
        }
        geteuid().is_root()
    }

    #[test]
    fn root_acts_as_the_last_owner_on_the_path() {
        if !is_root() {
            return;
        }
        let folder = Folder::new();
        let deep = folder.path("home/state/clients");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(owner_of(&deep), None);
        chown(folder.path("home"), Some(OTHER), None).unwrap();
        assert_eq!(owner_of(&deep), Some(OTHER));
        chown(folder.path("home/state"), Some(SERVICE), None).unwrap();
        assert_eq!(owner_of(&deep), Some(SERVICE));
        assert_eq!(owner_of(&deep.join("not/yet")), Some(SERVICE));
    }

    #[test]
    fn link_counts_as_its_owner_and_is_followed_only_if_it_is_roots() {
        if !is_root() {
            return;
        }
        let folder = Folder::new();
        let [roots, home, entry] = ["roots", "home", "entry"].map(|name| folder.path(name));
        fs::create_dir(&roots).unwrap();
        fs::create_dir(&home).unwrap();
        chown(&home, Some(SERVICE), None).unwrap();
        symlink("../roots", home.join("state")).unwrap();
        symlink("home/state", &entry).unwrap();
        assert_eq!(owner_of(&entry), Some(SERVICE), "through the home");
        symlink("roots", folder.path("direct")).unwrap();
        assert_eq!(owner_of(&folder.path("direct/clients")), None);
        std::os::unix::fs::lchown(folder.path("direct"), Some(OTHER), None).unwrap();
        assert_eq!(owner_of(&folder.path("direct/clients")), Some(OTHER));
    }

    #[test]
    fn rights_are_restored_and_never_exceed_the_owners() {
        if !is_root() {
            return;
        }
        let folder = Folder::new();
        let (state, roots) = (folder.path("state"), folder.write("roots", "root's own"));
        fs::create_dir(&state).unwrap();
        chown(&state, Some(SERVICE), Some(0)).unwrap();
        chown(folder.path(""), Some(SERVICE), None).unwrap();
        fs::set_permissions(&roots, std::os::unix::fs::PermissionsExt::from_mode(0o660)).unwrap();
        let groups = getgroups().unwrap();
        let rights = OwnerRights::assume(&state).unwrap();
        assert_eq!(
            (geteuid().as_raw(), getegid().as_raw()),
            (SERVICE, NO_GROUP)
        );
        let fault = explained(fs::read(&roots).unwrap_err()).to_string();
        assert!(fault.contains("user 12345"), "{fault}");
        drop(OwnerRights::assume(&state).unwrap());
        assert_eq!(geteuid().as_raw(), SERVICE, "the inner one changes nothing");
        drop(rights);
        assert!(geteuid().is_root() && getegid() == Gid::ROOT);
        assert_eq!(getgroups().unwrap(), groups);
        fs::read(&roots).unwrap();
    }
}
