//! From one declaration of a section: its concrete struct, its file form, laying one file form over another, and
//! reading the one from the other.

use serde::de::{Deserialize, Deserializer};
use serde::{Deserialize as DeserializeDerive, Serialize, Serializer};

use super::Number;

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

        impl $crate::schema::rule::Rule<$name> for $crate::schema::rule::Section {
            fn read(&self, stated: Option<$file>, checks: &mut $crate::schema::Checks) -> $name {
                let stated = stated.unwrap_or_default();
                $name { $(
                    $field: checks.within(stringify!($field), |checks| {
                        $crate::schema::rule::Rule::<$type>::read(&$rule, stated.$field, checks)
                    }),
                )* }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                use $crate::schema::rule::{Rule as _, Section};
                Section.read(None, &mut $crate::schema::Checks::default())
            }
        }
    };
}

pub(crate) use {section, stated_as_itself};

stated_as_itself!(bool, String, Number);
stated_as!(u32 => Number, u64 => Number, f64 => Number);

impl<T> Overlay for Vec<T> {
    fn over(self, _below: Self) -> Self {
        self
    }
}

impl<T: Stated> Stated for Vec<T> {
    type Form = Vec<T::Form>;

    fn to_form(&self) -> Vec<T::Form> {
        self.iter().map(Stated::to_form).collect()
    }
}

impl<T> Overlay for OrNone<T> {
    fn over(self, _below: Self) -> Self {
        self
    }
}

/// Values that a file may state to be absent.
macro_rules! stated_or_none {
    ($($type:ty),*) => { $(
        impl Stated for Option<$type> {
            type Form = OrNone<<$type as Stated>::Form>;

            fn to_form(&self) -> Self::Form {
                OrNone(self.as_ref().map(Stated::to_form))
            }
        }
    )* };
}

stated_or_none!(u32, f64, String);
