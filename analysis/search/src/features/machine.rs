//! The numbers of a machine that features are computed from.

use components::sparsity::threshold::TensorKind;
use estimate::Organisation;
use scenarios::schema::Reference;
use scenarios::system::MainMemory;
use scenarios::{Diagnostics, Loaded};

use crate::space::{Accelerator, Variable};

/// The numbers of a machine and its input that features are computed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Batch items in a tile.
    pub tile_b: f64,
    /// Rows of a tile, in elements.
    pub tile_x: f64,
    /// Columns of a tile, in elements.
    pub tile_y: f64,
    /// PEs.
    pub processing_elements: f64,
    /// MAC lanes per PE.
    pub lanes_per_pe: f64,
    /// Multipliers per MAC lane.
    pub multipliers_per_lane: f64,
    /// Softmax modules per PE.
    pub softmax_per_pe: f64,
    /// Sequences in a batch.
    pub batch: f64,
    /// The activation buffer, in MB.
    pub activation_mb: f64,
    /// The weight buffer, in MB.
    pub weight_mb: f64,
    /// The mask buffer, in MB.
    pub mask_mb: f64,
    /// Main memory.
    pub memory: MemoryFigures,
    /// The clock, in Hz.
    pub clock_hz: f64,
    /// Bytes of a word.
    pub word_bytes: f64,
    /// Tokens of a sequence.
    pub sequence: f64,
    /// Share of activations that are not zero.
    pub activation_density: f64,
    /// Share of weights that are not zero.
    pub weight_density: f64,
}

/// The numbers of a main memory that features are computed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryFigures {
    /// 1 if it is DRAM, else 0.
    pub is_dram: f64,
    /// 1 if it is RRAM, else 0.
    pub is_rram: f64,
    /// 1 if it is HBM, else 0.
    pub is_hbm: f64,
    /// Banks of all ranks and channels together; 1 if they are not known.
    pub banks: f64,
    /// Channels; 1 for an ideal memory.
    pub channels: f64,
    /// Bytes per second at most; infinite for an ideal memory.
    pub bytes_per_second: f64,
}

impl Machine {
    /// The machine of a scenario.
    ///
    /// # Errors
    /// Its memory cannot be read.
    pub fn of(loaded: &Loaded) -> Result<Self, Diagnostics> {
        let scenario = loaded.scenario();
        let (machine, workload) = (&scenario.accelerator, &scenario.workload);
        Ok(Self {
            tile_b: f64::from(machine.tile.b),
            tile_x: f64::from(machine.tile.x),
            tile_y: f64::from(machine.tile.y),
            processing_elements: f64::from(machine.processing_elements),
            lanes_per_pe: f64::from(machine.lanes_per_pe),
            multipliers_per_lane: f64::from(machine.multipliers_per_lane),
            softmax_per_pe: f64::from(machine.softmax_per_pe),
            batch: f64::from(workload.batch),
            activation_mb: machine.buffers.activation_mb,
            weight_mb: machine.buffers.weight_mb,
            mask_mb: machine.buffers.mask_mb,
            memory: MemoryFigures::of(loaded)?,
            clock_hz: machine.clock_mhz * 1e6,
            word_bytes: f64::from(machine.word.bits()) / 8.0,
            sequence: f64::from(workload.sequence_length),
            activation_density: scenario.sparsity.density(TensorKind::Activations),
            weight_density: scenario.sparsity.density(TensorKind::Weights),
        })
    }

    /// The machine with what `accelerator` states, and its `memory`.
    #[must_use]
    pub(super) fn with(&self, accelerator: &Accelerator, memory: MemoryFigures) -> Self {
        let value = |variable| f64::from(accelerator.value(variable));
        let side = value(Variable::TileSide);
        Self {
            tile_b: value(Variable::TileBatch),
            tile_x: side,
            tile_y: side,
            processing_elements: value(Variable::ProcessingElements),
            lanes_per_pe: value(Variable::Lanes),
            multipliers_per_lane: value(Variable::Multipliers),
            softmax_per_pe: value(Variable::Softmax),
            batch: value(Variable::Batch),
            activation_mb: value(Variable::ActivationBuffer),
            weight_mb: value(Variable::WeightBuffer),
            mask_mb: value(Variable::MaskBuffer),
            memory,
            ..*self
        }
    }

    /// Elements of a tile of activations.
    #[must_use]
    pub fn tile_elements(&self) -> f64 {
        self.tile_b * self.tile_x * self.tile_y
    }
}

impl MemoryFigures {
    /// The memory of a scenario. One that has no counterpart in the published space is of no kind.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(loaded: &Loaded) -> Result<Self, Diagnostics> {
        let organisation = match &loaded.scenario().memory {
            Reference::Preset(name) | Reference::Inline { name, .. } => {
                Organisation::from_name(name).or_else(|| Organisation::of_shipped(name))
            }
            Reference::File(_) => None,
        };
        let memory = MainMemory::load(loaded)?;
        let name = organisation.map_or("", Organisation::name);
        let is = |kind| f64::from(u8::from(name.starts_with(kind)));
        // The name is the technology, and banks, ranks and channels.
        let numbers = name
            .split('_')
            .skip(1)
            .map(|number| number.parse::<f64>().unwrap_or(1.0));
        Ok(Self {
            is_dram: is("dram"),
            is_rram: is("rram"),
            is_hbm: is("hbm"),
            banks: numbers.product(),
            channels: f64::from(memory.channels().max(1)),
            bytes_per_second: memory.peak_bytes_per_second(),
        })
    }

    /// The memory of the published space with this index; that of the scenario `loaded` if there is none.
    pub(super) fn of_organisation(index: usize, loaded: &Loaded) -> Result<Self, Diagnostics> {
        match Organisation::from_index(index) {
            Some(organisation) => Self::of(&loaded.on_memory(organisation.as_preset())?),
            None => Self::of(loaded),
        }
    }
}
