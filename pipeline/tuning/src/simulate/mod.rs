//! A population with known structure: four traits per person, features that follow them, outcomes that follow
//! planted weights, and a group that is measured unfairly when that is asked for. For demonstrations and tests;
//! nothing here says anything about people.

mod write;

use interview_pipeline::features::catalogue;
use interview_pipeline::score::Profile;
use interview_pipeline::score::aggregate::findings;
use interview_pipeline::score::evaluate::evaluate;
use interview_schemas::features::{AnswerFeatures, FeatureSet, NotAssessed};
use interview_schemas::job::QuestionKind;
use interview_schemas::{AnswerId, Feature, JobId, ReportId};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use crate::TuningError;
use crate::statistics::generator;

pub use write::{Written, write, write_documents};

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Number of interviews.
    pub interviews: usize,
    /// Seed: the same seed gives the same population.
    pub seed: u64,
    /// Weights that decide the outcome, per competency of the profile, in its order; they need not add up to 1.
    pub planted: Vec<f64>,
    /// Correlation of the outcome with the planted weights, 0–1; 0 is pure noise.
    pub effect: f64,
    /// By how many standard deviations `voice.steadiness` of the group `origin = C` is measured too low.
    pub bias: f64,
}

/// A simulated interview with what became of the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The interview.
    pub features: FeatureSet,
    /// `F` or `M`; absent where it is not known.
    pub sex: Option<&'static str>,
    /// `A`, `B` or `C`; absent where it is not known.
    pub origin: Option<&'static str>,
    /// The outcomes; absent where the planted profile gives no score.
    pub outcome: Option<Outcome>,
}

/// What became of a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Was hired.
    pub hired: bool,
    /// Passed probation.
    pub probation_passed: bool,
    /// Rating of the supervisor, about 1–5.
    pub performance: f64,
    /// Score of a human interviewer, 0–100.
    pub human_score: f64,
}

/// A feature in the population: mean, standard deviation, the trait it follows and how closely (correlation).
struct Shape {
    name: &'static str,
    mean: f64,
    deviation: f64,
    follows: usize,
    loading: f64,
}

/// Most interviews of a population: their ids have seven digits.
pub const MOST_INTERVIEWS: usize = 10_000_000;
/// Traits: substance, fluency, calm, energy.
const TRAITS: usize = 4;

const fn shape(name: &'static str, mean: f64, deviation: f64, follows: usize, loading: f64) -> Shape {
    Shape { name, mean, deviation, follows, loading }
}

/// Invented, but of the size that the features have in spoken answers.
const SHAPES: [Shape; 27] = [
    shape("content.concreteness", 0.4, 0.18, 0, 0.6),
    shape("content.connective_variety", 0.5, 0.2, 0, 0.5),
    shape("content.initiative", 1.1, 0.9, 3, 0.5),
    shape("content.length", 85.0, 35.0, 0, 0.7),
    shape("content.lexical_diversity", 0.72, 0.08, 0, 0.6),
    shape("content.narrative", 0.25, 0.12, 0, 0.4),
    shape("content.patience", 1.2, 0.8, 2, 0.6),
    shape("content.refusal_handling", 0.45, 0.2, 2, 0.5),
    shape("content.relevance", 0.55, 0.18, 0, 0.8),
    shape("content.requirement_coverage", 0.45, 0.22, 0, 0.8),
    shape("content.rubric_coverage", 0.55, 0.2, 0, 0.8),
    // Cut at 1: nearly everybody covers what must be there.
    shape("content.rubric_must_coverage", 1.4, 0.2, 0, 0.6),
    shape("content.structure", 0.5, 0.2, 0, 0.6),
    shape("speech.answer_latency", 3.0, 1.8, 1, -0.7),
    shape("speech.articulation_rate", 4.4, 0.7, 1, 0.5),
    shape("speech.filled_pause_rate", 5.0, 3.0, 1, -0.7),
    shape("speech.pause_longest_s", 2.6, 1.3, 1, -0.6),
    shape("speech.pause_mean_s", 0.8, 0.25, 1, -0.6),
    shape("speech.pause_rate", 16.0, 5.0, 1, -0.3),
    shape("speech.pause_ratio", 0.26, 0.1, 1, -0.6),
    shape("speech.speech_rate", 3.3, 0.7, 1, 0.6),
    shape("speech.speaking_time", 42.0, 16.0, 0, 0.5),
    shape("voice.f0_range", 7.0, 2.4, 3, 0.8),
    shape("voice.f0_slope", -1.0, 1.5, 3, 0.1),
    shape("voice.level_range", 12.0, 3.5, 3, 0.6),
    shape("voice.signal_to_noise", 26.0, 7.0, 3, 0.0),
    shape("voice.steadiness", 0.66, 0.12, 2, 0.85),
];

/// Outside scores: measure, the trait it follows, number of raters.
const EXTERNALS: [(&str, usize, usize); 5] = [
    ("branch-rating", 3, 3),
    ("code-judge", 0, 1),
    ("technical-expert", 0, 2),
    ("licence", 0, 1),
    ("qualification", 0, 1),
];

/// Scenes of the recorded answers; the first question has none.
const SCENES: [Option<&str>; 3] = [None, Some("refusal"), Some("complaint")];

const BRANCHES: [&str; 6] = ["beijing", "chengdu", "guangzhou", "shanghai", "suzhou", "wuhan"];

/// The features whose columns a simulated population has.
#[must_use]
pub fn features() -> Vec<String> {
    let measured = SHAPES.iter().filter(|shape| catalogue::find(shape.name).is_some());
    let mut names: Vec<_> = measured.map(|shape| shape.name.to_owned()).collect();
    names.extend(EXTERNALS.iter().map(|(measure, _, _)| format!("external.{measure}")));
    names
}

/// The people of a population, one after the other.
///
/// # Errors
/// [`TuningError::Usage`] when the options make no sense.
pub fn people<'a>(
    options: &'a Options,
    profile: &'a Profile,
) -> Result<impl Iterator<Item = Person> + 'a, TuningError> {
    let planted = &options.planted;
    let good = planted.len() == profile.competencies().len()
        && planted.iter().all(|weight| (0.0..=1e6).contains(weight))
        && planted.iter().sum::<f64>() > 0.0;
    if !good || !(0.0..=1.0).contains(&options.effect) || !(0.0..=10.0).contains(&options.bias) {
        return Err(TuningError::Usage(
            "planted weights are at least 0, one of them above it; the effect is 0 to 1, the bias 0 to 10"
                .to_owned(),
        ));
    }
    if !(1..=MOST_INTERVIEWS).contains(&options.interviews) {
        return Err(TuningError::Usage(format!("simulate 1 to {MOST_INTERVIEWS} interviews")));
    }
    let mut random = generator(options.seed);
    Ok((0..options.interviews).map(move |number| person(number, options, profile, &mut random)))
}

fn normal(random: &mut Pcg64Mcg) -> f64 {
    StandardNormal.sample(random)
}

fn pick<'a, T>(from: &'a [T], shares: &[f64], random: &mut Pcg64Mcg) -> Option<&'a T> {
    let mut place: f64 = random.random::<f64>();
    from.iter()
        .zip(shares)
        .find(|(_, share)| {
            place -= **share;
            place < 0.0
        })
        .map(|(one, _)| one)
}

fn person(number: usize, options: &Options, profile: &Profile, random: &mut Pcg64Mcg) -> Person {
    let general = normal(random);
    let mut traits = [0.0; TRAITS];
    for one in &mut traits {
        // Traits of a person resemble each other a little: correlation 0.25.
        *one = 0.5 * general + 0.75f64.sqrt() * normal(random);
    }
    // A few per cent are left over: their group is not known.
    let sex = pick(&["F", "M"], &[0.49, 0.48], random).copied();
    let origin = pick(&["A", "B", "C"], &[0.56, 0.28, 0.13], random).copied();
    let bias = if origin == Some("C") { options.bias } else { 0.0 };
    let mut answers: Vec<AnswerFeatures> = SCENES
        .iter()
        .enumerate()
        .map(|(index, scene)| recorded(index, *scene, &traits, bias, random))
        .collect();
    answers.extend(rated(&traits, random));
    let branch = BRANCHES.get(random.random_range(0..BRANCHES.len())).copied();
    // Identifiers of digits and letters are always valid.
    let id = |text: String| (JobId::new(text.clone()), ReportId::new(text));
    let (Ok(job_id), Ok(features_id)) = id(format!("sim-{number:07}")) else {
        unreachable!("digits and letters make an identifier")
    };
    let features = FeatureSet {
        schema_version: "1".to_owned(),
        job_id,
        features_id,
        pipeline_version: "simulated".to_owned(),
        test_candidate: random.random_bool(0.005),
        branch: branch.map(str::to_owned),
        policy: "cn".to_owned(),
        answers,
        flags: Vec::new(),
        models: Vec::new(),
    };
    let outcome = outcome(&features, options, profile, random);
    Person { features, sex, origin, outcome }
}

/// A recorded answer; a few are silent or too poor.
fn recorded(
    index: usize,
    scene: Option<&str>,
    traits: &[f64; TRAITS],
    bias: f64,
    random: &mut Pcg64Mcg,
) -> AnswerFeatures {
    let silent = random.random_bool(0.015);
    let poor = random.random_bool(0.03);
    let mut features = Vec::new();
    for shape in &SHAPES {
        let Some(definition) = catalogue::find(shape.name) else { continue };
        let follows = traits.get(shape.follows).copied().unwrap_or(0.0);
        let own = (1.0 - shape.loading * shape.loading).sqrt() * normal(random);
        let mut standard = shape.loading * follows + own;
        if shape.name == "voice.steadiness" {
            standard -= bias;
        }
        let value = shape.mean + shape.deviation * standard;
        let confidence: f64 = 0.65 + 0.3 * random.random::<f64>();
        let counted = definition.unit == "count";
        let value = if counted { value.round() } else { value };
        features.push(if shape.name == "content.refusal_handling" && scene != Some("refusal") {
            definition.not_assessed(NotAssessed::NotApplicable)
        } else if silent {
            definition.not_assessed(NotAssessed::NoSpeech)
        } else if poor && shape.name.starts_with("voice.") {
            definition.not_assessed(NotAssessed::PoorQuality)
        } else {
            definition.measured(value, confidence, Vec::new())
        });
    }
    let question = if scene.is_some() { QuestionKind::Situational } else { QuestionKind::Structured };
    AnswerFeatures {
        question: Some(question),
        scene: scene.map(str::to_owned),
        duration_s: Some(60.0),
        ..answer(format!("a{index}"), "video", features)
    }
}

/// Outside scores, one answer per rater.
fn rated(traits: &[f64; TRAITS], random: &mut Pcg64Mcg) -> Vec<AnswerFeatures> {
    let mut answers = Vec::new();
    for (measure, follows, raters) in EXTERNALS {
        let truth = traits.get(follows).copied().unwrap_or(0.0);
        for rater in 0..raters {
            let points = (68.0 + 13.0 * (0.8 * truth + 0.6 * normal(random))).round().clamp(0.0, 100.0);
            let feature = Feature::measured(&format!("external.{measure}"), "score", points, 1.0, Vec::new());
            answers.push(answer(format!("{measure}-{rater}"), "external", vec![feature]));
        }
    }
    answers
}

fn answer(id: String, kind: &str, features: Vec<Feature>) -> AnswerFeatures {
    let Ok(id) = AnswerId::new(id) else { unreachable!("letters, digits and dashes make an identifier") };
    AnswerFeatures {
        id,
        kind: kind.to_owned(),
        question: None,
        scene: None,
        language: None,
        duration_s: None,
        features,
    }
}

fn outcome(
    features: &FeatureSet,
    options: &Options,
    profile: &Profile,
    random: &mut Pcg64Mcg,
) -> Option<Outcome> {
    let readings: Vec<_> = findings(profile, features).into_iter().map(|finding| finding.reading).collect();
    let evaluation = evaluate(profile, &readings);
    let noise = normal(random);
    let (interviewer, luck) = (normal(random), random.random::<f64>());
    let score = evaluation.score?;
    let parts = evaluation.competencies.iter().map(|part| part.score.unwrap_or(score));
    let total: f64 = options.planted.iter().sum();
    let merit: f64 = parts.zip(&options.planted).map(|(score, weight)| score * weight / total).sum();
    // Scores of the shipped profiles have a mean of about 60 and a standard deviation of about 12.
    let standard = (merit - 60.0) / 12.0;
    let performance = options.effect * standard + (1.0 - options.effect * options.effect).sqrt() * noise;
    Some(Outcome {
        hired: score >= 55.0 && luck < 0.8,
        probation_passed: performance > -0.8,
        performance: 3.0 + 0.7 * performance,
        human_score: (60.0 + 12.0 * (0.6 * standard + 0.8 * interviewer)).clamp(0.0, 100.0),
    })
}

#[cfg(test)]
mod tests;
