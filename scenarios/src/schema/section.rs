//! From one declaration of a section: its concrete struct, its file form, laying one file form over another, and
//! the checks that lead from the one to the other.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};
use serde::{Deserialize as DeserializeDerive, Serialize, Serializer};

use super::Number;
use crate::diagnostics::MAX_PROBLEMS;

/// A type of the concrete scenario and the form in which files state it.
pub trait Stated {
    /// What a file holds.
    type Form: Overlay;

    /// The value as a file would state it, in full.
    fn to_form(&self) -> Self::Form;
}

/// Laying what one file states over what the file below it states.
pub trait Overlay: Sized {
    /// `self` where it says something, `below` elsewhere. Values are replaced, sections are merged.
    #[must_use]
    fn over(self, below: Self) -> Self;
}

impl<T: Overlay> Overlay for Option<T> {
    fn over(self, below: Self) -> Self {
        match (self, below) {
            (Some(above), Some(below)) => Some(above.over(below)),
            (above, below) => above.or(below),
        }
    }
}

/// A value that a file may also state to be absent, by the word `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DeserializeDerive)]
#[serde(transparent)]
pub struct OrNone<T>(pub Option<T>);

/// What is wrong with a value, and where, by the path of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) warning: bool,
}

/// Collects what is wrong with the values of a scenario; knows the field being looked at.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    path: String,
    findings: Vec<Finding>,
    errors: usize,
}

impl Checks {
    /// Runs `look` with the path one field deeper.
    pub(crate) fn within<R>(&mut self, field: &str, look: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.path.len();
        if outer > 0 && !field.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(field);
        let result = look(self);
        self.path.truncate(outer);
        result
    }

    /// Runs `look` with the path at element `index` of the current one.
    pub(crate) fn element<R>(&mut self, index: usize, look: impl FnOnce(&mut Self) -> R) -> R {
        self.within(&format!("[{index}]"), look)
    }

    /// The path of the field being looked at.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// An impossible value at the current path.
    pub(crate) fn wrong(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.add(message.into(), help.into(), false);
    }

    /// Something that the user should know of the value at the current path.
    pub(crate) fn warn(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.add(message.into(), help.into(), true);
    }

    fn add(&mut self, message: String, help: String, warning: bool) {
        self.errors += usize::from(!warning);
        if self.findings.len() > MAX_PROBLEMS {
            return;
        }
        self.findings.push(Finding {
            path: self.path.clone(),
            message,
            help,
            warning,
        });
    }

    /// How many values were found impossible so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// What was found, in the order of the fields; no more than can be shown.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// What a message calls the field being looked at: its path, or the end of a long one.
    fn field(&self) -> &str {
        let last = self.path.rfind('.').map_or(0, |dot| dot + 1);
        if self.path.contains('[') {
            &self.path[last..]
        } else {
            &self.path
        }
    }
}

/// How a field is read from its file form: its default and the values it may have.
pub(crate) trait Rule<T: Stated> {
    /// The value stated, or the default. An impossible one is noted and replaced by the default, so that
    /// reading goes on.
    fn read(&self, stated: Option<T::Form>, checks: &mut Checks) -> T;
}

/// A whole number within a range.
pub(crate) struct Whole {
    range: RangeInclusive<u64>,
    default: u64,
    reason: &'static str,
}

/// A field that holds a whole number of `range`, `default` if it is not stated.
pub(crate) const fn whole(range: RangeInclusive<u64>, default: u64) -> Whole {
    Whole {
        range,
        default,
        reason: "",
    }
}

impl Whole {
    /// Says why the range ends where it ends.
    pub(crate) const fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    fn check(&self, number: Number, checks: &mut Checks) -> u64 {
        let natural = number.as_whole().and_then(|whole| u64::try_from(whole).ok());
        if let Some(natural) = natural.filter(|natural| self.range.contains(natural)) {
            return natural;
        }
        let field = checks.field().to_owned();
        let message = match number {
            Number::Whole(_) => format!("`{field}` cannot be {number}"),
            Number::Real(_) => format!("`{field}` is a whole number, not {number}"),
        };
        checks.wrong(message, self.accepted());
        self.default
    }

    fn accepted(&self) -> String {
        let (low, high) = (self.range.start(), self.range.end());
        let because = if self.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.reason)
        };
        format!("a whole number from {low} to {high} is accepted{because}")
    }
}

impl Rule<u32> for Whole {
    fn read(&self, stated: Option<Number>, checks: &mut Checks) -> u32 {
        let natural = stated.map_or(self.default, |number| self.check(number, checks));
        u32::try_from(natural).unwrap_or(u32::MAX)
    }
}

impl Rule<u64> for Whole {
    fn read(&self, stated: Option<Number>, checks: &mut Checks) -> u64 {
        stated.map_or(self.default, |number| self.check(number, checks))
    }
}

impl Rule<Option<u32>> for Whole {
    fn read(&self, stated: Option<OrNone<Number>>, checks: &mut Checks) -> Option<u32> {
        let number = stated?.0?;
        u32::try_from(self.check(number, checks)).ok()
    }
}

/// A real number within a range.
pub(crate) struct Real {
    range: RangeInclusive<f64>,
    default: f64,
    granularity: Option<(f64, &'static str)>,
}

/// A field that holds a finite number of `range`, `default` if it is not stated.
pub(crate) const fn real(range: RangeInclusive<f64>, default: f64) -> Real {
    Real {
        range,
        default,
        granularity: None,
    }
}

impl Real {
    /// Only whole numbers of `parts` to the unit are accepted; `part` is their name.
    pub(crate) const fn in_whole(mut self, parts: f64, part: &'static str) -> Self {
        self.granularity = Some((parts, part));
        self
    }

    /// The number, if it is possible; otherwise the default, and a finding.
    pub(crate) fn check(&self, number: Number, checks: &mut Checks) -> f64 {
        let real = number.as_real();
        let field = checks.field().to_owned();
        if !self.range.contains(&real) {
            let (low, high) = (self.range.start(), self.range.end());
            checks.wrong(
                format!("`{field}` cannot be {number}"),
                format!("a number from {} to {} is accepted", short(*low), short(*high)),
            );
            return self.default;
        }
        if let Some((parts, part)) = self.granularity
            && ((real * parts).round() - real * parts).abs() > 1e-6
        {
            checks.wrong(
                format!("`{field}` cannot be {number}"),
                format!("it has to be a whole number of {part}"),
            );
            return self.default;
        }
        real
    }
}

/// A bound in as few digits as it has.
fn short(bound: f64) -> String {
    if bound != 0.0 && !(1e-3..1e7).contains(&bound) {
        format!("{bound:e}")
    } else {
        bound.to_string()
    }
}

impl Rule<f64> for Real {
    fn read(&self, stated: Option<Number>, checks: &mut Checks) -> f64 {
        stated.map_or(self.default, |number| self.check(number, checks))
    }
}

/// A field of which every value that parses is possible.
pub(crate) struct Value<T>(T);

/// A field that needs no check beyond its type, `default` if it is not stated.
pub(crate) const fn value<T>(default: T) -> Value<T> {
    Value(default)
}

impl<T: Stated<Form = T> + Clone> Rule<T> for Value<T> {
    fn read(&self, stated: Option<T>, _: &mut Checks) -> T {
        stated.unwrap_or_else(|| self.0.clone())
    }
}

/// A field that is itself a section.
pub(crate) struct Section;

/// A field that is itself a section; its own fields have the defaults.
pub(crate) const fn nested() -> Section {
    Section
}

/// A field whose text is a small language of its own.
pub(crate) struct Parsed<T>(T);

/// A field whose text is parsed by its type, `default` if it is not stated.
pub(crate) const fn parsed<T>(default: T) -> Parsed<T> {
    Parsed(default)
}

impl<T> Rule<T> for Parsed<T>
where
    T: Stated<Form = String> + FromStr<Err: Display> + Clone,
{
    fn read(&self, stated: Option<String>, checks: &mut Checks) -> T {
        let Some(text) = stated else { return self.0.clone() };
        text.parse().unwrap_or_else(|accepted: T::Err| {
            let field = checks.field().to_owned();
            checks.wrong(format!("`{field}` cannot be {text:?}"), accepted.to_string());
            self.0.clone()
        })
    }
}

/// Reads a field that is present; the word `None` is left to the field's own type.
pub(crate) fn stated<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Writes a field that is present, without a `Some` around it.
pub(crate) fn write_stated<S, T>(stated: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize,
{
    match stated {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// Types that a file states as they are.
macro_rules! stated_as_itself {
    ($($type:ty),* $(,)?) => { $(
        impl $crate::schema::Overlay for $type {
            fn over(self, _below: Self) -> Self {
                self
            }
        }
        impl $crate::schema::Stated for $type {
            type Form = Self;
            fn to_form(&self) -> Self {
                self.clone()
            }
        }
    )* };
}

/// Types that a file states as another, which replaces what was stated below.
macro_rules! stated_as {
    ($($type:ty => $form:ty),* $(,)?) => { $(
        impl $crate::schema::Stated for $type {
            type Form = $form;
            fn to_form(&self) -> $form {
                self.clone().into()
            }
        }
    )* };
}

/// Declares a section: `Name, NameFile { field: Type => rule, .. }`, every field with its documentation. A field
/// of `includes { .. }` names another file to be laid below; it is of the file form alone.
macro_rules! section {
    ($(#[$about:meta])* $name:ident, $file:ident {
        $($(#[$meaning:meta])* $field:ident : $type:ty => $rule:expr),* $(,)?
    } $(includes { $(#[$below:meta])* $include:ident })?) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[$meaning])* pub $field: $type,)*
        }

        #[doc = concat!("What a file states of [`", stringify!($name), "`]: any part of it.")]
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $file {
            $(
                $(#[$below])*
                #[serde(
                    default,
                    deserialize_with = "crate::schema::section::stated",
                    serialize_with = "crate::schema::section::write_stated",
                    skip_serializing_if = "Option::is_none"
                )]
                pub $include: Option<String>,
            )?
            $(
                $(#[$meaning])*
                #[serde(
                    default,
                    deserialize_with = "crate::schema::section::stated",
                    serialize_with = "crate::schema::section::write_stated",
                    skip_serializing_if = "Option::is_none"
                )]
                pub $field: Option<<$type as $crate::schema::Stated>::Form>,
            )*
        }

        impl $crate::schema::Overlay for $file {
            fn over(self, below: Self) -> Self {
                Self {
                    $($include: self.$include.over(below.$include),)?
                    $($field: self.$field.over(below.$field),)*
                }
            }
        }

        impl $crate::schema::Stated for $name {
            type Form = $file;
            fn to_form(&self) -> $file {
                $file {
                    $($include: None,)?
                    $($field: Some(self.$field.to_form()),)*
                }
            }
        }

        impl $crate::schema::section::Rule<$name> for $crate::schema::section::Section {
            fn read(&self, stated: Option<$file>, checks: &mut $crate::schema::Checks) -> $name {
                let stated = stated.unwrap_or_default();
                $name { $(
                    $field: checks.within(stringify!($field), |checks| {
                        $crate::schema::section::Rule::<$type>::read(&$rule, stated.$field, checks)
                    }),
                )* }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                use $crate::schema::section::{Rule as _, Section};
                Section.read(None, &mut $crate::schema::Checks::default())
            }
        }
    };
}

pub(crate) use {section, stated_as, stated_as_itself};

stated_as_itself!(bool, String, Number);
stated_as!(u32 => Number, u64 => Number, f64 => Number);

impl<T> Overlay for OrNone<T> {
    fn over(self, _below: Self) -> Self {
        self
    }
}

impl Stated for Option<u32> {
    type Form = OrNone<Number>;

    fn to_form(&self) -> OrNone<Number> {
        OrNone(self.map(Number::from))
    }
}
