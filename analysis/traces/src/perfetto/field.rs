//! Numbers of protobuf fields, by message, as Perfetto's `trace_packet.proto`, `track_event.proto`,
//! `track_descriptor.proto` and `interned_data.proto` give them.

pub(crate) const PACKET: u32 = 1;
pub(crate) const TIMESTAMP: u32 = 8;
pub(crate) const SEQUENCE_ID: u32 = 10;
pub(crate) const TRACK_EVENT: u32 = 11;
pub(crate) const INTERNED_DATA: u32 = 12;
pub(crate) const SEQUENCE_FLAGS: u32 = 13;
pub(crate) const TRACK_DESCRIPTOR: u32 = 60;

pub(crate) const INTERNED_CATEGORIES: u32 = 1;
pub(crate) const INTERNED_NAMES: u32 = 2;
pub(crate) const INTERNED_ANNOTATIONS: u32 = 3;

pub(crate) const EVENT_CATEGORY: u32 = 3;
pub(crate) const EVENT_ANNOTATION: u32 = 4;
pub(crate) const EVENT_TYPE: u32 = 9;
pub(crate) const EVENT_NAME: u32 = 10;
pub(crate) const EVENT_TRACK: u32 = 11;
pub(crate) const EVENT_VALUE: u32 = 30;
pub(crate) const EVENT_FLOW: u32 = 47;
pub(crate) const EVENT_FLOW_END: u32 = 48;

pub(crate) const TRACK_UUID: u32 = 1;
pub(crate) const TRACK_NAME: u32 = 2;
pub(crate) const TRACK_PROCESS: u32 = 3;
pub(crate) const TRACK_PARENT: u32 = 5;
pub(crate) const TRACK_COUNTER: u32 = 8;
pub(crate) const TRACK_CHILD_ORDER: u32 = 11;
pub(crate) const TRACK_RANK: u32 = 12;
/// `TrackDescriptor.description`, a text for people: that of the root is the trace's header, as JSON. Viewers older
/// than the field pass over it.
pub(crate) const TRACK_DESCRIPTION: u32 = 14;

/// Values of `TrackEvent.type`.
pub(crate) const SLICE_BEGIN: u64 = 1;
pub(crate) const SLICE_END: u64 = 2;
pub(crate) const INSTANT: u64 = 3;
pub(crate) const COUNTER: u64 = 4;

/// The track of the whole scenario; the others are numbered from here on, in the order of their descriptions.
pub(crate) const ROOT: u64 = 1;
