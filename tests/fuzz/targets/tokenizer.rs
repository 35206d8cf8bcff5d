//! A damaged vocabulary: it is read or refused, and every token of one that was read can be asked for.

#![no_main]

use interview_models::moonshine::tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tokenizer) = Tokenizer::parse(bytes.to_vec()) {
        let ids: Vec<usize> = (0..tokenizer.len() + 2).collect();
        for &id in &ids {
            let _ = (tokenizer.token(id), tokenizer.starts_word(id));
        }
        assert!(tokenizer.text(&ids).len() <= 4 * bytes.len() + 16);
    }
});
