//! Features: pure arithmetic over perception, with a catalogue of definitions.
