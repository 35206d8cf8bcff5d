#!/usr/bin/env bash
# bill_of_materials.sh CARGO-CYCLONEDX FOLDER: a CycloneDX file of every crate of the workspace, and the list of
# shared libraries that the program takes from the system, which no Cargo file knows.
set -eu
tool=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
# The tool writes beside each Cargo.toml; the files are moved from there.
"$tool" cyclonedx --format json --spec-version 1.5 --all-features
find . -name '*.cdx.json' -not -path './target/*' -not -path './out/*' -exec mv -t "$folder" {} +
program=target/release/interview
if [ -x "$program" ]; then
  ldd "$program" | awk '{ print $1, $3 }' | sort > "$folder/shared-libraries.txt"
fi
echo "bills of materials: $folder"
