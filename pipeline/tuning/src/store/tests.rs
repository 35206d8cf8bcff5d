//! What is packed is what is read, to the bit.

use interview_schemas::features::{FeatureSet, NotAssessed};

use super::*;
use crate::population::Population;
use crate::simulate::{self, Options};

fn sets(interviews: usize) -> Vec<FeatureSet> {
    let profile = interview_pipeline::score::named("sales").unwrap();
    let options = Options { interviews, seed: 3, planted: vec![1.0, 1.0, 1.0], effect: 0.5, bias: 0.0 };
    simulate::people(&options, &profile).unwrap().map(|person| person.features).collect()
}

/// Blocks hold NaN for what is missing: compared bit by bit.
fn bits(block: &Block) -> Vec<Vec<u64>> {
    let columns = block.columns.iter().flat_map(|column| [&column.values, &column.quality]);
    columns
        .map(|numbers| {
            numbers.iter().map(|number| if number.is_nan() { 1 } else { number.to_bits() }).collect()
        })
        .collect()
}

#[test]
fn a_store_gives_back_what_was_packed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.parquet");
    let sets = sets(300);
    let features = simulate::features();
    let mut writer = StoreWriter::create(&path, &features).unwrap();
    for set in &sets {
        writer.push(set).unwrap();
    }
    assert!(!path.exists(), "the file appears when it is complete");
    assert_eq!(writer.finish().unwrap(), 300);
    let store = Store::open(&path).unwrap();
    let mut names: Vec<_> = store.features().map(str::to_owned).collect();
    let mut wanted = features.clone();
    names.sort();
    wanted.sort();
    assert_eq!(names, wanted);
    let read = store.read(0, &features).unwrap();
    let packed = block_of(&sets, &features).unwrap();
    assert_eq!(read.interviews, packed.interviews);
    assert_eq!(bits(&read), bits(&packed));
    let origins = |block: &Block| -> Vec<Origin> {
        block.origin.iter().map(|origin| block.origins[usize::try_from(*origin).unwrap()].clone()).collect()
    };
    assert_eq!(origins(&read), origins(&packed));
    let missing = store.read(0, &["speech.unheard_of".to_owned()]).unwrap();
    assert!(missing.columns[0].values.iter().all(|value| value.is_nan()));
}

#[test]
fn no_interview_spans_two_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.parquet");
    let set = &sets(1)[0];
    let mut writer = StoreWriter::create(&path, &simulate::features()).unwrap();
    let rows = set.answers.len();
    let interviews = ROW_GROUP_ROWS / rows + 10;
    for number in 0..interviews {
        let mut set = set.clone();
        set.job_id = interview_schemas::JobId::new(format!("i{number}")).unwrap();
        writer.push(&set).unwrap();
    }
    writer.finish().unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.blocks(), 2);
    let blocks = [store.read(0, &[]).unwrap(), store.read(1, &[]).unwrap()];
    assert_eq!(blocks.iter().map(|block| block.interviews.len()).sum::<usize>(), interviews);
    for interview in blocks.iter().flat_map(|block| &block.interviews) {
        assert_eq!(interview.rows.len(), rows);
    }
}

#[test]
fn other_files_are_refused_with_their_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    std::fs::write(&path, b"PAR1 no, it is not PAR1").unwrap();
    let error = Store::open(&path).err().unwrap().to_string();
    assert!(error.contains("x.parquet") && error.contains("no Parquet file"), "{error}");
    assert!(Population::find(&[folder.path().join("nothing.json")]).is_err());
    assert!(Population::find(&[folder.path().join("empty")]).is_err());
    std::fs::write(folder.path().join("features.json"), b"{\"schema_version\": 1}").unwrap();
    let population = Population::find(&[folder.path().join("features.json")]).unwrap();
    let error = population.features().unwrap_err().to_string();
    assert!(error.contains("features.json") && error.contains("schema_version"), "{error}");
}

#[test]
fn reasons_keep_their_codes() {
    let mut seen = std::collections::BTreeSet::new();
    for reason in REASONS {
        let code = reason_code(reason);
        assert_eq!(reason_of(code), reason);
        assert!(code < 0.0 && seen.insert(format!("{code}")));
    }
    assert_eq!(reason_code(NotAssessed::Policy), -1.0);
    assert_eq!(reason_code(NotAssessed::NotApplicable), -13.0);
    // A reason without a code of its own would come back as another one.
    for (reason, code) in [(NotAssessed::NoBaseline, -14.0), (NotAssessed::NoAnswer, -15.0)] {
        assert_eq!((reason_code(reason), reason_of(code)), (code, reason));
    }
}
