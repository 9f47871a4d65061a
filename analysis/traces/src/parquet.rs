//! Parquet: the same columns as JSON lines, for pandas, Polars and DuckDB.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::Header;
use super::exporter::{Exporter, track_name};
use super::row::Row;

/// The columns. Those of JSON lines, but for the tile, which is four here.
pub(super) const SCHEMA: &str = "
message trace {
    REQUIRED BYTE_ARRAY record (UTF8);
    REQUIRED BYTE_ARRAY track (UTF8);
    REQUIRED BYTE_ARRAY kind (UTF8);
    OPTIONAL BYTE_ARRAY detail (UTF8);
    REQUIRED INT64 start_tick;
    REQUIRED INT64 end_tick;
    REQUIRED DOUBLE start_ns;
    REQUIRED DOUBLE duration_ns;
    OPTIONAL INT32 operation;
    OPTIONAL BYTE_ARRAY role (UTF8);
    OPTIONAL INT32 layer;
    OPTIONAL INT32 head;
    OPTIONAL INT32 tile_b;
    OPTIONAL INT32 tile_i;
    OPTIONAL INT32 tile_j;
    OPTIONAL INT32 tile_k;
    OPTIONAL INT32 transfer;
    OPTIONAL INT64 bytes;
    OPTIONAL INT32 bank;
    OPTIONAL INT32 row;
    OPTIONAL INT32 column;
    OPTIONAL INT64 value;
}";

/// The key of the file's metadata under which the header stands, as JSON.
pub(super) const HEADER_KEY: &str = "elector";
/// Rows that are held until they are written together.
const ROWS: usize = 1 << 15;

/// The values of one column.
struct Column<T: DataType> {
    values: Vec<T::T>,
    /// 1 for a value, 0 for a missing one; empty for a column whose values are all there.
    levels: Vec<i16>,
}

impl<T: DataType> Column<T> {
    fn new() -> Self {
        Self {
            values: Vec::new(),
            levels: Vec::new(),
        }
    }

    fn push(&mut self, value: T::T) {
        self.values.push(value);
    }

    fn push_optional(&mut self, value: Option<T::T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    /// Writes the values as the next column of `group`.
    fn write(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    ) -> Result<(), ParquetError> {
        let Some(mut column) = group.next_column()? else {
            return Err(ParquetError::General("the schema has too few columns".to_owned()));
        };
        let levels = (!self.levels.is_empty()).then_some(&self.levels[..]);
        column.typed::<T>().write_batch(&self.values, levels, None)?;
        column.close()?;
        self.values.clear();
        self.levels.clear();
        Ok(())
    }
}

/// Writes Parquet.
pub(super) struct ParquetRows {
    out: SerializedFileWriter<BufWriter<File>>,
    header: Header,
    rows: usize,
    texts: BTreeMap<String, ByteArray>,
    /// Record, track, kind, detail, role.
    strings: [Column<ByteArrayType>; 5],
    ticks: [Column<Int64Type>; 2],
    times: [Column<DoubleType>; 2],
    /// Operation, layer, head, tile along b, i, j and k, transfer, bank, row, column.
    numbers: [Column<Int32Type>; 11],
    /// Bytes, value.
    sizes: [Column<Int64Type>; 2],
    name: String,
}

impl ParquetRows {
    pub(super) fn begin(file: File, header: &Header) -> io::Result<Self> {
        let schema = parse_message_type(SCHEMA).map_err(failed)?;
        let metadata = KeyValue::new(HEADER_KEY.to_owned(), serde_json::to_string(header)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("elector".to_owned())
            .set_key_value_metadata(Some(vec![metadata]))
            .build();
        let out = BufWriter::with_capacity(1 << 18, file);
        Ok(Self {
            out: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(failed)?,
            header: header.clone(),
            rows: 0,
            texts: BTreeMap::new(),
            strings: [(); 5].map(|()| Column::new()),
            ticks: [(); 2].map(|()| Column::new()),
            times: [(); 2].map(|()| Column::new()),
            numbers: [(); 11].map(|()| Column::new()),
            sizes: [(); 2].map(|()| Column::new()),
            name: String::new(),
        })
    }

    /// A string as the file holds it; equal ones share their memory.
    fn text(&mut self, text: &str) -> ByteArray {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let array = ByteArray::from(text);
        self.texts.insert(text.to_owned(), array.clone());
        array
    }

    fn push(&mut self, row: &Row<'_>) {
        let mut name = std::mem::take(&mut self.name);
        let track = self.text(track_name(row, &mut name));
        self.name = name;
        let names = row.operation.and_then(|(_, names)| names);
        let (record, kind) = (self.text(row.form.name()), self.text(row.kind));
        let detail = row.detail.map(|detail| self.text(detail));
        let role = names.map(|names| self.text(names.role.name()));
        for (column, value) in self.strings.iter_mut().zip([record, track, kind]) {
            column.push(value);
        }
        self.strings[3].push_optional(detail);
        self.strings[4].push_optional(role);
        self.ticks[0].push(row.start as i64);
        self.ticks[1].push(row.end as i64);
        self.times[0].push(self.header.nanoseconds(row.start));
        self.times[1].push(self.header.nanoseconds(row.end - row.start));
        let tile = |place: usize| row.tile.map(|tile| u32::from(tile[place]));
        let [bank, memory_row, column] = row.place;
        let numbers = [
            row.operation.map(|(operation, _)| operation),
            names.map(|names| names.layer),
            names.and_then(|names| names.head),
            tile(0),
            tile(1),
            tile(2),
            tile(3),
            row.transfer.or(row.waited_for),
            bank,
            memory_row,
            column,
        ];
        for (column, value) in self.numbers.iter_mut().zip(numbers) {
            column.push_optional(value.map(|value| value as i32));
        }
        self.sizes[0].push_optional(row.bytes.map(|bytes| bytes as i64));
        self.sizes[1].push_optional(row.value.map(|value| value as i64));
        self.rows += 1;
    }

    /// Writes what is held, column by column in the order of the schema.
    fn write_rows(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.out.next_row_group()?;
        let [record, track, kind, detail, role] = &mut self.strings;
        let [operation, layer, head, b, i, j, k, transfer, bank, row, column] = &mut self.numbers;
        for strings in [record, track, kind, detail] {
            strings.write(&mut group)?;
        }
        for ticks in &mut self.ticks {
            ticks.write(&mut group)?;
        }
        for times in &mut self.times {
            times.write(&mut group)?;
        }
        operation.write(&mut group)?;
        role.write(&mut group)?;
        for numbers in [layer, head, b, i, j, k, transfer] {
            numbers.write(&mut group)?;
        }
        self.sizes[0].write(&mut group)?;
        for numbers in [bank, row, column] {
            numbers.write(&mut group)?;
        }
        self.sizes[1].write(&mut group)?;
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl Exporter for ParquetRows {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.push(row);
        if self.rows >= ROWS {
            self.write_rows().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _last: u64) -> io::Result<()> {
        self.write_rows().map_err(failed)?;
        self.out.close().map(drop).map_err(failed)
    }
}

/// What went wrong, without the layers around an error of the disk.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        error => io::Error::other(error),
    }
}
