//! Actors: state that is reached by messages alone.

use std::fmt;

use crate::Context;

/// The address of an actor within one simulation, given in order of registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub u32);

impl ActorId {
    /// The actor's position in the order of registration.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "actor {}", self.0)
    }
}

/// What actors send each other: small, copied, and borrowing nothing; large data is named by index.
pub trait Message: Copy + Send + 'static {
    /// A number that differs for messages that differ: what the run's digest is made of.
    fn fingerprint(&self) -> u64;
}

/// A part of the simulated machine. It owns its state, sees only messages, and sends messages.
///
/// Implement it for one `enum` of all the parts of a machine: the state is then contiguous and dispatch is
/// a `match`. A `Box<dyn Actor<Message = M>>` is an actor as well, for machines that are open to strangers.
pub trait Actor {
    /// The messages that this actor and its peers exchange.
    type Message: Message;

    /// Takes one message. It does no I/O and cannot fail; a model fault goes to [`Context::stop`].
    fn receive(&mut self, message: Self::Message, context: &mut Context<'_, Self::Message>);
}

impl<A: Actor + ?Sized> Actor for Box<A> {
    type Message = A::Message;

    fn receive(&mut self, message: Self::Message, context: &mut Context<'_, Self::Message>) {
        (**self).receive(message, context);
    }
}
