//! What moves around a part.

use super::super::step::{Begin, End, Room, StayNumber};

/// What happens around a part.
#[derive(Debug, Default)]
pub(in super::super) struct Moves {
    /// Before it.
    pub(in super::super) begins: Vec<Begin>,
    /// After it.
    pub(in super::super) ends: Vec<End>,
    /// The stays of the accesses, in their order.
    pub(in super::super) stays: Vec<StayNumber>,
    /// What the plan has in the buffers meanwhile.
    pub(in super::super) room: Room,
}

impl Moves {
    /// Forgets what happened around the part before.
    pub(super) fn clear(&mut self) {
        self.begins.clear();
        self.ends.clear();
        self.stays.clear();
    }
}
