//! The rights of a folder's owner, for everything that root does below it.
//!
//! The owner of a folder may put a link, a hard link or a pipe in the place of each file at any
//! moment. With the owner's rights that leads nowhere the owner could not go alone; no check of
//! names could say as much, as the names may change after it.

use std::{
    collections::VecDeque,
    fs::{self, Metadata},
    io,
    marker::PhantomData,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{Gid, Uid},
    process::{getegid, geteuid, getgid, getgroups, getuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

use crate::file_access;

/// Links followed at most (`ELOOP` of path_resolution(7)).
const MOST_LINKS: usize = 40;
/// The group without any file of its own, for owners without a known group.
const NO_GROUP: u32 = 65534;

/// The rights of a folder's owner, held by the calling thread until dropped.
#[must_use = "dropping it gives the rights back"]
pub(crate) struct OwnerRights {
    before: Option<Before>,
    /// Credentials are a thread's own in Linux.
    _of_this_thread: PhantomData<*const ()>,
}

/// The groups of the thread before.
struct Before {
    group: Gid,
    groups: Vec<Gid>,
}

impl OwnerRights {
    /// Takes the rights of the owner of a folder, or of the part of its way that exists; of a
    /// file, those of its folder's owner, or of who made the link in its place.
    ///
    /// Changes nothing for other processes than root's, and where all of the way is root's own.
    ///
    /// # Errors
    /// When the way cannot be read, or the process may not change its user.
    pub(crate) fn assume(path: &Path) -> io::Result<Self> {
        let mut rights = Self {
            before: None,
            _of_this_thread: PhantomData,
        };
        let owner = geteuid().is_root().then(|| owner(path)).transpose()?;
        if let Some(owner) = owner.flatten() {
            rights.take(&owner)?;
        }
        Ok(rights)
    }

    /// The user whose rights were taken; none where nothing changed.
    pub(crate) fn user(&self) -> Option<u32> {
        self.before.as_ref().map(|_| geteuid().as_raw())
    }

    /// The real user stays root: the owner can neither signal nor trace the process.
    fn take(&mut self, owner: &Metadata) -> io::Result<()> {
        let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(group(owner)));
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
        // What is not given back is a right less.
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

/// Names the user whose rights did not suffice, if they were those of a folder's owner.
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

/// The last owner of a folder on the way who is not root, or the first who made a link on it; none
/// if all of it is root's.
fn owner(path: &Path) -> io::Result<Option<Metadata>> {
    let _access = file_access::begin(path)?;
    let (mut at, mut links, mut owner) = (PathBuf::new(), 0, None);
    let mut ahead = names(&std::path::absolute(path)?);
    while let Some(name) = ahead.pop_front() {
        if name == Path::new("..") {
            at.pop();
            continue;
        }
        at.push(name);
        let meta = match fs::symlink_metadata(&at) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(owner),
            found => found?,
        };
        let (is_link, is_foreign) = (meta.is_symlink(), meta.uid() != 0);
        if is_foreign && (is_link || meta.is_dir()) {
            owner = Some(meta);
        }
        if !is_link {
            continue;
        }
        links += 1;
        if is_foreign || links > MOST_LINKS {
            return Ok(owner);
        }
        let mut target = names(&fs::read_link(&at)?);
        at.pop();
        target.append(&mut ahead);
        ahead = target;
    }
    Ok(owner)
}

/// The name of a user (passwd(5)), or the number of one without a name.
pub(crate) fn user_name(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| user.to_string())
}

fn names(path: &Path) -> VecDeque<PathBuf> {
    let components = path.components();
    let names = components.filter(|name| !matches!(name, Component::CurDir));
    names.map(|name| PathBuf::from(name.as_os_str())).collect()
}

/// The owner's first group (passwd(5)); the group of the folder unless it is root's, for owners
/// that are in no file.
fn group(owner: &Metadata) -> u32 {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let first = users.lines().find_map(|line| {
        let mut fields = line.split(':').skip(2);
        let user: u32 = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        (user == owner.uid()).then_some(group)
    });
    first.unwrap_or(match owner.gid() {
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
        owner(folder).unwrap().map(|meta| meta.uid())
    }

    fn is_root() -> bool {
        if !geteuid().is_root() {
            eprintln!("skipped: only root acts for other users");
        }
        geteuid().is_root()
    }

    #[test]
    fn the_last_owner_on_the_way_is_who_root_acts_as() {
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
    fn a_link_counts_as_its_owner_and_is_followed_only_where_root_made_it() {
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
    fn a_user_has_a_name_or_its_number() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(SERVICE), SERVICE.to_string());
    }

    #[test]
    fn rights_are_given_back_and_never_exceed_the_owners() {
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
