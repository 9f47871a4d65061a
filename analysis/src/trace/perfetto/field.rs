//! Numbers of protobuf fields, by message, as Perfetto's `trace_packet.proto`, `track_event.proto`,
//! `track_descriptor.proto` and `interned_data.proto` give them.

pub(in crate::trace) const PACKET: u32 = 1;
pub(in crate::trace) const TIMESTAMP: u32 = 8;
pub(in crate::trace) const SEQUENCE_ID: u32 = 10;
pub(in crate::trace) const TRACK_EVENT: u32 = 11;
pub(in crate::trace) const INTERNED_DATA: u32 = 12;
pub(in crate::trace) const SEQUENCE_FLAGS: u32 = 13;
pub(in crate::trace) const TRACK_DESCRIPTOR: u32 = 60;

pub(in crate::trace) const INTERNED_CATEGORIES: u32 = 1;
pub(in crate::trace) const INTERNED_NAMES: u32 = 2;
pub(in crate::trace) const INTERNED_ANNOTATIONS: u32 = 3;

pub(in crate::trace) const EVENT_CATEGORY: u32 = 3;
pub(in crate::trace) const EVENT_ANNOTATION: u32 = 4;
pub(in crate::trace) const EVENT_TYPE: u32 = 9;
pub(in crate::trace) const EVENT_NAME: u32 = 10;
pub(in crate::trace) const EVENT_TRACK: u32 = 11;
pub(in crate::trace) const EVENT_VALUE: u32 = 30;
pub(in crate::trace) const EVENT_FLOW: u32 = 47;
pub(in crate::trace) const EVENT_FLOW_END: u32 = 48;

pub(in crate::trace) const TRACK_UUID: u32 = 1;
pub(in crate::trace) const TRACK_NAME: u32 = 2;
pub(in crate::trace) const TRACK_PROCESS: u32 = 3;
pub(in crate::trace) const TRACK_PARENT: u32 = 5;
pub(in crate::trace) const TRACK_COUNTER: u32 = 8;
pub(in crate::trace) const TRACK_CHILD_ORDER: u32 = 11;
pub(in crate::trace) const TRACK_RANK: u32 = 12;
/// `TrackDescriptor.description`, a text for people: that of the root is the trace's header, as JSON. Viewers older
/// than the field pass over it.
pub(in crate::trace) const TRACK_DESCRIPTION: u32 = 14;

/// Values of `TrackEvent.type`.
pub(in crate::trace) const SLICE_BEGIN: u64 = 1;
pub(in crate::trace) const SLICE_END: u64 = 2;
pub(in crate::trace) const INSTANT: u64 = 3;
pub(in crate::trace) const COUNTER: u64 = 4;

/// The track of the whole scenario; the others are numbered from here on, in the order of their descriptions.
pub(in crate::trace) const ROOT: u64 = 1;
