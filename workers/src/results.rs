//! The result files of one analysis: written whole or not at all.

use std::io::Write;
use std::path::Path;

use interview_pipeline::analysis::Analysis;
use serde::Serialize;

/// Where the results were written.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Paths {
    /// `features.json`.
    pub(crate) features: Option<String>,
    /// `report.json`.
    pub(crate) report: Option<String>,
    /// `report.html`.
    pub(crate) html: Option<String>,
    /// `perception.json`, where it was asked for.
    pub(crate) perception: Option<String>,
    /// The video with everything that was seen drawn on it, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overlay: Option<String>,
}

/// Whether a file must outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It is what the user asked for.
    Durably,
    /// It is read once, by a process of this machine that waits for it.
    ForTheMoment,
}

/// Writes the results into a folder, which is made when it is missing.
pub(crate) fn write(
    analysis: &Analysis,
    folder: &Path,
    keep_perception: bool,
    keep: Keep,
) -> anyhow::Result<Paths> {
    std::fs::create_dir_all(folder)?;
    let json = |name: &str, bytes: Vec<u8>| write_file(folder, name, &bytes, keep);
    Ok(Paths {
        features: Some(json("features.json", pretty(&analysis.features)?)?),
        perception: keep_perception
            .then(|| json("perception.json", serde_json::to_vec(&analysis.perception)?))
            .transpose()?,
        html: Some(json("report.html", analysis.html.clone().into_bytes())?),
        report: Some(json("report.json", pretty(&analysis.report)?)?),
        overlay: None,
    })
}

fn pretty(value: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes beside the target and renames, so that nobody ever reads half a file.
fn write_file(folder: &Path, name: &str, bytes: &[u8], keep: Keep) -> anyhow::Result<String> {
    let path = folder.join(name);
    if keep == Keep::ForTheMoment {
        std::fs::write(&path, bytes)?;
        return Ok(path.display().to_string());
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    let file = file.persist(&path)?;
    set_readable(&file)?;
    Ok(path.display().to_string())
}

/// Temporary files are private; results are read by others as the user's umask would allow a new file.
#[cfg(unix)]
fn set_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o640))
}

#[cfg(not(unix))]
fn set_readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
