//! Parquet, a group of rows at a time.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use analysis::Error;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use parquet::schema::parser::parse_message_type;

use super::unreadable;
use crate::parquet::{HEADER_KEY, SCHEMA};
use crate::{Entry, Form, Header};

/// A file of rows.
pub(super) struct Rows {
    path: PathBuf,
    file: SerializedFileReader<File>,
    groups: usize,
    next_group: usize,
    group: Group,
    next_row: usize,
}

/// The columns of a group of rows, as far as they are not computed from others.
#[derive(Default)]
struct Group {
    rows: usize,
    /// Record, track, kind, detail, role.
    strings: [Vec<Option<ByteArray>>; 5],
    /// Start, end, bytes, value.
    sizes: [Vec<Option<i64>>; 4],
    /// Operation, layer, head, tile along b, i, j and k, transfer, bank, row, column.
    numbers: [Vec<Option<i32>>; 11],
}

/// Where the columns stand in the schema.
const STRINGS: [usize; 5] = [0, 1, 2, 3, 9];
const SIZES: [usize; 4] = [4, 5, 17, 21];
const NUMBERS: [usize; 11] = [8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20];

impl Rows {
    /// Opens a file, and reads the header.
    pub(super) fn open(path: &Path) -> Result<(Header, Self), Error> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let file = SerializedFileReader::new(file).map_err(|error| unreadable(path, error))?;
        let metadata = file.metadata().file_metadata();
        let pairs = metadata.key_value_metadata();
        let pair = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == HEADER_KEY));
        let text = pair.and_then(|pair| pair.value.as_deref());
        let header = text.and_then(|text| serde_json::from_str(text).ok());
        let expected = parse_message_type(SCHEMA).map_err(|error| unreadable(path, error))?;
        let header = header
            .filter(|_| metadata.schema().get_fields() == expected.get_fields())
            .ok_or_else(|| unreadable(path, "it is not a trace of elector"))?;
        let rows = Self {
            path: path.to_owned(),
            groups: file.num_row_groups(),
            file,
            next_group: 0,
            group: Group::default(),
            next_row: 0,
        };
        Ok((header, rows))
    }

    /// The next row.
    pub(super) fn next_entry(&mut self, header: &Header) -> Result<Option<Entry<'_>>, Error> {
        while self.next_row >= self.group.rows {
            if self.next_group >= self.groups {
                return Ok(None);
            }
            let group = self
                .file
                .get_row_group(self.next_group)
                .and_then(|group| Group::read(&*group));
            self.group = group.map_err(|error| unreadable(&self.path, error))?;
            (self.next_group, self.next_row) = (self.next_group + 1, 0);
        }
        let row = self.next_row;
        self.next_row += 1;
        let entry = self.group.entry(row, header);
        entry.map(Some).ok_or_else(|| {
            unreadable(
                &self.path,
                format!("row {row} of group {} is damaged", self.next_group),
            )
        })
    }
}

impl Group {
    fn read(group: &dyn RowGroupReader) -> Result<Self, ParquetError> {
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut read = Self {
            rows,
            ..Self::default()
        };
        for (values, place) in read.strings.iter_mut().zip(STRINGS) {
            *values = column::<ByteArrayType>(group, place, rows)?;
        }
        for (values, place) in read.sizes.iter_mut().zip(SIZES) {
            *values = column::<Int64Type>(group, place, rows)?;
        }
        for (values, place) in read.numbers.iter_mut().zip(NUMBERS) {
            *values = column::<Int32Type>(group, place, rows)?;
        }
        Ok(read)
    }

    fn entry(&self, row: usize, header: &Header) -> Option<Entry<'_>> {
        let text = |column: usize| {
            let array = self.strings[column].get(row)?.as_ref()?;
            std::str::from_utf8(array.data()).ok().map(Cow::Borrowed)
        };
        let size = |column: usize| self.sizes[column].get(row).copied()?.map(|size| size as u64);
        let number = |column: usize| {
            self.numbers[column]
                .get(row)
                .copied()?
                .map(|number| number as u32)
        };
        let record = match &*text(0)? {
            "span" => Form::Span,
            "instant" => Form::Instant,
            "counter" => Form::Counter,
            _ => return None,
        };
        let (start, end) = (size(0)?, size(1)?);
        let tile = [3, 4, 5, 6].map(|place| number(place).map(|index| index as u16));
        Some(Entry {
            record,
            track: text(1)?,
            kind: text(2)?,
            detail: text(3),
            start_tick: start,
            end_tick: end,
            start_ns: header.nanoseconds(start),
            duration_ns: header.nanoseconds(end.checked_sub(start)?),
            operation: number(0),
            role: text(4),
            layer: number(1),
            head: number(2),
            tile: match tile {
                [Some(b), Some(i), Some(j), Some(k)] => Some([b, i, j, k]),
                _ => None,
            },
            transfer: number(7),
            bytes: size(2),
            bank: number(8),
            row: number(9),
            column: number(10),
            value: size(3),
        })
    }
}

/// All values of a column in a group of rows.
fn column<T: DataType>(
    group: &dyn RowGroupReader,
    place: usize,
    rows: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let optional = group.metadata().column(place).column_descr().max_def_level() > 0;
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(place)?);
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    while levels.len().max(if optional { 0 } else { values.len() }) < rows {
        let definitions = optional.then_some(&mut levels);
        let (read, ..) = reader.read_records(rows, definitions, None, &mut values)?;
        if read == 0 {
            break;
        }
    }
    if !optional {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels
        .into_iter()
        .map(|level| if level > 0 { values.next() } else { None })
        .collect())
}
