//! Takes single files out of wheels (zip) and npm packages (tar with gzip).
//!
//! Nothing is ever unpacked under a name from the archive: the caller names the member it wants and gets
//! its bytes, so no archive can write outside the cache folder.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Finds `member` in the archive and hands its bytes to `take`. The format is told by the first bytes.
///
/// # Errors
/// What is wrong with the archive, in words; whatever `take` returns is passed on inside `Ok`.
pub(super) fn with_member<T>(
    archive: &Path,
    member: &str,
    take: impl FnOnce(&mut dyn Read) -> T,
) -> Result<T, String> {
    let describe = |error: &dyn std::fmt::Display| format!("{}: {error}", archive.display());
    let mut file = File::open(archive).map_err(|error| describe(&error))?;
    let mut magic = [0u8; 4];
    file.read_exact(&mut magic).map_err(|error| describe(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| describe(&error))?;
    match magic {
        [b'P', b'K', ..] => from_zip(file, member, take).map_err(|error| describe(&error)),
        [0x1f, 0x8b, ..] => from_tar_gz(file, member, take).map_err(|error| describe(&error)),
        _ => Err(describe(&"neither a zip archive nor a gzip-compressed tar archive")),
    }
}

fn from_zip<T>(file: File, member: &str, take: impl FnOnce(&mut dyn Read) -> T) -> Result<T, String> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
    let mut entry = archive.by_name(member).map_err(|error| format!("member {member:?}: {error}"))?;
    if !entry.is_file() {
        return Err(format!("member {member:?} is not a file"));
    }
    Ok(take(&mut entry))
}

fn from_tar_gz<T>(file: File, member: &str, take: impl FnOnce(&mut dyn Read) -> T) -> Result<T, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(BufReader::new(file)));
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        if entry.path_bytes().as_ref() == member.as_bytes() {
            if !entry.header().entry_type().is_file() {
                return Err(format!("member {member:?} is not a file"));
            }
            return Ok(take(&mut entry));
        }
    }
    Err(format!("member {member:?}: not in the archive"))
}
