//! The shipped memories.

use memory::description::Cells;
use memory::pattern::Geometry;
use memory::{MemoryDescription, MemoryPlan};
use ron::extensions::Extensions;

/// Every file of `scenarios/library/memory/` that describes a memory of channels, without its extension.
pub(crate) const ALL: [&str; 23] = [
    "lpddr3-1600",
    "ddr4-2400",
    "hbm2",
    "hbm2-pseudo",
    "rram",
    "rram-m3d",
    "dramsim3/lpddr3-1600",
    "dramsim3/lpddr3-1600-trefi3120",
    "dramsim3/ddr4-2400",
    "dramsim3/hbm2",
    "dramsim3/hbm2-1ch",
    "dramsim3/hbm1",
    "published/rram_16_2_2",
    "published/rram_8_2_4",
    "published/rram_4_2_8",
    "published/rram_2_2_16",
    "published/rram_32_2_1",
    "published/rram_1_2_32",
    "published/dram_16_2_2",
    "published/dram_8_2_4",
    "published/dram_32_2_1",
    "published/dram_16_4_1",
    "published/hbm_32_1_4",
];

/// Those with the default controller.
pub(crate) const SHIPPED: [&str; 6] = [
    "lpddr3-1600",
    "ddr4-2400",
    "hbm2",
    "hbm2-pseudo",
    "rram",
    "rram-m3d",
];

/// The organisations of the papers.
pub(crate) const PUBLISHED: [&str; 11] = [
    "published/rram_16_2_2",
    "published/rram_8_2_4",
    "published/rram_4_2_8",
    "published/rram_2_2_16",
    "published/rram_32_2_1",
    "published/rram_1_2_32",
    "published/dram_16_2_2",
    "published/dram_8_2_4",
    "published/dram_32_2_1",
    "published/dram_16_4_1",
    "published/hbm_32_1_4",
];

/// Reads a shipped memory.
pub(crate) fn describe(name: &str) -> MemoryDescription {
    let path = format!(
        "{}/../../scenarios/library/memory/{name}.ron",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap();
    parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads a memory as the scenario loader does.
pub(crate) fn parse(text: &str) -> Result<MemoryDescription, ron::error::SpannedError> {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES)
        .from_str(text)
}

/// Reads and checks a shipped memory.
pub(crate) fn plan(name: &str) -> MemoryPlan {
    MemoryPlan::new(describe(name)).unwrap_or_else(|problems| panic!("{name}: {problems:?}"))
}

/// What the request patterns need to know of a memory.
pub(crate) fn geometry(plan: &MemoryPlan) -> Geometry {
    let organisation = plan.description().organisation;
    let map = plan.address_map();
    let same_but_row = |address: u64| {
        let mut location = map.locate(address);
        location.row = 0;
        location == Default::default()
    };
    let row_stride = (0..63).map(|bit| 1 << bit).find(|&stride| {
        stride < plan.capacity_bytes() && map.locate(stride).row == 1 && same_but_row(stride)
    });
    Geometry {
        capacity: plan.capacity_bytes(),
        row_stride: row_stride.unwrap_or(plan.capacity_bytes()),
        page: u64::from(organisation.columns) * u64::from(organisation.bus_width / 8),
    }
}

#[test]
fn every_preset_is_valid_and_survives_serialisation() {
    for name in ALL {
        let description = plan(name).description().clone();
        let text = ron::to_string(&description).unwrap();
        assert_eq!(parse(&text).unwrap(), description, "{name}");
    }
}

#[test]
fn no_preset_is_forgotten() {
    let root = format!("{}/../../scenarios/library/memory", env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str| {
        let entries = std::fs::read_dir(format!("{root}{folder}")).unwrap();
        entries
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|e| e == "ron")
            })
            .count()
    };
    // The ideal memory has no parts to describe.
    assert_eq!(
        files("") + files("/dramsim3") + files("/published"),
        ALL.len() + 1
    );
}

#[test]
fn capacity_and_peak_bandwidth_are_the_data_sheets() {
    let gigabytes = |name| plan(name).peak_bytes_per_second() / 1e9;
    let capacity = |name| plan(name).capacity_bytes() >> 30;
    assert_eq!((gigabytes("lpddr3-1600"), capacity("lpddr3-1600")), (12.8, 2));
    assert_eq!((gigabytes("ddr4-2400"), capacity("ddr4-2400")), (19.2, 16));
    assert_eq!((gigabytes("hbm2"), capacity("hbm2")), (256.0, 8));
    assert_eq!((gigabytes("hbm2-pseudo"), capacity("hbm2-pseudo")), (256.0, 8));
    assert_eq!((gigabytes("rram"), capacity("rram")), (25.6, 4));
    assert_eq!((gigabytes("rram-m3d"), capacity("rram-m3d")), (256.0, 4));
    assert!(ALL.iter().all(|name| plan(name).request_bytes() == 64));
}

#[test]
fn published_memories_have_the_organisation_of_their_names_and_the_bandwidth_of_their_cells() {
    for name in PUBLISHED {
        let plan = plan(name);
        let (cells, organisation) = (plan.description().cells, plan.description().organisation);
        let [banks, ranks, channels] = [
            organisation.banks_per_rank(),
            organisation.ranks,
            organisation.channels,
        ];
        let (kind, gigabytes) = match (name, cells) {
            (_, Cells::Rram { .. }) => ("rram", 256.0),
            (name, _) if name.contains("hbm") => ("hbm", 256.0),
            _ => ("dram", 25.6),
        };
        assert_eq!(name, format!("published/{kind}_{banks}_{ranks}_{channels}"));
        assert_eq!(plan.peak_bytes_per_second() / 1e9, gigabytes, "{name}");
    }
    let monolithic = describe("rram-m3d");
    let same = MemoryDescription {
        name: monolithic.name.clone(),
        ..describe("published/rram_16_2_2")
    };
    assert_eq!(same, monolithic);
}
