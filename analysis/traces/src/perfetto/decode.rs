//! The wire format of protobuf, read.

/// What is wrong with bytes that are no message.
pub(crate) type Wrong = &'static str;

const CUT_OFF: Wrong = "a message is cut off";

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A varint, or a number of four or eight bytes.
    Number(u64),
    /// A string or a message.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The number that the field has to be.
    pub(crate) fn number(self) -> Result<u64, Wrong> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Bytes(_) => Err("a field is no number"),
        }
    }

    /// The string or message that the field has to be.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Wrong> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err("a field is neither text nor message"),
        }
    }

    /// The text that the field has to be.
    pub(crate) fn text(self) -> Result<&'a str, Wrong> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a text is not UTF-8")
    }
}

/// Takes a varint off the front; none if there is no end to it.
#[inline]
pub(crate) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (place, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            *rest = &rest[place + 1..];
            return Some(value);
        }
    }
    None
}

/// The fields of a message, one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Wrong> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed(&mut self, length: u64) -> Result<Value<'a>, Wrong> {
        let bytes = self.take(length)?;
        let number = bytes
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte));
        Ok(Value::Number(number))
    }

    /// The next field; none after the last.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, Wrong> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = varint(&mut self.0).ok_or(CUT_OFF)?;
        let field = u32::try_from(tag >> 3).map_err(|_| "a field has no number of protobuf")?;
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut self.0).ok_or(CUT_OFF)?),
            1 => self.fixed(8)?,
            2 => {
                let length = varint(&mut self.0).ok_or(CUT_OFF)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.fixed(4)?,
            _ => return Err("a field has no type of protobuf"),
        };
        Ok(Some((field, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode;
    use super::*;

    #[test]
    fn fields_are_read_as_they_are_written() {
        let mut message = Vec::new();
        encode::number(&mut message, 9, u64::MAX);
        encode::fixed64(&mut message, 47, 0x0102_0304_0506_0708);
        encode::bytes(&mut message, 2, b"text");
        encode::short(&mut message, 4, |inner| encode::number(inner, 1, 300));
        let mut fields = Fields(&message);
        assert_eq!(fields.next(), Ok(Some((9, Value::Number(u64::MAX)))));
        assert_eq!(
            fields.next(),
            Ok(Some((47, Value::Number(0x0102_0304_0506_0708))))
        );
        assert_eq!(fields.next(), Ok(Some((2, Value::Bytes(b"text")))));
        assert_eq!(fields.next(), Ok(Some((4, Value::Bytes(&[8, 0xac, 2])))));
        assert_eq!(fields.next(), Ok(None));
        for end in 1..message.len() {
            let mut fields = Fields(&message[..end]);
            while let Ok(Some(_)) = fields.next() {}
        }
        assert_eq!(Fields(&[0xff; 12]).next(), Err(CUT_OFF));
    }
}
