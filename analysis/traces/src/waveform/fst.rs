//! Fast signal trace, the packed form of GTKWave.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use fst_writer::{
    FstBodyWriter, FstFileType, FstHeaderWriter, FstInfo, FstScopeType, FstSignalId, FstSignalType,
    FstVarDirection, FstVarType, FstWriteError,
};

use super::super::Header;
use super::SignalFile;

/// Bytes of changes that are held until they are packed and written.
const HELD: usize = 8 << 20;
/// Changes between two looks at how much is held.
const LOOK: u32 = 1 << 12;

type Out = BufWriter<File>;

/// Definitions come first, then changes.
enum Part {
    Head(FstHeaderWriter<Out>),
    Body(FstBodyWriter<Out>),
    Nothing,
}

/// Writes a fast signal trace.
pub(in super::super) struct FstSignals {
    part: Part,
    ids: Vec<FstSignalId>,
    digits: Vec<u8>,
    changes: u32,
    now: u64,
}

impl FstSignals {
    fn head(&mut self) -> io::Result<&mut FstHeaderWriter<Out>> {
        match &mut self.part {
            Part::Head(head) => Ok(head),
            _ => Err(out_of_order()),
        }
    }

    fn body(&mut self) -> io::Result<&mut FstBodyWriter<Out>> {
        match &mut self.part {
            Part::Body(body) => Ok(body),
            _ => Err(out_of_order()),
        }
    }
}

fn out_of_order() -> io::Error {
    io::Error::other("signals are defined before they change")
}

fn failed(error: FstWriteError) -> io::Error {
    match error {
        FstWriteError::Io(error) => error,
        error => io::Error::other(error),
    }
}

impl SignalFile for FstSignals {
    fn begin(file: File, header: &Header) -> io::Result<Self> {
        let info = FstInfo {
            start_time: 0,
            timescale_exponent: -12,
            version: format!("elector, scenario {}", header.scenario),
            // A date would make two traces of one run differ.
            date: String::new(),
            file_type: FstFileType::Verilog,
        };
        let out = BufWriter::with_capacity(1 << 18, file);
        Ok(Self {
            part: Part::Head(FstHeaderWriter::new(out, &info).map_err(failed)?),
            ids: Vec::new(),
            digits: Vec::new(),
            changes: 0,
            now: 0,
        })
    }

    fn open_scope(&mut self, name: &str) -> io::Result<()> {
        self.head()?.scope(name, "", FstScopeType::Module).map_err(failed)
    }

    fn close_scope(&mut self) -> io::Result<()> {
        self.head()?.up_scope().map_err(failed)
    }

    fn define(&mut self, name: &str, width: u32) -> io::Result<()> {
        let kind = FstSignalType::bit_vec(width);
        let id = self
            .head()?
            .var(name, kind, FstVarType::Wire, FstVarDirection::Implicit, None)
            .map_err(failed)?;
        self.ids.push(id);
        Ok(())
    }

    fn end_definitions(&mut self) -> io::Result<()> {
        let Part::Head(head) = std::mem::replace(&mut self.part, Part::Nothing) else {
            return Err(out_of_order());
        };
        self.part = Part::Body(head.finish().map_err(failed)?);
        Ok(())
    }

    fn time(&mut self, picosecond: u64) -> io::Result<()> {
        let later = picosecond > std::mem::replace(&mut self.now, picosecond);
        // What is held can be written between two times only.
        if later && self.changes >= LOOK {
            self.changes = 0;
            let body = self.body()?;
            if body.size() > HELD {
                body.flush().map_err(failed)?;
            }
        }
        self.body()?.time_change(picosecond).map_err(failed)
    }

    fn change(&mut self, signal: usize, width: u32, value: Option<u64>) -> io::Result<()> {
        self.digits.clear();
        let digit = |bit: u32| value.map_or(b'x', |value| b'0' + (value >> bit & 1) as u8);
        self.digits.extend((0..width).rev().map(digit));
        let (id, digits) = (self.ids[signal], std::mem::take(&mut self.digits));
        self.body()?.signal_change(id, &digits).map_err(failed)?;
        self.digits = digits;
        self.changes += 1;
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        let Part::Body(body) = self.part else {
            return Err(out_of_order());
        };
        body.finish().map_err(failed)?.flush()
    }
}
