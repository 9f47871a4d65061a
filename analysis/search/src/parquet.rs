//! A table as Parquet, for pandas, Polars and DuckDB.

use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;

use crate::table::{Column, Table};

/// The bytes of a file that holds `table`.
///
/// # Errors
/// Two columns have one name.
pub fn of_table(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let fields: Result<Vec<_>, _> = table
        .columns()
        .iter()
        .map(|(name, column)| field(name, column))
        .collect();
    let schema = Type::group_type_builder("rows").with_fields(fields?).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("elector".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, column) in table.columns() {
        match column {
            Column::Text(values) => {
                let texts = values.iter().map(|value| value.as_deref().map(ByteArray::from));
                write::<ByteArrayType>(&mut group, texts)?;
            }
            Column::Integer(values) => write::<Int64Type>(&mut group, values.iter().copied())?,
            Column::Number(values) => write::<DoubleType>(&mut group, values.iter().copied())?,
        }
    }
    group.close()?;
    writer.into_inner()
}

fn field(name: &str, column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column {
        Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Column::Integer(_) => (Physical::INT64, None),
        Column::Number(_) => (Physical::DOUBLE, None),
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(Arc::new(field.build()?))
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: impl Iterator<Item = Option<T::T>> + Clone,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has too few columns".to_owned()));
    };
    let levels: Vec<i16> = values.clone().map(|value| i16::from(value.is_some())).collect();
    let known: Vec<T::T> = values.flatten().collect();
    column.typed::<T>().write_batch(&known, Some(&levels), None)?;
    column.close()
}
