//! Replays against scores made one by one.

use interview_pipeline::score::{Profile, named, score};
use interview_schemas::features::FeatureSet;

use super::*;
use crate::simulate;
use crate::store::StoreWriter;

fn people(interviews: usize) -> Vec<FeatureSet> {
    let profile = named("sales").unwrap();
    let options = simulate::Options { interviews, seed: 11, planted: vec![1.0; 3], effect: 0.5, bias: 0.0 };
    simulate::people(&options, &profile).unwrap().map(|person| person.features).collect()
}

fn packed(sets: &[FeatureSet]) -> (tempfile::TempDir, Population) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.parquet");
    let mut writer = StoreWriter::create(&path, &simulate::features()).unwrap();
    sets.iter().for_each(|set| writer.push(set).unwrap());
    writer.finish().unwrap();
    let population = Population::find(&[path]).unwrap();
    (folder, population)
}

fn run(population: &Population, new: &Profile, old: Option<&Profile>, threads: usize) -> (Replay, Vec<Row>) {
    let mut rows = Vec::new();
    let replay = replay(population, new, old, Options { threads, movers: 10 }, |row| {
        rows.push(row.clone());
        Ok(())
    });
    (replay.unwrap(), rows)
}

#[test]
fn a_replay_gives_the_scores_of_the_flow() {
    let sets = people(400);
    let (_folder, population) = packed(&sets);
    let (new, old) = (named("sales").unwrap(), named("general").unwrap());
    let (replay, rows) = run(&population, &new, Some(&old), 2);
    let counted: Vec<_> = sets.iter().filter(|set| !set.test_candidate).collect();
    assert_eq!((rows.len(), replay.test_candidates), (counted.len(), sets.len() - counted.len()));
    assert!(replay.test_candidates > 0, "the population has test candidates");
    for (row, set) in rows.iter().zip(counted) {
        let (new_card, old_card) = (score(&new, set), score(&old, set));
        assert_eq!(row.id, set.job_id.as_str());
        assert_eq!(row.new, (new_card.score, new_card.grade));
        assert_eq!(row.old, Some((old_card.score, old_card.grade)));
    }
    let flips: usize = replay.flips.unwrap().iter().flatten().sum();
    assert_eq!(flips, rows.len());
    let changed = rows.iter().filter(|row| row.old.unwrap().1 != row.new.1).count();
    assert_eq!(replay.flipped(), Some(changed));
    assert_eq!(replay.branches.iter().map(|branch| branch.interviews).sum::<usize>(), rows.len());
}

#[test]
fn json_files_and_the_store_give_the_same_replay_on_any_number_of_threads() {
    let sets = people(60);
    let (_folder, store) = packed(&sets);
    let folder = tempfile::tempdir().unwrap();
    for set in &sets {
        let path = folder.path().join(format!("{}/features.json", set.job_id));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, serde_json::to_vec(set).unwrap()).unwrap();
    }
    let files = Population::find(&[folder.path().to_owned()]).unwrap();
    let (new, old) = (named("sales").unwrap(), named("general").unwrap());
    let bytes = |population: &Population, threads| {
        serde_json::to_string(&run(population, &new, Some(&old), threads).0).unwrap()
    };
    let one = bytes(&store, 1);
    assert_eq!(one, bytes(&store, 4));
    assert_eq!(one, bytes(&files, 3));
}

#[test]
fn movers_are_those_who_moved_most_and_their_reasons_add_up() {
    let (_folder, population) = packed(&people(500));
    let (new, old) = (named("sales").unwrap(), named("general").unwrap());
    let (replay, rows) = run(&population, &new, Some(&old), 2);
    let mut moves: Vec<f64> = rows.iter().filter_map(|row| Some((row.new.0? - row.old?.0?).abs())).collect();
    moves.sort_by(|a, b| b.total_cmp(a));
    let found: Vec<f64> = replay.movers.iter().map(|mover| (mover.new - mover.old).abs()).collect();
    assert_eq!(found, moves[..10]);
    for mover in &replay.movers {
        let sum: f64 = mover.reasons.iter().map(|reason| reason.points).sum();
        assert!((sum - (mover.new - mover.old)).abs() < 1e-4, "{mover:?}");
    }
}

#[test]
fn rules_and_triggers_are_those_of_the_flow() {
    let mut sets = people(300);
    for set in sets.iter_mut().step_by(7) {
        set.flags.push(interview_schemas::report::Flag {
            code: "MORE_THAN_ONE_FACE".to_owned(),
            answer: None,
            spans: Vec::new(),
            message: Bilingual::new("x", "x"),
        });
    }
    let (_folder, population) = packed(&sets);
    let text = "schema_version = \"1\"\nname = \"ruled\"\nversion = 1\nextends = \"interview-base@1\"\n\
        title = { en = \"R\", zh = \"规\" }\ncompetencies.communication.weight = 100\n\
        rules.faces = { message = { en = \"Two faces.\", zh = \"两张脸。\" }, when.flags = [\"MORE_THAN_ONE_FACE\"] }\n\
        triggers.go = { title = { en = \"Go\", zh = \"走\" }, event = \"go\", when.score.at_least = 60 }\n";
    let source = interview_pipeline::score::source::Source::new(
        "ruled",
        text,
        interview_pipeline::score::source::Format::Toml,
    );
    let ruled = interview_pipeline::score::Library::shipped().resolve(source).unwrap().profile;
    let sales = named("sales").unwrap();
    let (replay, rows) = run(&population, &ruled, Some(&sales), 2);
    let (mut rules, mut triggers, mut looked_at) = ([0; 2], 0, 0);
    for (row, set) in rows.iter().zip(sets.iter().filter(|set| !set.test_candidate)) {
        let card = score(&ruled, set);
        let names: Vec<_> = card.reviews.iter().map(|hit| hit.name.as_str()).collect();
        let places: Vec<_> =
            row.new_applied.rules.iter().map(|place| ["faces", "required-points"][*place]).collect();
        assert_eq!(places, names);
        assert_eq!(row.new_applied.triggers.len(), card.triggers.len());
        rules[0] += usize::from(names.contains(&"faces"));
        rules[1] += usize::from(names.contains(&"required-points"));
        triggers += card.triggers.len();
        looked_at += usize::from(!names.is_empty() || card.score.is_none());
    }
    let counts = |counts: &[Count]| counts.iter().map(|one| one.interviews).collect::<Vec<_>>();
    assert_eq!(counts(&replay.new.rules), rules);
    assert_eq!((counts(&replay.new.triggers), replay.new.to_look_at), (vec![triggers], looked_at));
    assert!(rules[0] > 30 && rules[1] > 5 && triggers > 20, "{rules:?} {triggers}");
    assert_eq!(replay.old.unwrap().triggers[0].name, "second-round");
}

#[test]
fn an_interview_that_occurs_twice_is_refused() {
    let sets = people(20);
    let (folder, store) = packed(&sets);
    let again = folder.path().join("again.features.json");
    std::fs::write(&again, serde_json::to_vec(&sets[7]).unwrap()).unwrap();
    run(&store, &named("sales").unwrap(), None, 1);
    let both = Population::find(&[folder.path().to_owned()]).unwrap();
    let options = Options { threads: 2, movers: 1 };
    let error = replay(&both, &named("sales").unwrap(), None, options, |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("features.parquet") && error.contains("again.features.json"), "{error}");
}

#[test]
fn the_same_profile_changes_nothing() {
    let (_folder, population) = packed(&people(200));
    let sales = named("sales").unwrap();
    let (replay, _) = run(&population, &sales, Some(&sales), 2);
    assert_eq!(replay.flipped(), Some(0));
    assert!(replay.movers.is_empty());
    assert_eq!((replay.kendall_tau_b, replay.spearman), (Some(1.0), Some(1.0)));
}

#[test]
fn the_page_stands_alone_and_escapes() {
    let mut sets = people(50);
    sets[0].branch = Some("<script>alert(1)</script>".to_owned());
    let (_folder, population) = packed(&sets);
    let (new, old) = (named("sales").unwrap(), named("general").unwrap());
    let (replay, _) = run(&population, &new, Some(&old), 2);
    let page = render(&replay, &[55.0, 75.0], &[60.0, 80.0]).unwrap();
    assert!(page.contains("<svg") && page.contains("&lt;script&gt;") && !page.contains("<script"));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
    let alone = run(&population, &new, None, 1).0;
    assert!(render(&alone, &[], &[60.0, 80.0]).unwrap().contains("<svg"));
}
