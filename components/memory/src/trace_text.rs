//! Request traces as text: a line `0xADDRESS READ|WRITE CYCLE` for each request, as DRAMsim3 reads them.

use std::io::{BufRead, Read as _};

use thiserror::Error;

use super::Access;

/// A request due at or after this cycle marks the end of a trace: DRAMsim3's host plays the last line twice,
/// so its traces end with a request that never falls due.
pub const END_CYCLE: u64 = 1_000_000_000_000_000;

/// One request of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// Byte address.
    pub address: u64,
    /// Read or write.
    pub access: Access,
    /// The cycle of the memory clock before which it is not offered.
    pub cycle: u64,
}

/// What is wrong with a line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct TraceError {
    /// The line's number, from 1.
    pub line: u64,
    /// What is wrong with it, and what would be accepted.
    pub problem: String,
}

/// Bytes that a line may have: a broken file may have lines without end, and none is kept whole.
const LONGEST_LINE: u64 = 4096;

/// The records of a trace, read line by line. Empty lines and lines that begin with `#` are passed over.
pub fn parse_trace(mut input: impl BufRead) -> impl Iterator<Item = Result<TraceRecord, TraceError>> {
    let mut text = Vec::new();
    let mut line = 0;
    let mut ended = false;
    std::iter::from_fn(move || {
        while !ended {
            line += 1;
            let parsed = match read_line(&mut input, &mut text) {
                Ok(None) => return None,
                Ok(Some(text)) if is_blank(text) => continue,
                Ok(Some(text)) => parse_line(text),
                Err(problem) => Err(problem),
            };
            return match parsed {
                Ok(record) if record.cycle >= END_CYCLE => None,
                Ok(record) => Some(Ok(record)),
                Err(problem) => {
                    ended = true;
                    Some(Err(TraceError { line, problem }))
                }
            };
        }
        None
    })
}

/// The next line, read into `bytes`; none at the end.
fn read_line<'a>(input: &mut impl BufRead, bytes: &'a mut Vec<u8>) -> Result<Option<&'a str>, String> {
    bytes.clear();
    let read = input.take(LONGEST_LINE + 1).read_until(b'\n', bytes);
    let length = read.map_err(|error| format!("cannot be read: {error}"))?;
    if length as u64 > LONGEST_LINE {
        return Err(format!(
            "is longer than {LONGEST_LINE} bytes (a request takes one line)"
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "is no text (the bytes are no UTF-8)".to_owned())?;
    Ok((length > 0).then_some(text))
}

fn is_blank(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with('#')
}

fn parse_line(text: &str) -> Result<TraceRecord, String> {
    let mut words = text.split_ascii_whitespace();
    let (Some(address), Some(access), Some(cycle), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(format!(
            "`{}` is no request (write `0xADDRESS READ|WRITE CYCLE`)",
            shown(text)
        ));
    };
    Ok(TraceRecord {
        address: parse_address(address)?,
        access: parse_access(access)?,
        cycle: cycle
            .parse()
            .map_err(|_| format!("`{}` is no cycle (write a decimal number)", shown(cycle)))?,
    })
}

fn parse_address(text: &str) -> Result<u64, String> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    let plain = !digits.starts_with('+');
    u64::from_str_radix(digits, 16)
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| {
            format!(
                "`{}` is no address (write up to 16 hexadecimal digits after `0x`)",
                shown(text)
            )
        })
}

fn parse_access(text: &str) -> Result<Access, String> {
    if text.eq_ignore_ascii_case("READ") {
        Ok(Access::Read)
    } else if text.eq_ignore_ascii_case("WRITE") {
        Ok(Access::Write)
    } else {
        Err(format!("`{}` is no access (write READ or WRITE)", shown(text)))
    }
}

/// The beginning of what the user wrote: a broken file may have lines without end.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requests_up_to_the_end_mark() {
        let text = "# comment\n0x40 READ 0\n\n0xC0 write 7\n0x0 READ 1000000000000000\nnonsense\n";
        let records: Vec<_> = parse_trace(text.as_bytes()).collect();
        let record = |address, access, cycle| {
            Ok(TraceRecord {
                address,
                access,
                cycle,
            })
        };
        assert_eq!(
            records,
            [record(0x40, Access::Read, 0), record(0xc0, Access::Write, 7)]
        );
    }

    #[test]
    fn names_the_line_and_the_word() {
        let problem = |text: &str| {
            parse_trace(text.as_bytes())
                .last()
                .unwrap()
                .unwrap_err()
                .to_string()
        };
        assert!(problem("0x40 READ 0\n0xZZ READ 0").starts_with("line 2: `0xZZ` is no address"));
        assert!(problem("0x40 FETCH 0").starts_with("line 1: `FETCH` is no access"));
        assert!(problem("0x40 READ soon").starts_with("line 1: `soon` is no cycle"));
        assert!(problem("0x40 READ").contains("is no request"));
        assert!(problem("0x+4 READ 1").contains("is no address"));
    }

    #[test]
    fn lines_without_end_and_bytes_that_are_no_text_are_refused() {
        let mut records = parse_trace(std::io::BufReader::new(std::io::repeat(b'0')));
        let problem = records.next().unwrap().unwrap_err().to_string();
        assert!(problem.starts_with("line 1: is longer than"), "{problem}");
        assert!(records.next().is_none());
        let binary: &[u8] = b"0x40 READ 0\r\n\x1f\x8b\xff\n";
        let problem = parse_trace(binary).last().unwrap().unwrap_err().to_string();
        assert!(problem.starts_with("line 2: is no text"), "{problem}");
    }
}
