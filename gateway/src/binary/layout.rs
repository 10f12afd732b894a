//! How a message lies in its bytes, said once: the macro makes the struct, its reader and its description out of the same lines.

use plimsoll_types::Label;
use serde::Serialize;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// What every message begins with. All integers are little-endian, nothing is aligned, nothing is left out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct Head {
    /// Bytes of the message, these four among them.
    pub length: zerocopy::little_endian::U16,
    /// Which message.
    pub kind: u8,
    /// Bits: see [`flags`].
    pub flags: u8,
}

/// Bytes of a [`Head`].
pub const HEAD: usize = size_of::<Head>();
/// Where a head's flags lie.
pub const FLAGS: usize = 3;

/// What the bits of a head's flags mean. A client sends zeros.
pub mod flags {
    /// More messages of the same event follow: go on from this event, not from the next.
    pub const MORE: u8 = 1;
    /// The last message that answers its command.
    pub const LAST: u8 = 2;
}

/// Text of up to 39 bytes of UTF-8, filled up with zeros.
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(transparent)]
pub struct Text(pub [u8; 40]);

impl Text {
    /// No text.
    pub const EMPTY: Text = Text([0; 40]);

    /// The label's text.
    #[inline]
    pub fn of(label: &Label) -> Text {
        Text::write(label.as_bytes())
    }

    /// Text of bytes that a label could hold; what is more is cut.
    #[inline]
    pub fn write(bytes: &[u8]) -> Text {
        let mut text = Text::EMPTY;
        let len = bytes.len().min(Label::MAX_LEN);
        text.0[..len].copy_from_slice(&bytes[..len]);
        text
    }

    /// The text, if it is some: UTF-8 without control characters up to the first zero, zeros from there on. `Ok(None)` where it is empty.
    #[inline]
    pub fn label(&self) -> Result<Option<Label>, Malformed> {
        let len = self.0.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
        if len == 0 {
            return if self.0 == [0; 40] { Ok(None) } else { Err(Malformed) };
        }
        let (bytes, zeros) = self.0.split_at(len);
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
        let is_control = |byte: &u8| *byte < b' ' || *byte == 0x7f;
        if zeros.iter().any(|byte| *byte != 0) || bytes.iter().any(is_control) {
            return Err(Malformed);
        }
        Label::new(text).map(Some).ok_or(Malformed)
    }

    /// The text for people; what is no text is replaced.
    pub fn text(&self) -> String {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        String::from_utf8_lossy(&self.0[..len]).into_owned()
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text())
    }
}

/// Bytes that are no message of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bytes are no message of this protocol")
    }
}

impl std::error::Error for Malformed {}

/// A field of a message, for the description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldLayout {
    /// Its name.
    pub name: &'static str,
    /// Bytes before it.
    pub offset: usize,
    /// Its bytes.
    pub bytes: usize,
    /// Its type: `u8`, `u16` .. `i128`, `text`, `bytes`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says, its unit among it.
    pub meaning: String,
    /// Which list of values it takes, if it takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<&'static str>,
}

/// A message, for the description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageLayout {
    /// Its name.
    pub name: &'static str,
    /// Its kind byte, as a character.
    pub kind: char,
    /// Its bytes.
    pub bytes: usize,
    /// What it is for.
    pub meaning: String,
    /// Its fields, the head's left out.
    pub fields: Vec<FieldLayout>,
}

/// Doc comments' lines as one.
pub(crate) fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// A field's type by the name that the source uses.
pub(crate) fn kind_of(name: &str) -> String {
    match name {
        "Text" => "text".to_owned(),
        "Stamp" => "stamp".to_owned(),
        _ if name.starts_with('[') => "bytes".to_owned(),
        _ => name.to_lowercase(),
    }
}

/// A message of fixed size that knows its kind.
pub trait Message:
    FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + Copy + 'static
{
    /// Its kind byte.
    const KIND: u8;

    /// A head for it.
    fn head() -> Head {
        Head { length: (size_of::<Self>() as u16).into(), kind: Self::KIND, flags: 0 }
    }

    /// Its bytes as they are sent.
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Makes structs of messages, the enum that reads any of them, and their description.
macro_rules! messages {
    (
        $(#[$enum_doc:meta])*
        $all:ident, $layouts:ident;
        $(
            $(#[doc = $doc:literal])*
            $name:ident = $kind:literal {
                $(
                    $(#[doc = $field_doc:literal])*
                    $field:ident: $type:ty $([$values:ident])?,
                )*
            }
        )+
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(
                Clone, Copy, Debug, PartialEq, Eq, zerocopy::FromBytes, zerocopy::IntoBytes,
                zerocopy::KnownLayout, zerocopy::Immutable, zerocopy::Unaligned,
            )]
            #[repr(C)]
            pub struct $name {
                /// Length, kind, flags.
                pub head: $crate::binary::layout::Head,
                $($(#[doc = $field_doc])* pub $field: $type,)*
            }

            impl $crate::binary::layout::Message for $name {
                const KIND: u8 = $kind;
            }

            impl From<$name> for $all {
                fn from(message: $name) -> $all {
                    $all::$name(message)
                }
            }
        )+

        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "messages are plain bytes on their way")]
        pub enum $all {
            $($(#[doc = $doc])* $name($name),)+
        }

        impl $all {
            /// Reads a whole message.
            ///
            /// Errors: [`Malformed`](crate::binary::layout::Malformed), where the kind is unknown or the length is not that kind's.
            #[inline]
            pub fn read(bytes: &[u8]) -> Result<$all, $crate::binary::layout::Malformed> {
                use zerocopy::FromBytes;
                let kind = *bytes.get(2).ok_or($crate::binary::layout::Malformed)?;
                match kind {
                    $($kind => {
                        let message = $name::read_from_bytes(bytes)
                            .map_err(|_| $crate::binary::layout::Malformed)?;
                        if usize::from(message.head.length.get()) != bytes.len() {
                            return Err($crate::binary::layout::Malformed);
                        }
                        Ok($all::$name(message))
                    })+
                    _ => Err($crate::binary::layout::Malformed),
                }
            }

            /// Bytes of a message of this kind; `None` where there is none.
            #[inline]
            pub fn length_of(kind: u8) -> Option<usize> {
                match kind {
                    $($kind => Some(size_of::<$name>()),)+
                    _ => None,
                }
            }

            /// Its head.
            pub fn head(&self) -> $crate::binary::layout::Head {
                match self {
                    $($all::$name(message) => message.head,)+
                }
            }

            /// Its bytes.
            pub fn as_bytes(&self) -> &[u8] {
                use zerocopy::IntoBytes;
                match self {
                    $($all::$name(message) => message.as_bytes(),)+
                }
            }
        }

        /// Their layouts, for the description.
        pub fn $layouts() -> Vec<$crate::binary::layout::MessageLayout> {
            vec![$($crate::binary::layout::MessageLayout {
                name: stringify!($name),
                kind: char::from($kind),
                bytes: size_of::<$name>(),
                meaning: $crate::binary::layout::joined(&[$($doc),*]),
                fields: vec![$($crate::binary::layout::FieldLayout {
                    name: stringify!($field),
                    offset: std::mem::offset_of!($name, $field),
                    bytes: size_of::<$type>(),
                    kind: $crate::binary::layout::kind_of(stringify!($type)),
                    meaning: $crate::binary::layout::joined(&[$($field_doc),*]),
                    values: None$(.or(Some(stringify!($values))))?,
                }),*],
            }),+]
        }
    };
}
pub(crate) use messages;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf8_with_zeros_after_it_and_nothing_else() {
        assert_eq!(Text::EMPTY.label(), Ok(None));
        assert_eq!(Text::write(b"a1").label(), Ok(Label::new("a1")));
        assert_eq!(Text([b'x'; 40]).label(), Err(Malformed));
        let mut hidden = Text::write(b"a");
        hidden.0[5] = b'b';
        assert_eq!(hidden.label(), Err(Malformed));
        hidden.0[0] = 0;
        assert_eq!(hidden.label(), Err(Malformed));
        assert_eq!(Text::write(&[0xff, 0xfe]).label(), Err(Malformed));
        assert_eq!(Text::write(&[b'x'; 50]).label(), Ok(Label::new(&"x".repeat(39))));
    }
}
