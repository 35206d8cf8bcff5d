//! Finds and reads the features of interviews: files, folders, and objects that a caller can reach.
//!
//! A store of the workers keeps `candidates/<reference>/jobs/<job>/<features_id>/features.json`. An interview that was
//! analysed again, by a newer version, has several of them: the newest counts.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use interview_schemas::features::FeatureSet;

use crate::TuningError;

/// Documents that are fetched and parsed together: at most so many are held as bytes.
pub(crate) const READ_TOGETHER: usize = 32;
/// Largest `features.json` that is read, in bytes.
pub const MAX_JSON_BYTES: u64 = 64 * 1024 * 1024;
/// Deeper than any archive by year, month, branch; ends a loop of links.
const MAX_DEPTH: usize = 16;

/// Objects outside this machine, by address such as `s3://bucket/key`.
pub trait Remote: std::fmt::Debug + Send + Sync {
    /// The objects below an address, or the one at it, whose names are wanted.
    ///
    /// # Errors
    /// [`TuningError::Remote`], [`TuningError::Usage`].
    fn list(&self, address: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<RemoteObject>, TuningError>;

    /// Reads objects whole, in this order. `None` is one that was deleted since it was listed.
    ///
    /// # Errors
    /// [`TuningError::Remote`] for the first that cannot be read or has more than `max_bytes`.
    fn read(&self, addresses: &[&str], max_bytes: u64) -> Result<Vec<Option<Vec<u8>>>, TuningError>;

    /// Copies an object into a file that lives as long as this value.
    ///
    /// # Errors
    /// [`TuningError::Remote`] when it cannot be had.
    fn fetch(&self, address: &str) -> Result<PathBuf, TuningError>;
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteObject {
    /// Its address.
    pub address: String,
    /// When it was written.
    pub modified: SystemTime,
}

/// A store that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stored {
    /// Its name for people.
    pub(crate) name: String,
    /// The file, or the copy of it.
    pub(crate) path: PathBuf,
}

/// A `features.json` that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Document {
    /// A file of this machine.
    File(PathBuf),
    /// An object, by address.
    Object(String),
}

impl Document {
    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Object(address) => address.clone(),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) stores: Vec<Stored>,
    pub(crate) documents: Vec<Document>,
    /// Earlier analyses that are left out.
    pub(crate) superseded: usize,
}

/// What a name says about a file or object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Store,
    Features,
}

/// The kind of what was found by searching; `named` is what somebody named.
fn kind(name: &str, named: bool) -> Option<Kind> {
    let file = name.rsplit('/').next().unwrap_or(name);
    if file.ends_with(".parquet") {
        Some(Kind::Store)
    } else if file == "features.json"
        || file.ends_with(".features.json")
        || (named && file.ends_with(".json"))
    {
        Some(Kind::Features)
    } else {
        None
    }
}

/// The folder of the interview, when a name follows the layout of the store of the workers.
fn interview_folder(name: &str) -> Option<&str> {
    let (above, file) = name.rsplit_once('/')?;
    let (folder, _) = above.rsplit_once('/')?;
    let (jobs, _) = folder.rsplit_once('/')?;
    (file == "features.json" && jobs.ends_with("/jobs")).then_some(folder)
}

/// Collects what is found.
#[derive(Default)]
struct Search {
    stores: Vec<Stored>,
    documents: Vec<(Document, SystemTime)>,
}

/// Finds interviews. `remote` reaches inputs that begin with `s3://`.
pub(crate) fn find(paths: &[PathBuf], remote: Option<&dyn Remote>) -> Result<Found, TuningError> {
    let mut search = Search::default();
    for path in paths {
        match path.to_str() {
            Some(address) if address.starts_with("s3:") => search.add_objects(address, remote)?,
            Some(text) if text.starts_with("dir:") => {
                search.add(Path::new(text.trim_start_matches("dir:")), true, 0)?;
            }
            _ => search.add(path, true, 0)?,
        }
    }
    let mut found = search.newest();
    found.stores.sort();
    found.documents.sort();
    if found.stores.is_empty() && found.documents.is_empty() {
        return Err(TuningError::Usage("no features.json and no .parquet file was found there".to_owned()));
    }
    Ok(found)
}

impl Search {
    fn add(&mut self, path: &Path, named: bool, depth: usize) -> Result<(), TuningError> {
        let io = |source| TuningError::io(path, source);
        if path.is_dir() {
            if depth > MAX_DEPTH {
                return Ok(());
            }
            for entry in std::fs::read_dir(path).map_err(io)? {
                self.add(&entry.map_err(io)?.path(), false, depth + 1)?;
            }
            return Ok(());
        }
        if named {
            std::fs::metadata(path).map_err(io)?;
        }
        match kind(&path.to_string_lossy(), named) {
            Some(Kind::Store) => {
                self.stores.push(Stored { name: path.display().to_string(), path: path.to_owned() });
            }
            Some(Kind::Features) => {
                let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
                let modified = modified.unwrap_or(SystemTime::UNIX_EPOCH);
                self.documents.push((Document::File(path.to_owned()), modified));
            }
            None if named => {
                return Err(TuningError::Usage(format!("{} is neither .json nor .parquet", path.display())));
            }
            None => {}
        }
        Ok(())
    }

    fn add_objects(&mut self, address: &str, remote: Option<&dyn Remote>) -> Result<(), TuningError> {
        let Some(remote) = remote else {
            return Err(TuningError::Usage(format!("{address}: no access to a store was set up")));
        };
        let named = |name: &str| name == address;
        for object in remote.list(address, &|name| kind(name, named(name)).is_some())? {
            match kind(&object.address, named(&object.address)) {
                Some(Kind::Store) => {
                    let path = remote.fetch(&object.address)?;
                    self.stores.push(Stored { name: object.address, path });
                }
                Some(Kind::Features) => {
                    self.documents.push((Document::Object(object.address), object.modified));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Of several analyses of one interview in a store of the workers, the newest; the last name among those of the
    /// same time.
    fn newest(self) -> Found {
        let mut found = Found { stores: self.stores, ..Found::default() };
        let mut newest: BTreeMap<String, (SystemTime, Document)> = BTreeMap::new();
        for (document, modified) in self.documents {
            let Some(folder) = interview_folder(&document.name()).map(str::to_owned) else {
                found.documents.push(document);
                continue;
            };
            match newest.entry(folder) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert((modified, document));
                }
                std::collections::btree_map::Entry::Occupied(mut place) => {
                    // A file that was named twice stays twice, and is refused as such.
                    if place.get().1 == document {
                        found.documents.push(document);
                        continue;
                    }
                    found.superseded += 1;
                    if (modified, &document) > (place.get().0, &place.get().1) {
                        place.insert((modified, document));
                    }
                }
            }
        }
        found.documents.extend(newest.into_values().map(|(_, document)| document));
        found
    }
}

/// Reads documents; those that were deleted since they were found are left out.
pub(crate) fn read(
    documents: &[Document],
    remote: Option<&dyn Remote>,
) -> Result<Vec<FeatureSet>, TuningError> {
    let addresses: Vec<_> = documents
        .iter()
        .filter_map(|document| match document {
            Document::Object(address) => Some(address.as_str()),
            Document::File(_) => None,
        })
        .collect();
    let mut objects = match remote {
        Some(remote) if !addresses.is_empty() => remote.read(&addresses, MAX_JSON_BYTES)?.into_iter(),
        _ => Vec::new().into_iter(),
    };
    let mut sets = Vec::with_capacity(documents.len());
    for document in documents {
        match document {
            Document::File(path) => sets.push(read_features(path)?),
            Document::Object(address) => {
                if let Some(bytes) = objects.next().flatten() {
                    sets.push(parse(&bytes, address)?);
                }
            }
        }
    }
    Ok(sets)
}

/// Reads a `features.json`.
///
/// # Errors
/// [`TuningError`] when it cannot be read or is none.
pub fn read_features(path: &Path) -> Result<FeatureSet, TuningError> {
    let io = |source| TuningError::io(path, source);
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path).map_err(io)?;
    opened.take(MAX_JSON_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_JSON_BYTES {
        return Err(TuningError::input(
            path.display(),
            format!("is too large; features have at most {MAX_JSON_BYTES} bytes"),
        ));
    }
    parse(&bytes, &path.display().to_string())
}

fn parse(bytes: &[u8], name: &str) -> Result<FeatureSet, TuningError> {
    interview_schemas::parse::from_json(bytes).map_err(|error| TuningError::input(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_what() {
        assert_eq!(kind("s3://b/x/features.json", false), Some(Kind::Features));
        assert_eq!(kind("x/7.features.json", false), Some(Kind::Features));
        assert_eq!(kind("x/report.json", false), None);
        assert_eq!(kind("x/one.json", true), Some(Kind::Features));
        assert_eq!(kind("all.parquet", false), Some(Kind::Store));
        let folder = "s3://b/fleet/acme/candidates/c-1/jobs/j-1";
        assert_eq!(interview_folder(&format!("{folder}/f1/features.json")), Some(folder));
        assert_eq!(interview_folder("archive/2026/x/features.json"), None);
        assert_eq!(interview_folder("features.json"), None);
    }

    #[test]
    fn of_two_analyses_of_an_interview_the_newest_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, age_s: u64| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "{}").unwrap();
            let modified = SystemTime::now() - std::time::Duration::from_secs(age_s);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
            path
        };
        let new = write("t/candidates/c/jobs/j/f2/features.json", 10);
        write("t/candidates/c/jobs/j/f1/features.json", 1000);
        write("t/candidates/c/jobs/j/f3/features.json", 2000);
        let other = write("t/candidates/c/jobs/k/f1/features.json", 5000);
        let found = find(&[folder.path().to_owned()], None).unwrap();
        assert_eq!(found.documents, [Document::File(new), Document::File(other)]);
        assert_eq!(found.superseded, 2);
        let dir = PathBuf::from(format!("dir:{}", folder.path().display()));
        assert_eq!(find(&[dir], None).unwrap().documents.len(), 2);
        let error = find(&["s3://bucket/x".into()], None).unwrap_err().to_string();
        assert!(error.contains("no access to a store"), "{error}");
    }
}
