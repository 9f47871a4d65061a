//! The operations in the window and the tensors, each at a place of its own kind.
//!
//! A place that should hold something and does not is a fault of the control block: it stops the run.

use std::collections::BTreeMap;

use sim_core::Context;

use super::Entry;
use super::places::{TensorPlace, WindowPlace};
use super::tensors::Tensor;
use crate::message::Message;
use crate::operation::TensorId;

/// The operations that the control block looks at together.
#[derive(Debug)]
pub(super) struct Window(Vec<Option<Entry>>);

const NO_OPERATION: &str = "the control block was to work on an operation that is not in its window";

impl Window {
    /// A window of `places` places, all empty.
    pub(super) fn new(places: usize) -> Self {
        Self((0..places).map(|_| None).collect())
    }

    /// The place of operation number `id`.
    #[inline]
    pub(super) fn place_of(&self, id: u32) -> WindowPlace {
        WindowPlace(id as usize % self.0.len())
    }

    /// The place after `place`, wrapping around.
    #[inline]
    pub(super) fn after(&self, place: WindowPlace) -> WindowPlace {
        WindowPlace((place.0 + 1) % self.0.len())
    }

    /// The operation at `place`; if there is none, the run stops.
    #[inline]
    pub(super) fn entry(&self, place: WindowPlace, context: &mut Context<'_, Message>) -> Option<&Entry> {
        stopped_without(self.0[place.0].as_ref(), NO_OPERATION, context)
    }

    /// As [`Self::entry`], to change it.
    #[inline]
    pub(super) fn entry_mut(
        &mut self,
        place: WindowPlace,
        context: &mut Context<'_, Message>,
    ) -> Option<&mut Entry> {
        stopped_without(self.0[place.0].as_mut(), NO_OPERATION, context)
    }

    /// As [`Self::entry`], to take it out of the window.
    pub(super) fn take(&mut self, place: WindowPlace, context: &mut Context<'_, Message>) -> Option<Entry> {
        stopped_without(self.0[place.0].take(), NO_OPERATION, context)
    }

    /// Puts an operation into its place.
    pub(super) fn insert(&mut self, entry: Entry) {
        let place = self.place_of(entry.operation.id.0);
        self.0[place.0] = Some(entry);
    }

    /// Whatever is at `place` now, if anything.
    #[inline]
    pub(super) fn at(&mut self, place: WindowPlace) -> Option<&mut Entry> {
        self.0[place.0].as_mut()
    }

    /// Operation number `id`, if it is in the window and not finished.
    #[inline]
    pub(super) fn unfinished(&self, id: u32) -> Option<&Entry> {
        let entry = self.0[self.place_of(id).0].as_ref();
        entry.filter(|entry| entry.operation.id.0 == id)
    }
}

/// The tensors that operations of the window make or read.
#[derive(Debug, Default)]
pub(super) struct Tensors {
    tensors: Vec<Option<Tensor>>,
    places: BTreeMap<TensorId, TensorPlace>,
    free: Vec<TensorPlace>,
}

const NO_TENSOR: &str = "the control block was to work on a tensor that it has freed";

impl Tensors {
    /// The place of a tensor by its number, if it is known.
    pub(super) fn place_of(&self, id: TensorId) -> Option<TensorPlace> {
        self.places.get(&id).copied()
    }

    /// The tensor at `place`; if there is none, the run stops.
    #[inline]
    pub(super) fn tensor(&self, place: TensorPlace, context: &mut Context<'_, Message>) -> Option<&Tensor> {
        stopped_without(self.tensors[place.0].as_ref(), NO_TENSOR, context)
    }

    /// As [`Self::tensor`], to change it.
    #[inline]
    pub(super) fn tensor_mut(
        &mut self,
        place: TensorPlace,
        context: &mut Context<'_, Message>,
    ) -> Option<&mut Tensor> {
        stopped_without(self.tensors[place.0].as_mut(), NO_TENSOR, context)
    }

    /// Gives a new tensor a place.
    pub(super) fn insert(&mut self, tensor: Tensor) -> TensorPlace {
        let place = self.free.pop().unwrap_or_else(|| {
            self.tensors.push(None);
            TensorPlace(self.tensors.len() - 1)
        });
        self.places.insert(tensor.id, place);
        self.tensors[place.0] = Some(tensor);
        place
    }

    /// Forgets the tensor at `place`.
    pub(super) fn remove(&mut self, place: TensorPlace) {
        if let Some(tensor) = self.tensors[place.0].take() {
            self.places.remove(&tensor.id);
            self.free.push(place);
        }
    }

    /// All tensors, by place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TensorPlace, &Tensor)> {
        let places = self.tensors.iter().enumerate();
        places.filter_map(|(place, tensor)| Some((TensorPlace(place), tensor.as_ref()?)))
    }
}

/// What was `found`; if nothing was, the run stops, with `reason`.
#[inline]
fn stopped_without<T>(found: Option<T>, reason: &str, context: &mut Context<'_, Message>) -> Option<T> {
    if found.is_none() {
        context.stop(reason);
    }
    found
}
