//! Files and folders that are nobody else's to read.
//!
//! Owns their rights. SQLite gives the files that it puts beside a database the rights of the database.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Makes a folder and those above it, if they are not there.
///
/// # Errors
/// One cannot be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Makes a new file to write to.
///
/// # Errors
/// Also when it exists: someone may have opened it before.
pub(crate) fn make(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().write(true).create_new(true)).open(path)
}

/// Puts a file in the place of what is there. A reader finds meanwhile the one or the other, whole.
///
/// # Errors
/// It cannot be written. Then what was there stays.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = make(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes a database's file if it is not there, and takes from others what they may do with one that is, and with the files
/// beside it.
pub(crate) fn mend_database(path: &Path) -> io::Result<()> {
    private(OpenOptions::new().create(true).append(true)).open(path)?;
    #[cfg(unix)]
    for ending in ["", "-wal", "-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let path = Path::new(&name);
        match path.metadata() {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Gives what root made in a folder to the owner of the folder, as whom the server runs. Does nothing for other users, whose
/// files are theirs already.
///
/// # Errors
/// The file or the folder is not there.
pub fn give_to_owner_of(folder: &Path, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() {
        let owner = std::os::unix::fs::MetadataExt::uid(&folder.metadata()?);
        let group = std::os::unix::fs::MetadataExt::gid(&folder.metadata()?);
        std::os::unix::fs::chown(path, Some(owner), Some(group))?;
    }
    Ok(())
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
