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
pub struct MemoryActor { pub latency: Ticks, pub interval: Ticks, pub free_at: sim_core::Tick, pub served: u64 }
impl MemoryActor { pub fn receive<M: Message + From<MemoryMessage>>(&mut self, message: MemoryMessage, context: &mut Context<'_, M>) {
  if let MemoryMessage::Request(r) = message { self.served += 1; self.free_at = self.free_at.max(context.now()) + self.interval; context.send_at(r.reply_to, self.free_at + self.latency, M::from(MemoryMessage::Response(MemoryResponse { tag: r.tag }))); } } }
use sim_core::{Clock, Frequency, Tick};
use crate::units::{Bytes, NanoJoules};
#[derive(Clone, Debug, serde::Deserialize)]
pub struct MemoryDescription { pub clock_khz: u64, pub latency: u64, pub interval: u64 }
impl MemoryDescription {
    pub fn clock(&self) -> Frequency { Frequency::from_kilohertz(self.clock_khz) }
    pub fn capacity(&self) -> Bytes { Bytes(2 << 30) }
    pub fn peak_bytes_per_second(&self) -> f64 { 64.0 * self.clock_khz as f64 * 1e3 / self.interval as f64 }
}
pub fn build_memory(d: &MemoryDescription, clock: Clock, add: &mut dyn FnMut(MemoryActor) -> ActorId) -> MemoryPorts {
    let id = add(MemoryActor { latency: clock.period() * d.latency, interval: clock.period() * d.interval, free_at: Tick::ZERO, served: 0 });
    MemoryPorts { channels: vec![id] }
}
#[derive(Clone, Debug)]
pub struct MemoryReport { served: u64 }
impl MemoryReport {
    pub fn collect<'a>(_: &MemoryDescription, parts: impl Iterator<Item = &'a MemoryActor>, _: Tick) -> Self { Self { served: parts.map(|p| p.served).sum() } }
    pub fn energy(&self) -> NanoJoules { NanoJoules(0.0) }
    pub fn bytes_moved(&self) -> u64 { self.served * 64 }
    pub fn bytes_read(&self) -> u64 { self.served * 64 }
    pub fn violations(&self) -> impl Iterator<Item = String> { std::iter::empty() }
}
