//! A loaded network, in this process or in one that several share; adapters do not see the difference.

use std::borrow::Cow;

use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::TensorRef;

use crate::ModelError;
use crate::clock::model_run;
use crate::shared::{Connection, Tensor};

/// The numbers of a tensor, row after row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numbers<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit integers.
    I64(&'a [i64]),
}

/// One input of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input<'a> {
    /// Name in the network; empty: the first input.
    pub name: &'a str,
    /// Sizes; the first is the number of rows, which may run in one batch with other people's.
    pub shape: &'a [usize],
    /// The numbers, as many as the shape says.
    pub numbers: Numbers<'a>,
}

/// A loaded network. One thread owns one.
pub struct ModelSession {
    model: String,
    place: Place,
}

enum Place {
    Here { session: Session, first_input: String },
    Shared(Connection),
}

impl ModelSession {
    /// A network of this process.
    pub(crate) fn here(model: &str, session: Session) -> Self {
        let first_input = session.inputs().first().map(|input| input.name().to_owned()).unwrap_or_default();
        Self { model: model.to_owned(), place: Place::Here { session, first_input } }
    }

    /// A network of the shared process.
    pub(crate) fn shared(model: &str, connection: Connection) -> Self {
        Self { model: model.to_owned(), place: Place::Shared(connection) }
    }

    /// Runs the network on `rows` rows; `label` is what the run is counted under.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when it does not run, [`ModelError::Shared`] when the shared process does not run it.
    pub fn run(&mut self, label: &str, rows: usize, inputs: &[Input<'_>]) -> Result<Outputs<'_>, ModelError> {
        let model = self.model.as_str();
        match &mut self.place {
            Place::Here { session, first_input } => {
                let fail = |error: ort::Error| ModelError::inference(model, error);
                let values = inputs
                    .iter()
                    .map(|input| {
                        let name = if input.name.is_empty() { first_input.as_str() } else { input.name };
                        Ok((Cow::Borrowed(name), value(input)?))
                    })
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(fail)?;
                let outputs = model_run(label, rows, || session.run(values)).map_err(fail)?;
                Ok(Outputs { model, values: Values::Here(outputs) })
            }
            Place::Shared(connection) => {
                let values = connection.run(model, label, rows, inputs)?;
                Ok(Outputs { model, values: Values::Received(values) })
            }
        }
    }
}

fn value<'a>(input: &Input<'a>) -> Result<SessionInputValue<'a>, ort::Error> {
    let shape = input.shape.to_vec();
    Ok(match input.numbers {
        Numbers::F32(numbers) => TensorRef::from_array_view((shape, numbers))?.into(),
        Numbers::I64(numbers) => TensorRef::from_array_view((shape, numbers))?.into(),
    })
}

/// What a network gave.
pub struct Outputs<'a> {
    model: &'a str,
    values: Values<'a>,
}

enum Values<'a> {
    Here(SessionOutputs<'a>),
    Received(Vec<Tensor>),
}

impl Outputs<'_> {
    /// Shape and numbers of an output.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when there is no such output or it holds no 32-bit floats.
    pub fn get(&self, name: &str) -> Result<(Vec<usize>, &[f32]), ModelError> {
        match &self.values {
            Values::Here(outputs) => {
                let (shape, numbers) = crate::runtime::output(outputs, self.model, name)?;
                Ok((shape.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect(), numbers))
            }
            Values::Received(tensors) => tensors
                .iter()
                .find(|tensor| tensor.name == name)
                .and_then(|tensor| Some((tensor.shape.clone(), tensor.floats()?)))
                .ok_or_else(|| ModelError::inference(self.model, format!("no output {name:?}"))),
        }
    }

    /// All outputs of 32-bit floats, for sending them elsewhere.
    pub(crate) fn into_tensors(self) -> Vec<Tensor> {
        match self.values {
            Values::Here(outputs) => outputs
                .iter()
                .filter_map(|(name, value)| {
                    let (shape, numbers) = value.try_extract_tensor::<f32>().ok()?;
                    let shape = shape.iter().map(|&size| usize::try_from(size).unwrap_or(0)).collect();
                    Some(Tensor::floats_of(name, shape, numbers.to_vec()))
                })
                .collect(),
            Values::Received(tensors) => tensors,
        }
    }
}
