//! Main memory: placeholder until the real one is merged.
#![allow(missing_docs, reason = "placeholder")]
use sim_core::{ActorId, Context, Message, Ticks, mix};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access { Read, Write }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestorId(pub u8);
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryRequest { pub address: u64, pub tag: u32, pub requestor: RequestorId, pub access: Access, pub reply_to: ActorId }
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryResponse { pub tag: u32 }
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MemoryMessage { Request(MemoryRequest), Response(MemoryResponse) }
impl Message for MemoryMessage { fn fingerprint(&self) -> u64 { match self { Self::Request(r) => mix(1, r.address), Self::Response(r) => mix(2, u64::from(r.tag)) } } }
#[derive(Clone, Debug)]
pub struct MemoryPorts { pub channels: Vec<ActorId> }
impl MemoryPorts { pub fn channel_of(&self, address: u64) -> ActorId { self.channels[(address / 64) as usize % self.channels.len()] } }
#[derive(Clone, Debug)]
pub struct MemoryActor { pub latency: Ticks, pub interval: Ticks, pub free_at: sim_core::Tick }
impl MemoryActor { pub fn receive<M: Message + From<MemoryMessage>>(&mut self, message: MemoryMessage, context: &mut Context<'_, M>) {
  if let MemoryMessage::Request(r) = message { self.free_at = self.free_at.max(context.now()) + self.interval; context.send_at(r.reply_to, self.free_at + self.latency, M::from(MemoryMessage::Response(MemoryResponse { tag: r.tag }))); } } }
