//! Conversions to ONNX: the Python programs of `models/convert/`, built into this program and run in the
//! private environment. Each gives the same bytes on every machine; the manifest holds their checksum.

use std::path::{Path, PathBuf};

use super::command::{python, run};
use super::python::PythonEnvironment;

/// The programs, by file name.
const PROGRAMS: [(&str, &str); 7] = [
    ("onnx_graph.py", include_str!("../../convert/onnx_graph.py")),
    ("face_api_to_onnx.py", include_str!("../../convert/face_api_to_onnx.py")),
    ("minilm_to_onnx.py", include_str!("../../convert/minilm_to_onnx.py")),
    ("ort_to_onnx.py", include_str!("../../convert/ort_to_onnx.py")),
    ("tflite_mediapipe.py", include_str!("../../convert/tflite_mediapipe.py")),
    ("tflite_to_onnx.py", include_str!("../../convert/tflite_to_onnx.py")),
    ("tflite_weights.py", include_str!("../../convert/tflite_weights.py")),
];

/// A parsed `convert` of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    program: &'static str,
    arguments: Vec<String>,
}

impl Conversion {
    /// Parses `NAME [ARGUMENT …]`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let program = match words.next() {
            Some("face-api") => "face_api_to_onnx.py",
            Some("minilm") => "minilm_to_onnx.py",
            Some("ort") => "ort_to_onnx.py",
            Some("tflite") => "tflite_to_onnx.py",
            _ => {
                return Err(format!(
                    "{text:?} is no known conversion; known are face-api, minilm, ort and tflite"
                ));
            }
        };
        Ok(Self { program, arguments: words.map(str::to_owned).collect() })
    }

    /// Converts `input` to `output`; further inputs lie beside `input`.
    ///
    /// # Errors
    /// What happened, in words.
    pub(super) fn run(
        &self,
        environment: &PythonEnvironment,
        programs: &Path,
        input: &Path,
        output: &Path,
    ) -> Result<(), String> {
        let mut command = python(environment.interpreter());
        command.arg(programs.join(self.program)).arg(input).arg(output).args(&self.arguments);
        run(&mut command, "the private Python environment is broken; remove it and pull again").map(drop)
    }
}

/// Writes the programs into a folder.
pub(super) fn write_programs(folder: &Path) -> std::io::Result<PathBuf> {
    let programs = folder.join("convert");
    std::fs::create_dir_all(&programs)?;
    for (name, text) in PROGRAMS {
        std::fs::write(programs.join(name), text)?;
    }
    Ok(programs)
}
