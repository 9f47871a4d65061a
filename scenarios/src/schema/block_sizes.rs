//! Sizes of blocks, as a scenario states them.

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::Number;
use super::checks::Checks;
use super::limits::MAX_WIDTH;
use super::mapping::{AUTO, write_auto};
use super::rule::{Rule, whole};
use super::section::{OrNone, Overlay, Stated};

/// Sizes of blocks, in elements; those that are not stated are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockSizes {
    /// Items that run through the program together.
    pub b: Option<u32>,
    /// Rows of a block of activations.
    pub i: Option<u32>,
    /// Columns of a part of a product, and of a block of weights.
    pub j: Option<u32>,
    /// The reduction of a part, and rows of a block of weights.
    pub k: Option<u32>,
}

/// The names of the sizes.
pub(crate) const SIZES: [&str; 4] = ["b", "i", "j", "k"];

impl BlockSizes {
    /// The sizes along b, i, j and k.
    #[must_use]
    pub fn along(self) -> [Option<u32>; 4] {
        let Self { b, i, j, k } = self;
        [b, i, j, k]
    }
}

/// What a file states of [`BlockSizes`]: sizes along b, i, j and k; none of them is `Auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BlockSizesFile(pub [Option<Number>; 4]);

impl Overlay for BlockSizesFile {
    fn over(self, below: Self) -> Self {
        match self == Self::default() {
            true => self,
            false => Self([0, 1, 2, 3].map(|size: usize| self.0[size].or(below.0[size]))),
        }
    }
}

impl Stated for BlockSizes {
    type Form = BlockSizesFile;

    fn to_form(&self) -> BlockSizesFile {
        BlockSizesFile(self.along().map(|size| size.map(Number::from)))
    }
}

impl Serialize for BlockSizes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_form().serialize(serializer)
    }
}

impl Serialize for BlockSizesFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.0.iter().flatten().count();
        if length == 0 {
            return write_auto(serializer);
        }
        let mut section = serializer.serialize_struct("Blocks", length)?;
        for (name, size) in SIZES.into_iter().zip(self.0) {
            if let Some(size) = size {
                section.serialize_field(name, &size)?;
            }
        }
        section.end()
    }
}

/// What may stand in place of sizes, before names and values are known to be good.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Form {
    Word(String),
    Section(Fields),
    Nothing(()),
    Other(IgnoredAny),
}

/// The value of a field.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Value {
    Size(OrNone<Number>),
    Other(IgnoredAny),
}

/// Fields as they are written, those twice among them.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collector)
    }
}

struct Collector;

impl<'de> Visitor<'de> for Collector {
    type Value = Fields;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(ACCEPTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

const ACCEPTED: &str = "`Auto` or sizes in elements, any of `(b: 4, i: 64, j: 128, k: 64)`,";

impl<'de> Deserialize<'de> for BlockSizesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::invalid_type(Unexpected::Other("this"), &ACCEPTED);
        let Fields(fields) = match Form::deserialize(deserializer)? {
            Form::Word(word) if word == AUTO => Fields(Vec::new()),
            Form::Section(fields) => fields,
            Form::Nothing(()) => Fields(Vec::new()),
            Form::Word(_) | Form::Other(_) => return Err(wrong()),
        };
        let mut sizes = [None; 4];
        let mut seen = [false; 4];
        for (name, value) in fields {
            let known = SIZES.iter().position(|known| *known == name);
            let place = known.ok_or_else(|| D::Error::unknown_field(&name, &SIZES))?;
            if std::mem::replace(&mut seen[place], true) {
                return Err(D::Error::duplicate_field(SIZES[place]));
            }
            let Value::Size(OrNone(size)) = value else {
                return Err(wrong());
            };
            sizes[place] = size;
        }
        Ok(Self(sizes))
    }
}

/// Reads a size, a whole number; one that cannot be is left out, so that nothing else is said of it.
pub(super) struct Size;

impl Rule<Option<u32>> for Size {
    fn read(&self, stated: Option<OrNone<Number>>, checks: &mut Checks) -> Option<u32> {
        let errors = checks.errors();
        let size: Option<u32> = whole(1..=MAX_WIDTH, 1).read(stated, checks);
        size.filter(|_| checks.errors() == errors)
    }
}

/// Reads sizes, each a whole number; one that cannot be is left out.
pub(super) struct Sizes;

impl Rule<BlockSizes> for Sizes {
    fn read(&self, stated: Option<BlockSizesFile>, checks: &mut Checks) -> BlockSizes {
        let BlockSizesFile(sizes) = stated.unwrap_or_default();
        let mut size = |place: usize| {
            checks.within(SIZES[place], |checks| {
                Size.read(Some(OrNone(sizes[place])), checks)
            })
        };
        let [b, i, j, k] = [0, 1, 2, 3].map(&mut size);
        BlockSizes { b, i, j, k }
    }
}
