//! What is shipped: every file loads, and says what the papers say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use components::memory::MemoryDescription;
use components::memory::description::EnergyModel;
use expect_test::expect_file;
use scenarios::load::library::{self, Shelf, TEMPLATE};
use scenarios::load::{Disk, Document};
use scenarios::schema::{
    Accelerator, ActivationFunction, CostTable, DensitySource, Distribution, LoopOrder, Reference, Scenario,
};
use scenarios::transformer::{AttentionKind, Head, TransformKind};

fn shipped(name: &str) -> Scenario {
    Scenario::shipped(name)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()))
        .scenario()
        .clone()
}

fn no_files() -> BTreeMap<PathBuf, String> {
    BTreeMap::new()
}

#[test]
fn every_shipped_scenario_loads_without_a_warning_from_the_binary_and_from_the_disk() {
    let mut count = 0;
    for name in Shelf::Scenarios.names() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("library")
            .join(format!("{name}.ron"));
        let from_disk = Scenario::load(&path).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
        let embedded = Scenario::shipped(name).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
        assert_eq!(from_disk.scenario(), embedded.scenario());
        assert!(embedded.warnings().is_empty(), "{}", embedded.warnings().render());
        count += 1;
    }
    assert!(count >= 5);
}

#[test]
fn every_shipped_transformer_and_accelerator_loads() {
    for name in Shelf::Models.names() {
        let text = format!("(workload: (transformer: Preset({name:?})))");
        let loaded =
            Scenario::parse("x.ron", &text, no_files()).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
        assert!(loaded.warnings().is_empty());
    }
    for name in Shelf::Accelerators.names() {
        let text = format!("(accelerator: (preset: {name:?}))");
        Scenario::parse("x.ron", &text, no_files()).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    }
}

#[test]
fn the_edge_scenario_is_the_machine_of_the_paper() {
    let edge = shipped("bert-tiny-edge");
    assert_eq!(
        edge,
        Scenario {
            name: edge.name.clone(),
            ..Scenario::default()
        }
    );
    let Accelerator { tile, buffers, .. } = &edge.accelerator;
    assert_eq!(
        (
            edge.accelerator.processing_elements,
            edge.accelerator.lanes_per_pe
        ),
        (64, 16)
    );
    assert_eq!(
        (
            edge.accelerator.multipliers_per_lane,
            edge.accelerator.softmax_per_pe
        ),
        (16, 4)
    );
    assert_eq!((tile.b, tile.x, tile.y), (1, 16, 16));
    assert_eq!(
        (buffers.activation_mb, buffers.weight_mb, buffers.mask_mb),
        (4.0, 8.0, 1.0)
    );
    assert_eq!(edge.workload.batch, 4);
    assert_eq!(edge.accelerator.multipliers(), 16_384);
    assert_eq!(edge.accelerator.clock().kilohertz(), 700_000);
}

#[test]
fn the_server_scenarios_differ_in_memory_alone() {
    let (rram, hbm) = (shipped("bert-base-server"), shipped("bert-base-server-hbm"));
    assert_eq!(rram.memory, Reference::Preset("rram-m3d".into()));
    assert_eq!(hbm.memory, Reference::Preset("hbm2".into()));
    assert_eq!(
        (
            rram.accelerator.processing_elements,
            rram.accelerator.softmax_per_pe
        ),
        (512, 32)
    );
    assert_eq!(
        (rram.workload.batch, rram.workload.transformer.layers.len()),
        (32, 12)
    );
    let same = Scenario {
        name: rram.name.clone(),
        memory: rram.memory.clone(),
        ..hbm
    };
    assert_eq!(same, rram);
}

#[test]
fn the_mixed_transformer_has_every_kind_of_head_and_layers_of_different_width() {
    let mixed = shipped("flexibert-mixed");
    let layers = &mixed.workload.transformer.layers;
    let heads: Vec<Head> = layers
        .iter()
        .flat_map(|layer| layer.heads.iter().copied())
        .collect();
    for kind in [
        AttentionKind::ScaledDotProduct,
        AttentionKind::WeightedMultiplicative,
    ] {
        assert!(
            heads
                .iter()
                .any(|head| matches!(head, Head::Attention { kind: found, .. } if *found == kind))
        );
    }
    for kind in [TransformKind::Fourier, TransformKind::Cosine] {
        assert!(
            heads
                .iter()
                .any(|head| matches!(head, Head::LinearTransform { kind: found, .. } if *found == kind))
        );
    }
    for kernel in [5, 9, 13] {
        assert!(
            heads
                .iter()
                .any(|head| matches!(head, Head::Convolution { kernel: found, .. } if *found == kernel))
        );
    }
    assert!(layers.windows(2).any(|pair| pair[0].hidden != pair[1].hidden));
    assert!(layers.iter().any(|layer| layer.feed_forward.len() > 1));
    let twenty = DensitySource::Sampled {
        distribution: Distribution::Beta { concentration: 20.0 },
    };
    assert_eq!(mixed.sparsity.source, twenty);
}

#[test]
fn the_template_states_every_field_with_its_default() {
    let loaded = Scenario::parse("template.ron", TEMPLATE, no_files())
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    assert_eq!(
        *loaded.scenario(),
        Scenario {
            name: "template".into(),
            ..Scenario::default()
        }
    );
    // Every field that the full form states, the template states, and the includes in a comment.
    let words = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        let keys = lines.flat_map(|line| line.split([',', '(']).filter_map(|part| part.split_once(':')));
        keys.map(|(key, _)| key.trim().to_owned())
            .filter(|key| !key.is_empty() && !key.contains([' ', '/']))
            .collect()
    };
    let stated = words(TEMPLATE);
    for key in words(&Scenario::default().to_ron()) {
        assert!(stated.contains(&key), "the template lacks `{key}`");
    }
    assert!(TEMPLATE.contains("// base: ") && TEMPLATE.contains("// preset: "));
}

#[test]
fn writing_a_scenario_out_and_reading_it_back_changes_nothing() {
    for name in Shelf::Scenarios.names() {
        let scenario = shipped(name);
        let text = scenario.to_ron();
        let again = Scenario::parse("again.ron", &text, no_files())
            .unwrap_or_else(|wrong| panic!("{}", wrong.render()));
        assert_eq!(*again.scenario(), scenario);
    }
}

#[test]
fn a_scenario_in_full_reads_like_this() {
    expect_file!["golden/tiny-trace-in-full.ron"].assert_eq(&shipped("tiny-trace").to_ron());
}

#[test]
fn the_cost_table_says_what_was_published() {
    let costs: CostTable = Document::shipped(Shelf::Costs, "14nm").unwrap().value;
    assert_eq!(
        costs.lane_cost(16, ActivationFunction::Gelu).area_um2,
        9_418.667_591
    );
    assert_eq!(
        costs.lane_cost(1, ActivationFunction::Relu).dynamic_mw,
        0.275_614_6
    );
    assert_eq!(costs.main_memory_access_nj["dram_16_2_2"], 69.007_063_37);
    assert_eq!(costs.main_memory_access_nj.len(), 11);
    assert_eq!(costs.activation_buffer.access_nj(4.0), 2.0 * 0.079_275_099);
}

#[test]
fn published_memories_cost_what_the_cost_table_says() {
    let costs: CostTable = Document::shipped(Shelf::Costs, "14nm").unwrap().value;
    let published: Vec<_> = Shelf::Memories
        .names()
        .filter_map(|name| name.strip_prefix("published/"))
        .collect();
    assert!(
        costs
            .main_memory_access_nj
            .keys()
            .all(|name| published.contains(&name.as_str()))
    );
    for name in published {
        let path = format!("published/{name}");
        let memory: MemoryDescription = Document::shipped(Shelf::Memories, &path).unwrap().value;
        let access_nj = costs.main_memory_access_nj[name];
        assert_eq!(memory.energy, EnergyModel::PerAccess { access_nj }, "{name}");
    }
}

#[test]
fn there_are_24_loop_orders_and_each_has_its_name() {
    let orders: Vec<LoopOrder> = LoopOrder::all().collect();
    assert_eq!(orders.len(), 24);
    for order in orders {
        assert_eq!(order.to_string().parse(), Ok(order));
    }
}

#[test]
fn a_minimal_scenario_is_valid() {
    for text in ["()", r#"(workload: (transformer: Preset("bert-tiny")))"#] {
        assert!(Scenario::parse("minimal.ron", text, Disk).is_ok());
    }
    assert!(library::text("template.ron").is_some());
}
