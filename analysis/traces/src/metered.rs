//! A recorder whose trace has power.

use analysis::power::{PowerMeter, Reading};
use sim_core::{Activity, ActorId, Label, Span, Tick, TraceSink};

use crate::recorder::{Recorder, Records};

/// Hands every record to a meter and to the recorder, which filters: the meter counts what is not shown, too. A trace without power
/// has the recorder alone.
pub(crate) struct Metered {
    meter: PowerMeter,
    recorder: Recorder,
}

impl Metered {
    /// A sink that puts the readings of `meter` among what `recorder` records.
    pub(crate) fn new(meter: PowerMeter, recorder: Recorder) -> Self {
        Self { meter, recorder }
    }
}

/// Takes readings. One a microsecond is a sample already, so they are not sampled.
fn into(recorder: &mut Recorder) -> impl FnMut(Reading) + '_ {
    |reading| recorder.reading(reading.actor, reading.at, reading.kind, reading.value)
}

impl Records for Metered {
    fn record_span(&mut self, span: Span) {
        self.recorder.record_span(span);
    }

    fn finish(&mut self) {
        self.meter.finish(&mut into(&mut self.recorder));
        self.recorder.finish();
    }
}

impl TraceSink for Metered {
    #[inline]
    fn at(&mut self, now: Tick) {
        if self.meter.advance(now) {
            self.meter.read(&mut into(&mut self.recorder));
        }
        self.recorder.at(now);
    }

    #[inline]
    fn span(&mut self, span: Span) {
        self.meter.span(&span);
        self.recorder.span(span);
    }

    #[inline]
    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.meter.instant(actor, at, &label);
        self.recorder.instant(actor, at, label);
    }

    #[inline]
    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64) {
        self.recorder.counter(actor, at, counter, value);
    }

    fn wants_activities(&self) -> bool {
        true
    }

    #[inline]
    fn activity(&mut self, activity: Activity) {
        self.meter.activity(&activity);
    }
}
