//! Folders of word lists: `DIR/<language>/<name>.txt` for everybody, `DIR/<tenant>/<language>/<name>.txt` for one tenant,
//! added to the shipped lists. Read once; what would not be used as it was meant is told with file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interview_schemas::Language;

use super::lexicon::{Line, MAIN, MAX_BYTES, lines};
use super::{Lexicon, Lexicons};
use crate::score::{DEFAULT_TENANT, is_tenant, suggestion};

/// The languages that have word lists.
const LANGUAGES: [Language; 2] = [Language::En, Language::Zh];

/// Most problems that are told of one folder.
const MOST_PROBLEMS: usize = 50;

/// What is wrong with a folder of word lists, one line each: file, line, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct LexiconError {
    /// The problems in the order of the files.
    pub problems: Vec<String>,
}

/// The word lists of everybody and of each tenant, read once.
#[derive(Debug, Clone, PartialEq)]
pub struct LexiconLibrary {
    shared: Arc<Lexicons>,
    tenants: BTreeMap<String, Arc<Lexicons>>,
    files: usize,
    remarks: Vec<String>,
}

impl Default for LexiconLibrary {
    fn default() -> Self {
        Self::shipped()
    }
}

impl LexiconLibrary {
    /// The word lists that are built into the program, for every tenant.
    #[must_use]
    pub fn shipped() -> Self {
        Self { shared: Lexicons::shipped(), tenants: BTreeMap::new(), files: 0, remarks: Vec::new() }
    }

    /// The shipped word lists with those of a folder added.
    ///
    /// # Errors
    /// [`LexiconError`] with every problem found: a file that cannot be read, or that would not be used as it was meant.
    pub fn with_folder(folder: &Path) -> Result<Self, LexiconError> {
        let mut reader = Reader { problems: Vec::new(), remarks: Vec::new(), files: 0 };
        let mut shared = Lexicons::clone(&Lexicons::shipped());
        let mut tenants = Vec::new();
        if folder.is_dir() {
            tenants = reader.folder(folder, &mut shared, true);
        } else {
            reader.problem(folder, None, "there is no such folder of word lists");
        }
        let shared = Arc::new(shared);
        let tenants = tenants
            .into_iter()
            .map(|(name, path)| {
                let mut own = Lexicons::clone(&shared);
                reader.folder(&path, &mut own, false);
                (name, Arc::new(own))
            })
            .collect();
        if reader.files == 0 && reader.problems.is_empty() {
            reader.problem(folder, None, "holds no word list: they lie in en/ and zh/ and end in .txt");
        }
        if reader.problems.is_empty() {
            Ok(Self { shared, tenants, files: reader.files, remarks: reader.remarks })
        } else {
            let more = reader.problems.len().saturating_sub(MOST_PROBLEMS);
            reader.problems.truncate(MOST_PROBLEMS);
            if more > 0 {
                reader.problems.push(format!("and {more} more"));
            }
            Err(LexiconError { problems: reader.problems })
        }
    }

    /// The word lists for the jobs of a tenant: its own where it has some, else those of everybody. The name is only
    /// compared: it never becomes a path.
    #[must_use]
    pub fn for_tenant(&self, tenant: Option<&str>) -> &Arc<Lexicons> {
        self.tenants.get(tenant.unwrap_or(DEFAULT_TENANT)).unwrap_or(&self.shared)
    }

    /// Number of word lists that were read from the folder.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files
    }

    /// Names of the tenants with word lists of their own.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.keys().map(String::as_str)
    }

    /// What was left aside and may be meant otherwise, for a log.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }
}

/// Reads folders and collects what is wrong with them.
struct Reader {
    problems: Vec<String>,
    remarks: Vec<String>,
    files: usize,
}

impl Reader {
    fn problem(&mut self, path: &Path, line: Option<usize>, message: impl std::fmt::Display) {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        self.problems.push(format!("{}{line}: {message}", path.display()));
    }

    fn remark(&mut self, path: &Path, message: &str) {
        self.remarks.push(format!("{}: {message}", path.display()));
    }

    /// The entries of a folder by name. Names that begin with a dot belong to other programs.
    fn entries(&mut self, folder: &Path) -> Vec<(String, PathBuf)> {
        let read = std::fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        });
        let paths = read.unwrap_or_else(|error| {
            self.problem(folder, None, error);
            Vec::new()
        });
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut entries: Vec<_> = paths.into_iter().map(|path| (name(&path), path)).collect();
        entries.retain(|(name, _)| !name.starts_with('.'));
        entries.sort();
        entries
    }

    /// Adds the lists of a folder, and gives the folders of tenants in it.
    fn folder(&mut self, folder: &Path, lexicons: &mut Lexicons, shared: bool) -> Vec<(String, PathBuf)> {
        let mut tenants = Vec::new();
        for (name, path) in self.entries(folder) {
            let language = LANGUAGES.into_iter().find(|language| language.code() == name);
            if !path.is_dir() {
                if has_ending(&name) {
                    self.problem(&path, None, "lies in no folder of a language: move it to en/ or zh/");
                } else if !is_note(&name) {
                    self.remark(&path, "is no word list and not read");
                }
            } else if let Some(language) = language {
                self.language(&path, language, lexicons);
            } else if shared && is_tenant(&name) && LANGUAGES.iter().any(|it| path.join(it.code()).is_dir()) {
                tenants.push((name, path));
            } else {
                let codes = "the languages are en and zh, in lower case";
                let own = if shared {
                    "; a tenant's folder holds en/ or zh/ and has the name of the tenant"
                } else {
                    ""
                };
                self.problem(&path, None, format!("is no folder of a language: {codes}{own}"));
            }
        }
        tenants
    }

    fn language(&mut self, folder: &Path, language: Language, lexicons: &mut Lexicons) {
        for (name, path) in self.entries(folder) {
            if path.is_dir() {
                self.problem(
                    &path,
                    None,
                    "folders within the folder of a language are not read: move its lists up",
                );
            } else if let Some(stem) = name.strip_suffix(".txt") {
                self.list(&path, (language, stem), lexicons);
            } else if has_ending(&name) {
                self.problem(&path, None, "is not read: the ending is .txt in lower case");
            } else if !is_note(&name) {
                self.remark(&path, "is not read: word lists end in .txt");
            }
        }
    }

    fn list(&mut self, path: &Path, (language, name): (Language, &str), lexicons: &mut Lexicons) {
        if !Lexicons::names(language).any(|known| known == name) {
            let near = suggestion(&name.to_lowercase(), Lexicons::names(language));
            let known: Vec<_> = Lexicons::names(language).collect();
            let message =
                format!("there is no word list {name:?} in {language}{near}; known are {}", known.join(", "));
            return self.problem(path, None, message);
        }
        let bytes = match read_at_most(path) {
            Ok(bytes) => bytes,
            Err(error) => return self.problem(path, None, error),
        };
        if bytes.len() > MAX_BYTES {
            return self.problem(path, None, format!("is longer than {MAX_BYTES} bytes"));
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                return self.problem(path, Some(line), "is not UTF-8: save the file in this encoding");
            }
        };
        let before = self.problems.len();
        for (line, message) in problems(language, name, text) {
            self.problem(path, Some(line), message);
        }
        if self.problems.len() == before {
            self.files += 1;
            let list = Lexicon::parse(text);
            if list.sections().next().is_none() {
                self.remark(path, "holds no entry");
            }
            lexicons.add(language, name, list);
        }
    }
}

/// The bytes of a file, at most one more than a word list may have.
fn read_at_most(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a name ends as that of a word list, perhaps in capitals.
fn has_ending(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".txt")
}

/// Whether a file is there to be read by people.
fn is_note(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".md")
        || name.starts_with("readme")
        || name.starts_with("license")
        || name.starts_with("licence")
}

/// What would not be used in a word list as it was meant, with its line.
fn problems(language: Language, name: &str, text: &str) -> Vec<(usize, String)> {
    let shipped = Lexicons::shipped();
    let sections: BTreeSet<String> = LANGUAGES
        .into_iter()
        .flat_map(|language| shipped.list(language, name).sections().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let shown: Vec<_> =
        sections.iter().filter(|name| *name != MAIN).map(|name| format!("[{name}]")).collect();
    let shown = shown.join(", ");
    let mut problems = Vec::new();
    let (mut section, mut told) = (MAIN.to_owned(), false);
    for (number, line) in lines(text) {
        match line {
            Line::Section(name) => {
                if !sections.contains(name) {
                    let near = suggestion(name, sections.iter().map(String::as_str));
                    let known = if shown.is_empty() { "none".to_owned() } else { shown.clone() };
                    problems.push((number, format!("there is no section [{name}]{near}; known are {known}")));
                }
                name.clone_into(&mut section);
            }
            Line::Entry { entry, table } => {
                if section == MAIN && !sections.contains(MAIN) && !told {
                    told = true;
                    problems.push((
                        number,
                        format!("an entry before any section is not used; begin with one of {shown}"),
                    ));
                }
                if entry.term.is_empty() {
                    problems.push((number, "the term before `=` is missing".to_owned()));
                } else if entry.synonyms.is_empty() && (table || is_table(language, name)) {
                    problems.push((
                        number,
                        "there are no other words after `=`: term = other, another".to_owned(),
                    ));
                }
            }
            Line::Broken(message) => {
                // The entries below it are meant for a section.
                told = true;
                problems.push((number, message.to_owned()));
            }
        }
    }
    problems
}

/// Whether an entry of a list says nothing without other words for it: so say the shipped ones, all of which have some.
fn is_table(language: Language, name: &str) -> bool {
    let shipped = Lexicons::shipped();
    let list = shipped.list(language, name);
    let mut entries = list.sections().flat_map(|section| list.entries(section)).peekable();
    entries.peek().is_some() && entries.all(|entry| !entry.synonyms.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: &[(&str, &[u8])]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (path, bytes) in files {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
            Self(folder)
        }

        fn read(&self) -> Result<LexiconLibrary, LexiconError> {
            LexiconLibrary::with_folder(self.0.path())
        }
    }

    fn synonyms(library: &LexiconLibrary, tenant: Option<&str>, term: &str) -> Vec<String> {
        library.for_tenant(tenant).synonyms(Language::En, term)
    }

    /// Every way to write something that would have no effect, with what is said about it.
    #[test]
    fn what_would_have_no_effect_is_refused_with_file_and_line() {
        let gbk: &[u8] = b"# x\n\xbf\xcd\xbb\xa7 = \xb9\xcb\xbf\xcd\n";
        for (path, text, said) in [
            ("fr/synonyms.txt", b"docker = moby\n" as &[u8], "fr: is no folder of a language"),
            ("zh-CN/synonyms.txt", b"docker = moby\n", "zh-CN: is no folder of a language"),
            ("EN/fillers.txt", b"[always]\nzorb\n", "EN: is no folder of a language"),
            ("synonyms.txt", b"docker = moby\n", "synonyms.txt: lies in no folder of a language"),
            ("en/synonyms.TXT", b"docker = moby\n", "synonyms.TXT: is not read: the ending is .txt"),
            ("en/more/synonyms.txt", b"docker = moby\n", "more: folders within"),
            (
                "en/Fillers.txt",
                b"[always]\nzorb\n",
                "no word list \"Fillers\" in en (did you mean \"fillers\"?)",
            ),
            (
                "en/fillers.txt",
                b"# ours\n[alwayss]\nzorb\n",
                "fillers.txt:2: there is no section [alwayss] (did you mean \"always\"?); known are [",
            ),
            ("en/fillers.txt", b"# ours\n\nzorb\n[always]\n", "fillers.txt:3: an entry before any section"),
            ("en/fillers.txt", b"[always\nzorb\n", "fillers.txt:1: a section stands in [ ]"),
            ("zh/fillers.txt", "［always］\n呃\n".as_bytes(), "fillers.txt:1: a section stands in [ ]"),
            ("en/synonyms.txt", b"docker\n", "synonyms.txt:1: there are no other words after `=`"),
            ("en/synonyms.txt", b"x = y\ndocker = ,\n", "synonyms.txt:2: there are no other words after `=`"),
            ("en/synonyms.txt", b"= moby\n", "synonyms.txt:1: the term before `=` is missing"),
            ("zh/synonyms.txt", gbk, "synonyms.txt:2: is not UTF-8"),
            ("acme/fr/synonyms.txt", b"docker = moby\n", "acme: is no folder of a language"),
            ("readme.md", b"x", "holds no word list"),
        ] {
            let error = Folder::new(&[(path, text)]).read().unwrap_err().to_string();
            assert!(error.contains(said), "{path}: {error}");
            assert_eq!(error.lines().count(), 1, "{path}: {error}");
        }
        let long = "x = y\n".repeat(MAX_BYTES / 6 + 1);
        let error = Folder::new(&[("en/synonyms.txt", long.as_bytes())]).read().unwrap_err().to_string();
        assert!(error.contains("is longer than"), "{error}");
        let missing = LexiconLibrary::with_folder(Path::new("/no/such/folder")).unwrap_err().to_string();
        assert!(missing.contains("no such folder"), "{missing}");
        // Everything is told at once.
        let both: [(&str, &[u8]); 2] = [("fr/a.txt", b"x"), ("en/fillers.txt", b"[x]\n[y]\n")];
        assert_eq!(Folder::new(&both).read().unwrap_err().problems.len(), 3);
    }

    #[test]
    fn full_width_signs_and_marks_of_windows_are_read_as_they_are_meant() {
        let folder = Folder::new(&[
            ("zh/synonyms.txt", "\u{feff}客户尽调 ＝ 尽职调查，尽调\r\n".as_bytes()),
            ("en/synonyms.txt", b"\xef\xbb\xbfFlexiPlan = flexi tariff\r\n"),
            ("en/notes.csv", b"x"),
            ("en/corrections.txt", b"# nothing yet\n"),
            (".git/config.txt", b"x"),
        ]);
        let library = folder.read().unwrap();
        let lexicons = library.for_tenant(None);
        assert_eq!(lexicons.synonyms(Language::Zh, "客户尽调"), ["尽职调查", "尽调"]);
        assert_eq!(lexicons.synonyms(Language::En, "FlexiPlan"), ["flexi tariff"]);
        let remarks = library.remarks().join("\n");
        assert!(
            remarks.contains("notes.csv: is not read") && remarks.contains("corrections.txt: holds no entry")
        );
        assert_eq!((library.files(), library.remarks().len()), (3, 2));
    }

    #[test]
    fn a_tenant_has_its_own_lists_over_those_of_everybody_and_never_another_s() {
        let folder = Folder::new(&[
            ("en/synonyms.txt", b"depot = shed\n"),
            ("acme/en/synonyms.txt", b"FlexiPlan = flexi tariff\n"),
            ("rival/zh/synonyms.txt", "贷前调查 = 尽调\n".as_bytes()),
            ("default/en/synonyms.txt", b"ZorbPlan = zorb tariff\n"),
        ]);
        let library = folder.read().unwrap();
        assert_eq!(library.tenants().collect::<Vec<_>>(), ["acme", "default", "rival"]);
        for tenant in [Some("acme"), Some("rival"), Some("nobody"), None] {
            assert!(synonyms(&library, tenant, "depot").contains(&"shed".to_owned()), "{tenant:?}");
        }
        assert_eq!(synonyms(&library, Some("acme"), "FlexiPlan"), ["flexi tariff"]);
        assert_eq!(synonyms(&library, None, "ZorbPlan"), ["zorb tariff"]);
        for tenant in
            ["rival", "nobody", "../acme", "rival/../acme", "ACME", "acme/", "en", "", ".", "..", "acme/en"]
        {
            assert!(synonyms(&library, Some(tenant), "FlexiPlan").is_empty(), "{tenant:?}");
        }
        assert_ne!(library.for_tenant(Some("acme")).digest(), library.for_tenant(Some("nobody")).digest());
        // Asking again reads nothing again.
        let again = library.for_tenant(Some("acme"));
        assert!(Arc::ptr_eq(again, library.for_tenant(Some("acme"))));
        drop(folder);
        assert_eq!(synonyms(&library, Some("acme"), "FlexiPlan"), ["flexi tariff"]);
    }
}
