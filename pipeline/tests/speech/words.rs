//! What is heard in recordings whose words are known.

use crate::support::{compare, hear, hear_with, media, plain_words, recognisers, sample, sound, spoken};

const TWO_CITIES: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it was \
    the age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of \
    Light, it was the season of Darkness, it was the spring of hope, it was the winter of despair, we had \
    everything before us, we had nothing before us, we were all going direct to Heaven, we were all going direct \
    the other way in short, the period was so far like the present period, that some of its noisiest authorities \
    insisted on its being received, for good or for evil, in the superlative degree of comparison only.";

const RECORDINGS: [(&str, &str); 5] = [
    (
        "speech_en_jfk.wav",
        "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
    ),
    ("speech_en_one_two_three.wav", "one two three"),
    (
        "speech_en_lj001_0001.wav",
        "Printing, in the only sense with which we are at present concerned, differs from most if not from all the \
         arts and crafts represented in the Exhibition",
    ),
    (
        "speech_en_lj001_0005.mp3",
        "the invention of movable metal letters in the middle of the fifteenth century may justly be considered as \
         the invention of the art of printing.",
    ),
    (
        "speech_en_librispeech_1995_1837_0001.wav",
        "IT WAS THE FIRST GREAT SORROW OF HIS LIFE IT WAS NOT SO MUCH THE LOSS OF THE COTTON ITSELF BUT THE FANTASY \
         THE HOPES THE DREAMS BUILT AROUND IT",
    ),
];

/// Six words each out of a fixed grammar, without any context: far from an interview.
const GRID: [(&str, &str); 3] = [
    ("talk_grid_lbax4n.mpg", "lay blue at x 4 now"),
    ("talk_grid_lrwp9a.mpg", "lay red with p 9 again"),
    ("talk_grid_sbia1a.mpg", "set blue in a 1 again"),
];

/// Words in error and words said.
fn errors(samples: &[f32], text: &str, name: &str) -> (usize, usize) {
    let said = plain_words(text);
    let heard = hear(samples).transcript;
    let (_, errors) = compare(&said, &plain_words(&heard.text));
    println!("{name}: {errors} of {} words wrong: {}", said.len(), heard.text);
    (errors, said.len())
}

fn pooled(recordings: &[(&str, &str)]) -> Option<f64> {
    let mut sums = (0, 0);
    for (name, text) in recordings {
        let (errors, words) = errors(&sound(&media(name)?), text, name);
        sums = (sums.0 + errors, sums.1 + words);
    }
    Some(100.0 * sums.0 as f64 / sums.1 as f64)
}

#[test]
fn at_most_4_percent_of_the_words_are_wrong() {
    let Some(rate) = pooled(&RECORDINGS) else { return };
    println!("word error rate, pooled over {} recordings: {rate:.2} %", RECORDINGS.len());
    if let Some(grid) = pooled(&GRID) {
        println!("word error rate, command sentences of the GRID corpus (not counted): {grid:.1} %");
    }
    assert!(rate <= 4.0, "{rate} %");
}

#[test]
fn a_long_reading_is_understood_across_its_pieces() {
    let (errors, words) = errors(&sample("long"), TWO_CITIES, "two_cities.wav");
    assert!(errors * 100 <= words * 4, "{errors} of {words}");
}

#[test]
fn words_start_when_they_are_said() {
    let sentences = [
        ("en-us", "the manager asked seven people about their favourite project last summer"),
        ("en-gb", "my sister bought three yellow flowers near our market every morning"),
        ("en-us", "our company moved seven large databases because older servers were slow"),
    ];
    let (mut checked, mut worst, mut sum) = (0, 0.0f64, 0.0);
    for (voice, text) in sentences {
        let samples = spoken(voice, 40, text);
        let said = plain_words(text);
        let starts = bursts(&samples);
        assert_eq!(starts.len(), said.len(), "one burst of sound per word of {text:?}: {starts:?}");
        let transcript = hear(&samples).transcript;
        let words: Vec<_> = transcript.segments.iter().flat_map(|segment| &segment.words).collect();
        let heard: Vec<String> = words.iter().map(|word| plain_words(&word.text).concat()).collect();
        let (partners, _) = compare(&said, &heard);
        for (index, partner) in partners.iter().enumerate() {
            let Some(word) = partner.map(|partner| words[partner]) else { continue };
            let difference = word.start_s - starts[index];
            assert!(
                difference.abs() <= 0.3,
                "{:?} starts at {} not {}",
                word.text,
                word.start_s,
                starts[index]
            );
            assert!(word.end_s > word.start_s);
            if let Some(next) = starts.get(index + 1) {
                assert!(word.end_s < next + 0.1, "{:?} ends at {}, in the next word", word.text, word.end_s);
            }
            (checked, worst, sum) = (checked + 1, worst.max(difference.abs()), sum + difference.abs());
        }
    }
    println!(
        "word starts: {checked} words, mean error {:.0} ms, largest {:.0} ms",
        1e3 * sum / f64::from(checked),
        1e3 * worst
    );
    assert!(checked >= 25, "only {checked} words were recognised");
}

/// Where sound begins after silence of at least 0.2 s, in seconds.
fn bursts(samples: &[f32]) -> Vec<f64> {
    const FRAME: usize = 160;
    const SILENT: f32 = 0.01;
    let (mut starts, mut silent) = (Vec::new(), 20);
    for (index, frame) in samples.chunks(FRAME).enumerate() {
        if frame.iter().any(|sample| sample.abs() > SILENT) {
            if silent >= 20 {
                starts.push((index * FRAME) as f64 / 16_000.0);
            }
            silent = 0;
        } else {
            silent += 1;
        }
    }
    starts
}

#[test]
fn silence_and_noise_are_no_words() {
    let mut state = 1u32;
    let mut noise = |level: f32| -> Vec<f32> {
        (0..16_000 * 8)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                level * (state as f32 / u32::MAX as f32 * 2.0 - 1.0)
            })
            .collect()
    };
    let mut rumble = noise(0.5);
    let mut level = 0.0;
    for sample in &mut rumble {
        level += 0.02 * (*sample - level);
        *sample = level;
    }
    let hum: Vec<f32> = (0..16_000 * 8).map(|at| 0.2 * (at as f32 * 0.039).sin()).collect();
    let sounds = [
        ("silence", vec![0.0; 16_000 * 8]),
        ("faint noise", noise(0.002)),
        ("loud noise", noise(0.3)),
        ("rumble", rumble),
        ("hum", hum),
        ("nothing", Vec::new()),
        ("not numbers", vec![f32::NAN; 16_000]),
    ];
    for (name, samples) in sounds {
        let heard = hear(&samples);
        assert_eq!(heard.transcript.text, "", "{name}");
        assert!(heard.pieces.is_empty() && heard.transcript.segments.is_empty(), "{name}");
    }
}

#[test]
fn one_and_two_recognisers_write_the_same() {
    let samples = sample("long");
    let one = hear(&samples);
    let two = hear_with(&mut recognisers(2), &samples);
    assert!(one.pieces.len() > 1);
    assert_eq!(one.pieces, two.pieces);
    assert_eq!(one.transcript, two.transcript);
    assert_eq!(one.speech, two.speech);
}

#[test]
fn english_may_be_judged_and_other_languages_may_not() {
    let english = [
        "Good morning, my name is Anna and I have worked as an engineer in Boston for five years. I like to solve \
         difficult problems together with my colleagues because we learn a lot from each other.",
        "In my last position I was responsible for the payment service. We had a serious outage in March, so I \
         organised the call, found the faulty change, and rolled it back within twenty minutes.",
    ];
    for text in english {
        let transcript = hear(&spoken("en-us", 0, text)).transcript;
        assert_eq!(transcript.unreliable, None, "{}", transcript.text);
    }
    let foreign = [
        (
            "de",
            "Guten Tag, ich heiße Anna und arbeite seit fünf Jahren als Ingenieurin in Hamburg. Am liebsten löse \
                ich schwierige Aufgaben gemeinsam mit meinen Kollegen, weil wir dabei viel lernen.",
        ),
        (
            "fr",
            "Bonjour, je m'appelle Claire et je travaille depuis cinq ans comme ingénieure à Lyon. J'aime \
                résoudre les problèmes difficiles avec mes collègues parce que nous apprenons beaucoup.",
        ),
        (
            "cmn",
            "你好，我叫王芳，我在上海做了五年的软件工程师。我喜欢和同事一起解决困难的问题，因为我们可以学到很多东西。",
        ),
    ];
    for (voice, text) in foreign {
        let transcript = hear(&spoken(voice, 0, text)).transcript;
        assert!(transcript.unreliable.is_some(), "{voice}: {}", transcript.text);
    }
}

#[test]
fn real_recordings_may_be_judged_when_they_are_english() {
    let english = RECORDINGS.iter().map(|(name, _)| (*name, true));
    let others = [
        ("talk_latentsync_1.mp4", false),
        ("talk_latentsync_2.mp4", false),
        ("talk_latentsync_3.mp4", true),
        ("speech_zh_aishell_S0724W0121.wav", false),
        ("speech_zh_aishell_S0764W0121.wav", false),
    ];
    for (name, may_be_judged) in english.chain(others) {
        let Some(path) = media(name) else { return };
        let transcript = hear(&sound(&path)).transcript;
        assert_eq!(transcript.unreliable.is_none(), may_be_judged, "{name}: {:?}", transcript.unreliable);
    }
}
