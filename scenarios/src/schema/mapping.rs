//! The mapping: into which blocks operations are cut, and in which order their parts come.

use components::tile::LoopOrder;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, Unexpected};
use serde::ser::{Serialize, Serializer};

use super::block_sizes::{BlockSizes, Sizes};
use super::checks::Checks;
use super::role_sizes::BlocksByRole;
use super::rule::{Rule, nested};
use super::section::{Stated, section, stated_as_itself};

section! {
    /// How operations are cut into blocks, the unit of the buffers, and in which order their parts come. What is not
    /// stated is chosen: ways to cut the program are ranked by the time that they take and by what they move.
    Mapping, MappingFile {
        /// Sizes of blocks, in elements: Auto, or any of b (items that run through the program together), i (rows of a
        /// block of activations), j (columns of a part of a product, and of a block of weights) and k (the reduction of a
        /// part, and rows of a block of weights), such as `(b: 4, i: 64, j: 128, k: 64)`. Default: Auto.
        blocks: BlockSizes => Sizes,
        /// The order of the loops over the parts of an operation, outermost first: b items, i rows, j columns,
        /// k reduction; any permutation, or Auto. If it begins with "bi", operations may go through each block of rows
        /// together, in this order each. Default: Auto.
        order: BlockOrder => Orders,
        /// Sizes for operations of some roles alone, such as `(attention_scores: (i: 16, j: 64), feed_forward: (k: 128))`; they take
        /// the place of those in `blocks`.
        by_role: BlocksByRole => nested(),
    }
}

/// The word for what is left to be chosen.
pub(super) const AUTO: &str = "Auto";

/// Writes the word as each format has words.
pub(super) fn write_auto<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit_variant(AUTO, 0, AUTO)
}

/// The order of the loops over the parts of an operation; `None` is `Auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockOrder(pub Option<LoopOrder>);

impl Serialize for BlockOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_form().serialize(serializer)
    }
}

/// The order that a file states: the letters, or `Auto`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFile(pub String);

stated_as_itself!(OrderFile);

impl Stated for BlockOrder {
    type Form = OrderFile;

    fn to_form(&self) -> OrderFile {
        OrderFile(self.0.map_or_else(|| AUTO.to_owned(), |order| order.to_string()))
    }
}

impl Serialize for OrderFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_str() {
            AUTO => write_auto(serializer),
            letters => serializer.serialize_str(letters),
        }
    }
}

/// A word, with quotes or without.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Word {
    Word(String),
    Other(IgnoredAny),
}

impl<'de> Deserialize<'de> for OrderFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Word::deserialize(deserializer)? {
            Word::Word(word) => Ok(Self(word)),
            Word::Other(_) => Err(D::Error::invalid_type(Unexpected::Other("this"), &ACCEPTED)),
        }
    }
}

const ACCEPTED: &str =
    "`Auto` or each of the letters b, i, j and k once, outermost loop first, for example \"jbik\",";

struct Orders;

impl Rule<BlockOrder> for Orders {
    fn read(&self, stated: Option<OrderFile>, checks: &mut Checks) -> BlockOrder {
        let Some(OrderFile(text)) = stated.filter(|OrderFile(text)| text != AUTO) else {
            return BlockOrder(None);
        };
        let order = text.parse().ok();
        if order.is_none() {
            let field = checks.field().to_owned();
            checks.wrong(
                format!("`{field}` cannot be {text:?}"),
                format!("{ACCEPTED} is accepted"),
            );
        }
        BlockOrder(order)
    }
}
