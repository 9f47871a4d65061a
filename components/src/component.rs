//! Every part of an accelerator, as one type of actor.

use sim_core::{Actor, Context};

use crate::background::BackgroundTraffic;
use crate::buffer::Buffer;
use crate::control_block::ControlBlock;
use crate::dma::Dma;
use crate::energy_part::{Action, ByAction};
use crate::memory::{IdealMemory, MemoryActor};
use crate::message::Message;
use crate::pe::ProcessingElement;
use crate::pe::dynaprop::DynaProp;
use crate::pe::mac_lane::MacLane;
use crate::pe::post_compute::PostComputeSparsity;
use crate::pe::pre_compute::PreComputeSparsity;
use crate::pe::row_module::RowModule;

/// One actor of the machine. The many small ones are stored in place, the few large ones in a box.
pub enum Component {
    /// The control block.
    ControlBlock(Box<ControlBlock>),
    /// The DMA.
    Dma(Box<Dma>),
    /// A buffer.
    Buffer(Box<Buffer>),
    /// A channel, rank or bank of main memory.
    Memory(MemoryActor),
    /// A main memory without limits.
    IdealMemory(Box<IdealMemory>),
    /// Requests to main memory from elsewhere.
    Background(Box<BackgroundTraffic>),
    /// A processing element.
    ProcessingElement(Box<ProcessingElement>),
    /// A MAC lane.
    MacLane(MacLane),
    /// A lane's DynaProp module.
    DynaProp(DynaProp),
    /// A lane's pre-compute sparsity module.
    PreCompute(PreComputeSparsity),
    /// A lane's post-compute sparsity module.
    PostCompute(PostComputeSparsity),
    /// A softmax or layer-norm module.
    RowModule(Box<RowModule>),
}

impl Component {
    /// Adds what this part has done so far to `counts`: ticks or numbers, as [`Action::measure`] says.
    pub fn count_actions(&self, counts: &mut ByAction<u64>) {
        match self {
            Self::Buffer(buffer) => buffer.count_actions(counts),
            Self::ProcessingElement(pe) => pe.count_actions(counts),
            Self::MacLane(lane) => counts[Action::MacLane] += lane.counts().busy.0,
            Self::PreCompute(module) => counts[Action::PreCompute] += module.stage().busy().0,
            Self::PostCompute(module) => module.count_actions(counts),
            Self::RowModule(module) => module.count_actions(counts),
            Self::ControlBlock(_)
            | Self::Dma(_)
            | Self::Memory(_)
            | Self::IdealMemory(_)
            | Self::Background(_)
            | Self::DynaProp(_) => {}
        }
    }
}

impl Actor for Component {
    type Message = Message;

    #[inline]
    fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match (self, message) {
            (Self::ProcessingElement(pe), Message::FetchOperands(fetch)) => {
                pe.on_fetch_operands(fetch, context)
            }
            (Self::DynaProp(module), Message::OperandsFetched(work)) => {
                module.on_operands_fetched(work, context)
            }
            (Self::PreCompute(module), Message::TilePruned(work)) => module.on_tile_pruned(work, context),
            (Self::MacLane(lane), Message::PairsMatched(work)) => lane.on_pairs_matched(work, context),
            (Self::MacLane(lane), Message::StartRun(run)) => lane.on_start_run(run, context),
            (Self::PostCompute(module), Message::ResultReady(run)) => module.on_result_ready(run, context),
            (Self::ProcessingElement(pe), Message::IssueRun { unit, run }) => {
                pe.on_issue_run(unit, run, context)
            }
            (Self::ProcessingElement(pe), Message::ResultCompressed(run)) => {
                pe.on_result_compressed(run, context)
            }
            (Self::ProcessingElement(pe), Message::BufferServed { ticket, end }) => {
                pe.on_buffer_served(ticket, end, context)
            }
            (Self::Memory(part), Message::Memory(message)) => part.receive(message, context),
            (Self::IdealMemory(memory), Message::Memory(message)) => memory.receive(message, context),
            (Self::Dma(dma), Message::Memory(message)) => dma.on_memory(message, context),
            (Self::Dma(dma), Message::Transfer(transfer)) => dma.on_transfer(transfer, context),
            (Self::Background(source), message) => source.receive(message, context),
            (Self::RowModule(module), message) => module.receive(message, context),
            (Self::Buffer(buffer), message) => buffer.receive(message, context),
            (Self::ControlBlock(control), message) => control.receive(message, context),
            (_, message) => context.stop(format!("this part of the machine takes no {message:?}")),
        }
    }
}
