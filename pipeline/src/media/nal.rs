//! Which HEVC pictures no other picture refers to, read from their NAL unit headers.

/// How an HEVC stream of an MP4 or Matroska file frames its NAL units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HevcFraming {
    /// Bytes of the length before each unit.
    length_bytes: usize,
    /// Temporal id of the topmost sub-layer.
    top_layer: u8,
}

impl HevcFraming {
    /// From the decoder configuration record (ISO/IEC 14496-15, 8.3.3.1); `None` for Annex B streams and
    /// when the number of temporal layers is not stated: then nothing is taken for disposable.
    pub(super) fn from_extradata(extradata: &[u8]) -> Option<Self> {
        if *extradata.first()? != 1 {
            return None;
        }
        let flags = *extradata.get(21)?;
        let layers = (flags >> 3) & 7;
        let top_layer = layers.checked_sub(1)?;
        Some(Self { length_bytes: usize::from(flags & 3) + 1, top_layer })
    }

    /// Whether every slice of the packet is a sub-layer non-reference picture of the topmost temporal
    /// layer (ITU-T H.265, table 7-1): such a picture can be left out without a trace in the others.
    pub(super) fn is_disposable(self, mut data: &[u8]) -> bool {
        let mut slices = 0;
        while data.len() > self.length_bytes {
            let (length, rest) = data.split_at(self.length_bytes);
            let size = length.iter().fold(0_usize, |sum, &byte| (sum << 8) | usize::from(byte));
            let (Some(unit), Some(next)) = (rest.get(..size), rest.get(size..)) else { return false };
            let (Some(&first), Some(&second)) = (unit.first(), unit.get(1)) else { return false };
            let (kind, layer) = ((first >> 1) & 0x3f, (second & 7).saturating_sub(1));
            // Kinds 0–31 are slices; of them the even ones up to 14 are not referred to in their layer.
            if kind < 32 {
                if kind > 14 || kind % 2 == 1 || layer < self.top_layer {
                    return false;
                }
                slices += 1;
            }
            data = next;
        }
        slices > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(layers: u8, length_bytes: u8) -> Vec<u8> {
        let mut bytes = vec![0; 23];
        bytes[0] = 1;
        bytes[21] = (layers << 3) | (length_bytes - 1);
        bytes
    }

    fn unit(kind: u8, layer: u8) -> Vec<u8> {
        vec![0, 0, 0, 3, kind << 1, layer + 1, 0xff]
    }

    #[test]
    fn only_pictures_nobody_refers_to_are_disposable() {
        let framing = HevcFraming::from_extradata(&record(1, 4)).unwrap();
        assert!(framing.is_disposable(&unit(0, 0)), "TRAIL_N");
        assert!(!framing.is_disposable(&unit(1, 0)), "TRAIL_R");
        assert!(!framing.is_disposable(&unit(19, 0)), "IDR");
        assert!(framing.is_disposable(&[unit(39, 0), unit(8, 0)].concat()), "SEI and RASL_N");
        assert!(!framing.is_disposable(&[unit(0, 0), unit(1, 0)].concat()), "mixed");
        assert!(!framing.is_disposable(&[]), "nothing");
        let layered = HevcFraming::from_extradata(&record(2, 4)).unwrap();
        assert!(!layered.is_disposable(&unit(0, 0)), "a higher layer may refer to it");
        assert!(layered.is_disposable(&unit(0, 1)));
    }

    #[test]
    fn unknown_framing_is_refused() {
        assert_eq!(HevcFraming::from_extradata(&[]), None);
        assert_eq!(HevcFraming::from_extradata(&[0, 0, 0, 1, 0x40]), None);
        assert_eq!(HevcFraming::from_extradata(&record(0, 4)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), layers in 1_u8..8, length in 1_u8..5) {
            let framing = HevcFraming::from_extradata(&record(layers, length)).unwrap();
            let _ = framing.is_disposable(&bytes);
        }
    }
}
