//! Scoring: pure arithmetic over features and a profile.
