//! Value change dump (IEEE 1364).

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use vcd::{IdCode, TimescaleUnit, Value, Writer};

use super::super::Header;
use super::SignalFile;

/// Writes a value change dump.
pub(in super::super) struct VcdSignals {
    out: Writer<BufWriter<File>>,
    codes: Vec<IdCode>,
}

impl SignalFile for VcdSignals {
    fn begin(file: File, header: &Header) -> io::Result<Self> {
        let mut out = Writer::new(BufWriter::with_capacity(1 << 18, file));
        out.version("elector")?;
        out.comment(&format!("scenario {}, seed {}", header.scenario, header.seed))?;
        out.timescale(1, TimescaleUnit::PS)?;
        Ok(Self {
            out,
            codes: Vec::new(),
        })
    }

    fn open_scope(&mut self, name: &str) -> io::Result<()> {
        // A space would end the name.
        self.out.add_module(&name.replace(char::is_whitespace, "_"))
    }

    fn close_scope(&mut self) -> io::Result<()> {
        self.out.upscope()
    }

    fn define(&mut self, name: &str, width: u32) -> io::Result<()> {
        self.codes.push(self.out.add_wire(width, name)?);
        Ok(())
    }

    fn end_definitions(&mut self) -> io::Result<()> {
        self.out.enddefinitions()
    }

    fn time(&mut self, picosecond: u64) -> io::Result<()> {
        self.out.timestamp(picosecond)
    }

    fn change(&mut self, signal: usize, width: u32, value: Option<u64>) -> io::Result<()> {
        let code = self.codes[signal];
        let Some(value) = value else {
            return match width {
                1 => self.out.change_scalar(code, Value::X),
                _ => self.out.change_vector(code, [Value::X]),
            };
        };
        if width == 1 {
            return self.out.change_scalar(code, value != 0);
        }
        // Zeros in front are left out, as readers put them back.
        let digits = (u64::BITS - value.leading_zeros()).max(1);
        let bits = (0..digits).rev().map(|bit| Value::from(value >> bit & 1 == 1));
        self.out.change_vector(code, bits)
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.writer().flush()
    }
}
