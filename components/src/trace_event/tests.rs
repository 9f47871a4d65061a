use proptest::prelude::*;

use super::*;
use crate::memory::Access;
use crate::memory::label::{BusCommand, CommandKind};

fn place() -> impl Strategy<Value = TilePlace> {
    (any::<u32>(), any::<[u16; 4]>()).prop_map(|(operation, tile)| TilePlace {
        operation,
        tile: TileCoordinate(tile),
    })
}

fn operation() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(0..u32::MAX)
}

fn record() -> impl Strategy<Value = TransferRecord> {
    let fields = (
        any::<u32>(),
        0..1_u64 << 43,
        0..Traffic::ALL.len(),
        any::<bool>(),
        any::<u16>(),
    );
    fields.prop_map(|(transfer, bytes, traffic, outward, slot)| TransferRecord {
        transfer,
        bytes,
        traffic: Traffic::ALL[traffic],
        outward,
        slot,
    })
}

fn order() -> impl Strategy<Value = TransferOrder> {
    (operation(), any::<u32>()).prop_map(|(operation, transfer)| TransferOrder { operation, transfer })
}

fn stall() -> impl Strategy<Value = Stall> {
    (0..StallCause::ALL.len(), operation()).prop_map(|(cause, operation)| Stall {
        cause: StallCause::ALL[cause],
        operation,
    })
}

fn memory() -> impl Strategy<Value = MemoryEvent> {
    let numbers = || (any::<u32>(), any::<u32>(), any::<u32>());
    prop_oneof![
        any::<u32>().prop_map(|row| MemoryEvent::RowOpen { row }),
        any::<u32>().prop_map(|row| MemoryEvent::RowOpened { row }),
        any::<u32>().prop_map(|times| MemoryEvent::Refresh { times }),
        (any::<bool>(), numbers()).prop_map(|(reads, (bank, row, _))| MemoryEvent::Burst {
            access: if reads { Access::Read } else { Access::Write },
            bank,
            row,
        }),
        (0..CommandKind::ALL.len(), numbers()).prop_map(|(kind, (bank, row, column))| {
            MemoryEvent::Command(BusCommand {
                kind: CommandKind::ALL[kind],
                bank,
                row,
                column,
            })
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let unit = prop_oneof![
        Just(TileUnit::MacLane),
        Just(TileUnit::Softmax),
        Just(TileUnit::LayerNorm)
    ];
    prop_oneof![
        (unit, place()).prop_map(|(unit, place)| Event::Tile(unit, place)),
        place().prop_map(Event::RunStarted),
        place().prop_map(Event::RunIssued),
        place().prop_map(Event::RunRetired),
        record().prop_map(Event::TransferQueued),
        record().prop_map(Event::TransferBegan),
        record().prop_map(Event::Transfer),
        order().prop_map(Event::TransferOrdered),
        order().prop_map(Event::NothingMoves),
        any::<(u32, u32)>().prop_map(|(operation, transfer)| Event::OperationWoken { operation, transfer }),
        any::<u32>().prop_map(|operation| Event::OperandsAwaited { operation }),
        stall().prop_map(Event::Stall),
        stall().prop_map(Event::StallBegan),
        Just(Event::Finished),
        Just(Event::Started),
        any::<u32>().prop_map(|unit| Event::UnitFreed(ActorId(unit))),
        any::<u32>().prop_map(|transfer| Event::TransferDone { transfer }),
        any::<u32>().prop_map(|transfer| Event::TransferRequested { transfer }),
        memory().prop_map(Event::Memory),
    ]
}

proptest! {
    #[test]
    fn an_event_is_unpacked_as_it_was_packed(event in event()) {
        prop_assert_eq!(Event::of(event.label()), Some(event));
    }

    /// Whatever a label holds, it is that of one event or of none.
    #[test]
    fn labels_do_not_overlap(kind in 0..0x120_u16, work in any::<u32>(), part in any::<u64>()) {
        if let Some(event) = Event::of(Label { kind, work, part }) {
            prop_assert_eq!(event.label().kind, kind);
        }
    }

    #[test]
    fn marks_and_their_spans_belong_together(event in event()) {
        if let Some(span) = event.marks() {
            prop_assert!(span.has_mark() && span.marks().is_none());
            prop_assert_eq!(span.name(), event.name());
        }
    }
}

#[test]
fn counters_have_numbers_of_their_own() {
    let known = (0..u16::MAX).filter_map(|number| Some((number, Counter::of(number)?)));
    let known: Vec<_> = known.collect();
    assert_eq!(known.len(), 4);
    assert!(known.iter().all(|(number, counter)| counter.number() == *number));
}
