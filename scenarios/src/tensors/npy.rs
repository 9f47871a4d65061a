//! Arrays of NumPy: a preamble, a header that is a Python dictionary, the numbers
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
//!
//! Parsed by hand: little of the format is needed, and the crates for it multiply extents unchecked or bring a whole grammar
//! of Python.

use std::io::Read;

use super::element::{Element, Format};
use super::{Place, StoredTensor, Visitor};
use crate::diagnostics::Problem;

/// The longest header that is read. NumPy itself refuses longer ones than 10 000 bytes.
const MAX_HEADER: usize = 1 << 16;

/// Shows the array that `reader` reads.
pub(super) fn read(
    place: Place<'_>,
    name: &str,
    reader: &mut dyn Read,
    visit: &mut Visitor<'_>,
) -> Result<(), Problem> {
    let header = header(place, reader)?;
    let (element, shape) = understand(&header).map_err(|(what, help)| place.problem(what, help))?;
    visit(&mut StoredTensor {
        place,
        name,
        shape,
        is_whole: element.is_whole(),
        is_row_major: !value_of(&header, "fortran_order").is_some_and(|value| value.starts_with("True")),
        element,
        reader,
    })
}

fn header(place: Place<'_>, reader: &mut dyn Read) -> Result<String, Problem> {
    let mut take = |bytes: &mut [u8]| reader.read_exact(bytes).map_err(|error| place.unreadable(&error));
    let mut preamble = [0; 8];
    take(&mut preamble)?;
    if &preamble[..6] != b"\x93NUMPY" {
        return Err(place.problem(
            "this is not a NumPy array",
            "write it with numpy.save, which begins the file with \\x93NUMPY",
        ));
    }
    let length = if preamble[6] == 1 {
        let mut length = [0; 2];
        take(&mut length)?;
        usize::from(u16::from_le_bytes(length))
    } else {
        let mut length = [0; 4];
        take(&mut length)?;
        u32::from_le_bytes(length) as usize
    };
    if length > MAX_HEADER {
        return Err(place.problem(
            format!("the header would have {length} bytes"),
            "the file is damaged: write it again",
        ));
    }
    let mut text = vec![0; length];
    take(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A problem and its remedy.
type Fault = (String, &'static str);

const DAMAGED: &str =
    "the file is damaged, or has a version that NumPy does not write: write it with numpy.save";
const FLOATS: &str = "only plain numbers are read: save array.astype(\"float32\")";

/// Format of the elements, and the shape, by the header `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn understand(header: &str) -> Result<(Element, Vec<u64>), Fault> {
    let descr = value_of(header, "descr").ok_or_else(|| ("the header has no 'descr'".to_owned(), DAMAGED))?;
    let element = element(descr)?;
    let shape = value_of(header, "shape").ok_or_else(|| ("the header has no 'shape'".to_owned(), DAMAGED))?;
    let extents = shape
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .ok_or_else(|| ("the shape is not a tuple".to_owned(), DAMAGED))?;
    let mut elements = 1_u64;
    let mut shape = Vec::new();
    for extent in extents
        .0
        .split(',')
        .map(str::trim)
        .filter(|extent| !extent.is_empty())
    {
        let impossible = || (format!("the shape ({}) is impossible", extents.0), DAMAGED);
        let extent: u64 = extent.parse().map_err(|_| impossible())?;
        elements = elements.checked_mul(extent).ok_or_else(impossible)?;
        shape.push(extent);
    }
    Ok((element, shape))
}

/// The text after `'key':`.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let after = quoted
        .iter()
        .find_map(|quoted| header.split_once(quoted.as_str()))?
        .1;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

fn element(descr: &str) -> Result<Element, Fault> {
    let quote = descr.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
    let Some(quote) = quote else {
        return Err(("its elements are records".to_owned(), FLOATS));
    };
    let kind = descr[1..].split(quote).next().unwrap_or_default();
    let format = match kind.get(1..) {
        Some("f2") => Format::Half,
        Some("f4") => Format::Single,
        Some("f8") => Format::Double,
        Some("i1") => Format::Signed(1),
        Some("i2") => Format::Signed(2),
        Some("i4") => Format::Signed(4),
        Some("i8") => Format::Signed(8),
        Some("u1") => Format::Unsigned(1),
        Some("u2") => Format::Unsigned(2),
        Some("u4") => Format::Unsigned(4),
        Some("u8") => Format::Unsigned(8),
        _ => return Err((format!("its elements are of type {kind:?}"), FLOATS)),
    };
    match kind.chars().next() {
        // `=` and `|` would be the writer's own order, which files do not use for numbers.
        Some('<' | '=' | '|') => Ok(Element {
            format,
            big_endian: false,
        }),
        Some('>') => Ok(Element {
            format,
            big_endian: true,
        }),
        _ => Err((format!("its elements are of type {kind:?}"), FLOATS)),
    }
}
