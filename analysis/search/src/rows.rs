//! A table of numbers, one row a design.

/// A dense table in row order: `len` rows of `columns` numbers each.
///
/// ```
/// use search::rows::Rows;
/// let mut rows = Rows::new(2);
/// rows.push(&[1.0, 2.0]);
/// rows.push(&[3.0, 4.0]);
/// assert_eq!(rows.len(), 2);
/// assert_eq!(rows.row(1), [3.0, 4.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    columns: usize,
    len: usize,
    numbers: Vec<f64>,
}

impl Rows {
    /// An empty table of `columns` columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            len: 0,
            numbers: Vec::new(),
        }
    }

    /// A table of `len` rows of zeros.
    #[must_use]
    pub fn zeros(len: usize, columns: usize) -> Self {
        Self {
            columns,
            len,
            numbers: vec![0.0; len * columns],
        }
    }

    /// Adds a row at the end.
    ///
    /// # Panics
    /// If `row` does not have [`columns`](Self::columns) numbers.
    pub fn push(&mut self, row: &[f64]) {
        assert_eq!(
            row.len(),
            self.columns,
            "a row has as many numbers as the table has columns"
        );
        self.numbers.extend_from_slice(row);
        self.len += 1;
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many numbers a row has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `index`, counted from 0.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.numbers[index * self.columns..(index + 1) * self.columns]
    }

    /// Row `index`, to be changed.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row_mut(&mut self, index: usize) -> &mut [f64] {
        &mut self.numbers[index * self.columns..(index + 1) * self.columns]
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        (0..self.len).map(|index| self.row(index))
    }

    /// The numbers of column `column`, from the first row to the last.
    ///
    /// # Panics
    /// If there are rows but no such column.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> {
        self.iter().map(move |row| row[column])
    }
}
