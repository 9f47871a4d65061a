use super::*;
use crate::schema::{Background, Scenario, Stated as _};

fn named(names: &[&str]) -> Scenario {
    let mut scenario = Scenario::default();
    scenario.contention.background = names
        .iter()
        .map(|name| Background {
            name: (*name).to_owned(),
            ..Background::default()
        })
        .collect();
    scenario
}

fn between(before: &Scenario, after: &Scenario) -> ChangedPaths {
    ChangedPaths::between(&before.to_form(), &after.to_form())
}

#[test]
fn a_changed_value_is_here_and_its_neighbours_are_below() {
    let before = Scenario::default();
    let mut after = before.clone();
    after.accelerator.tile.x = 8;
    let paths = between(&before, &after);
    for path in ["accelerator.tile.x", "accelerator.tile", "accelerator"] {
        assert_eq!(paths.origin(path), Origin::Here, "{path}");
    }
    for path in ["accelerator.tile.y", "accelerator.tile.xy", "workload"] {
        assert_eq!(paths.origin(path), Origin::Below(path.to_owned()), "{path}");
    }
}

#[test]
fn items_are_followed_when_others_go() {
    let before = named(&["a", "b", "c"]);
    let mut after = named(&["b", "c", "d"]);
    after.contention.background[1].start_us = 1.0;
    let paths = between(&before, &after);
    let below = |path: &str| Origin::Below(format!("contention.background{path}"));
    for (path, origin) in [
        ("", Origin::Here),
        ("[0]", below("[1]")),
        ("[0].region_mb", below("[1].region_mb")),
        ("[1].start_us", Origin::Here),
        ("[1].region_mb", below("[2].region_mb")),
        ("[2].region_mb", Origin::Here),
    ] {
        assert_eq!(
            paths.origin(&format!("contention.background{path}")),
            origin,
            "{path}"
        );
    }
}

#[test]
fn changes_after_changes_are_one_layer() {
    let first = named(&["a", "b", "c"]);
    let mut second = named(&["a", "b", "c"]);
    second.contention.background[1].start_us = 1.0;
    let mut third = named(&["b", "c"]);
    third.contention.background[0].start_us = 1.0;
    let mut fourth = named(&["c", "b"]);
    fourth.contention.background[1].start_us = 1.0;
    let paths = between(&third, &fourth)
        .after(&between(&second, &third))
        .after(&between(&first, &second));
    let path = |path: &str| format!("contention.background{path}");
    assert_eq!(
        paths.origin(&path("[0].start_us")),
        Origin::Below(path("[2].start_us"))
    );
    assert_eq!(paths.origin(&path("[1].start_us")), Origin::Here);
    assert_eq!(
        paths.origin(&path("[1].region_mb")),
        Origin::Below(path("[1].region_mb"))
    );
}

#[test]
fn an_item_that_is_renamed_keeps_its_place() {
    let paths = between(&named(&["a", "b"]), &named(&["x", "b"]));
    assert_eq!(paths.origin("contention.background[0].name"), Origin::Here);
    let path = "contention.background[0].region_mb";
    assert_eq!(paths.origin(path), Origin::Below(path.to_owned()));
}
