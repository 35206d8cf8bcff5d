//! What clients of the shared process and the process itself say to each other: a head of JSON and tensors behind it,
//! each of bounded length.
//!
//! A message is four bytes of length, least significant first, that many bytes of JSON, and the numbers of its
//! tensors in their order, least significant byte first. What the tensors hold stands in the head, so the receiver
//! knows and checks every length before it takes memory for it.

use std::io::{self, Read, Write};

use interview_schemas::perception::Span;
use interview_schemas::{ErrorCode, Language};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::session::{Input, Numbers};
use crate::transcriber::Guard;

/// Longest head in bytes.
const MOST_HEAD_BYTES: usize = 1 << 20;
/// Most bytes of all tensors of a message together: 30 s of sound are 2 MB, a batch of pictures 30 MB.
const MOST_TENSOR_BYTES: usize = 256 << 20;
/// Numbers are converted in blocks of so many bytes.
const BLOCK_BYTES: usize = 64 * 1024;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Request {
    /// Load a network.
    Open { model: String },
    /// Run a network on the tensors behind.
    Run { model: String, label: String, rows: usize },
    /// Load a recogniser.
    OpenRecogniser { model: String },
    /// Write down what is said in the samples behind.
    Transcribe { model: String, speech: Vec<(f64, f64)>, language: Language, vocabulary: Vec<String> },
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Reply {
    /// The model is loaded.
    Open,
    /// The outputs are in the tensors behind.
    Outputs,
    /// What was said; times and probabilities are in the tensor behind.
    Transcript(TranscriptHead),
    /// It did not work.
    Failed { code: ErrorCode, message: String },
}

/// A transcript but for its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TranscriptHead {
    pub(super) language: Language,
    pub(super) detected_language: Option<String>,
    pub(super) words: Vec<String>,
    pub(super) text: String,
    pub(super) tokens: usize,
    pub(super) guards: Vec<Guard>,
}

/// Start and end of a span, for the wire.
pub(super) fn pair(span: &Span) -> (f64, f64) {
    (span.start_s, span.end_s)
}

/// A tensor that came over the wire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    /// Name in the network.
    pub(crate) name: String,
    /// Sizes.
    pub(crate) shape: Vec<usize>,
    /// The numbers, as many as the shape says.
    pub(crate) numbers: Owned,
}

/// The numbers of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Owned {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    F32,
    F64,
    I64,
}

#[derive(Debug, Serialize, Deserialize)]
struct TensorHead {
    name: String,
    shape: Vec<usize>,
    of: Kind,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head<T> {
    message: T,
    tensors: Vec<TensorHead>,
}

impl Tensor {
    /// A tensor of 32-bit floats.
    pub(crate) fn floats_of(name: &str, shape: Vec<usize>, numbers: Vec<f32>) -> Self {
        Self { name: name.to_owned(), shape, numbers: Owned::F32(numbers) }
    }

    /// Its numbers where they are 32-bit floats.
    pub(crate) fn floats(&self) -> Option<&[f32]> {
        match &self.numbers {
            Owned::F32(numbers) => Some(numbers),
            Owned::F64(_) | Owned::I64(_) => None,
        }
    }

    /// It as an input of a network; 64-bit floats are none.
    pub(crate) fn input(&self) -> Option<Input<'_>> {
        let numbers = match &self.numbers {
            Owned::F32(numbers) => Numbers::F32(numbers),
            Owned::I64(numbers) => Numbers::I64(numbers),
            Owned::F64(_) => return None,
        };
        Some(Input { name: &self.name, shape: &self.shape, numbers })
    }

    fn head(&self) -> TensorHead {
        let of = match self.numbers {
            Owned::F32(_) => Kind::F32,
            Owned::F64(_) => Kind::F64,
            Owned::I64(_) => Kind::I64,
        };
        TensorHead { name: self.name.clone(), shape: self.shape.clone(), of }
    }
}

/// Writes a message with owned tensors behind it.
pub(super) fn send<T: Serialize>(out: &mut impl Write, message: &T, tensors: &[Tensor]) -> io::Result<()> {
    write_head(out, message, tensors.iter().map(Tensor::head).collect())?;
    for tensor in tensors {
        match &tensor.numbers {
            Owned::F32(numbers) => write_numbers(out, numbers, |number| number.to_le_bytes())?,
            Owned::F64(numbers) => write_numbers(out, numbers, |number| number.to_le_bytes())?,
            Owned::I64(numbers) => write_numbers(out, numbers, |number| number.to_le_bytes())?,
        }
    }
    out.flush()
}

/// Writes a message with the inputs of a network behind it.
pub(super) fn send_inputs<T: Serialize>(
    out: &mut impl Write,
    message: &T,
    inputs: &[Input<'_>],
) -> io::Result<()> {
    let heads = inputs.iter().map(|input| TensorHead {
        name: input.name.to_owned(),
        shape: input.shape.to_vec(),
        of: if matches!(input.numbers, Numbers::F32(_)) { Kind::F32 } else { Kind::I64 },
    });
    write_head(out, message, heads.collect())?;
    for input in inputs {
        match input.numbers {
            Numbers::F32(numbers) => write_numbers(out, numbers, |number| number.to_le_bytes())?,
            Numbers::I64(numbers) => write_numbers(out, numbers, |number| number.to_le_bytes())?,
        }
    }
    out.flush()
}

fn write_head<T: Serialize>(out: &mut impl Write, message: &T, tensors: Vec<TensorHead>) -> io::Result<()> {
    lengths(&tensors)?;
    let head = serde_json::to_vec(&Head { message, tensors })?;
    let length = u32::try_from(head.len()).ok().filter(|_| head.len() <= MOST_HEAD_BYTES);
    let length = length.ok_or_else(|| bad(format!("a head of {} bytes", head.len())))?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&head)
}

fn write_numbers<T: Copy, const N: usize>(
    out: &mut impl Write,
    numbers: &[T],
    bytes: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut block = Vec::with_capacity(BLOCK_BYTES.min(numbers.len().saturating_mul(N)));
    for part in numbers.chunks(BLOCK_BYTES / N) {
        block.clear();
        for &number in part {
            block.extend_from_slice(&bytes(number));
        }
        out.write_all(&block)?;
    }
    Ok(())
}

/// Reads a message with its tensors; `None` when the other side has ended between two messages.
pub(super) fn receive<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<(T, Vec<Tensor>)>> {
    let mut length = [0; 4];
    if let Err(error) = input.read_exact(&mut length) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MOST_HEAD_BYTES {
        return Err(bad(format!("a head of {length} bytes")));
    }
    let mut head = vec![0; length];
    input.read_exact(&mut head)?;
    let head: Head<T> = serde_json::from_slice(&head)?;
    let lengths = lengths(&head.tensors)?;
    let tensors = head.tensors.into_iter().zip(lengths).map(|(tensor, count)| {
        let numbers = match tensor.of {
            Kind::F32 => Owned::F32(read_numbers(input, count, f32::from_le_bytes)?),
            Kind::F64 => Owned::F64(read_numbers(input, count, f64::from_le_bytes)?),
            Kind::I64 => Owned::I64(read_numbers(input, count, i64::from_le_bytes)?),
        };
        Ok(Tensor { name: tensor.name, shape: tensor.shape, numbers })
    });
    let tensors = tensors.collect::<io::Result<Vec<_>>>()?;
    Ok(Some((head.message, tensors)))
}

fn read_numbers<T, const N: usize>(
    input: &mut impl Read,
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> io::Result<Vec<T>> {
    let mut numbers = Vec::with_capacity(count);
    let mut block = vec![0; BLOCK_BYTES.min(count * N)];
    let mut left = count;
    while left > 0 {
        let part = left.min(BLOCK_BYTES / N);
        let bytes = &mut block[..part * N];
        input.read_exact(bytes)?;
        numbers.extend(bytes.as_chunks::<N>().0.iter().map(|&bytes| number(bytes)));
        left -= part;
    }
    Ok(numbers)
}

/// How many numbers each tensor holds; an error when they are too many together.
fn lengths(tensors: &[TensorHead]) -> io::Result<Vec<usize>> {
    let mut bytes = 0usize;
    tensors
        .iter()
        .map(|tensor| {
            let count = tensor.shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
            let width = if tensor.of == Kind::F32 { 4 } else { 8 };
            let length = count.and_then(|count| count.checked_mul(width));
            bytes = length.and_then(|length| bytes.checked_add(length)).unwrap_or(usize::MAX);
            match count {
                Some(count) if bytes <= MOST_TENSOR_BYTES => Ok(count),
                _ => Err(bad(format!("tensors of more than {MOST_TENSOR_BYTES} bytes"))),
            }
        })
        .collect()
}

fn bad(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn messages_arrive_as_they_were_sent(
            floats in prop::collection::vec(any::<f32>().prop_filter("comparable", |x| !x.is_nan()), 0..40_000),
            integers in prop::collection::vec(any::<i64>(), 0..50),
        ) {
            let tensors = vec![
                Tensor::floats_of("a", vec![floats.len()], floats),
                Tensor { name: "b".to_owned(), shape: vec![1, integers.len()], numbers: Owned::I64(integers) },
            ];
            let mut bytes = Vec::new();
            send(&mut bytes, &Reply::Outputs, &tensors).unwrap();
            let inputs: Vec<_> = tensors.iter().filter_map(Tensor::input).collect();
            let mut again = Vec::new();
            send_inputs(&mut again, &Reply::Outputs, &inputs).unwrap();
            prop_assert_eq!(&bytes, &again);
            let mut input = bytes.as_slice();
            prop_assert_eq!(receive::<Reply>(&mut input).unwrap(), Some((Reply::Outputs, tensors)));
            prop_assert_eq!(receive::<Reply>(&mut input).unwrap(), None);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = receive::<Request>(&mut bytes.as_slice());
        }
    }

    #[test]
    fn announced_lengths_are_not_believed() {
        for head in [
            r#"{"message":{"kind":"outputs"},"tensors":[{"name":"","shape":[4294967296,4294967296],"of":"f32"}]}"#,
            r#"{"message":{"kind":"outputs"},"tensors":[{"name":"","shape":[1000000000],"of":"f64"}]}"#,
        ] {
            let mut bytes = u32::try_from(head.len()).unwrap().to_le_bytes().to_vec();
            bytes.extend_from_slice(head.as_bytes());
            let error = receive::<Reply>(&mut bytes.as_slice()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{head}");
        }
        assert!(receive::<Reply>(&mut u32::MAX.to_le_bytes().as_slice()).is_err());
    }
}
