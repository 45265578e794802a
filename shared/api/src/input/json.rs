//! JSON on its way into a type: read as it stands first, then handed over, where each kind of value is checked by itself.

use std::fmt;

use domain::problem::ValueKind;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::fault::Fault;

/// A JSON value, with every field of its objects: a field that is there twice is for the type to refuse.
pub(super) enum Json {
    Null,
    Flag(bool),
    Natural(u64),
    Negative(i64),
    Fraction(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Natural(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(u64::try_from(number).map_or(Json::Negative(number), Json::Natural))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}

impl IntoDeserializer<'_, Fault> for Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Json {
    fn visit_list<'de, V: Visitor<'de>>(items: Vec<Self>, visitor: V) -> Result<V::Value, Fault> {
        let mut items = SeqDeserializer::new(items.into_iter());
        let read = visitor.visit_seq(&mut items)?;
        items.end().map_err(|_| Fault::Impossible)?;
        Ok(read)
    }

    fn whole<'de, V: Visitor<'de>>(self, least: i64, most: u64, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Natural(number) if number <= most => visitor.visit_u64(number),
            Self::Negative(number) if number >= least => visitor.visit_i64(number),
            _ => Err(Fault::Not(ValueKind::Whole { least, most })),
        }
    }
}

/// Whole numbers, by their range.
macro_rules! whole {
    ($($method:ident: $least:expr, $most:expr;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.whole($least, $most, visitor)
        })+
    };
}

/// Methods that take a value of one kind.
macro_rules! only {
    ($($method:ident: $kind:ident($inner:ident) => $visit:expr, else $expected:ident;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self {
                Self::$kind($inner) => $visit(visitor),
                _ => Err(Fault::Not(ValueKind::$expected)),
            }
        })+
    };
}

impl<'de> Deserializer<'de> for Json {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Flag(flag) => visitor.visit_bool(flag),
            Self::Natural(number) => visitor.visit_u64(number),
            Self::Negative(number) => visitor.visit_i64(number),
            Self::Fraction(number) => visitor.visit_f64(number),
            Self::Text(text) => visitor.visit_string(text),
            Self::List(items) => Self::visit_list(items, visitor),
            Self::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    whole! {
        deserialize_u8: 0, u8::MAX.into();
        deserialize_u16: 0, u16::MAX.into();
        deserialize_u32: 0, u32::MAX.into();
        deserialize_u64: 0, u64::MAX;
        deserialize_i8: i8::MIN.into(), i8::MAX.unsigned_abs().into();
        deserialize_i16: i16::MIN.into(), i16::MAX.unsigned_abs().into();
        deserialize_i32: i32::MIN.into(), i32::MAX.unsigned_abs().into();
        deserialize_i64: i64::MIN, i64::MAX.unsigned_abs();
    }

    only! {
        deserialize_bool: Flag(flag) => |visitor: V| visitor.visit_bool(flag), else Flag;
        deserialize_str: Text(text) => |visitor: V| visitor.visit_string(text), else Text;
        deserialize_string: Text(text) => |visitor: V| visitor.visit_string(text), else Text;
        deserialize_char: Text(text) => |visitor: V| visitor.visit_string(text), else Text;
        deserialize_identifier: Text(text) => |visitor: V| visitor.visit_string(text), else Text;
        deserialize_seq: List(items) => |visitor: V| Self::visit_list(items, visitor), else List;
        deserialize_map: Object(fields) => |visitor: V| visitor.visit_map(MapDeserializer::new(fields.into_iter())), else Object;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Natural(_) | Self::Negative(_) | Self::Fraction(_) => self.deserialize_any(visitor),
            _ => Err(Fault::Not(ValueKind::Number)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_unit(),
            _ => Err(Fault::Not(ValueKind::Null)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let choice = match self {
            Self::Text(name) => Choice {
                name,
                value: None,
                known,
            },
            Self::Object(mut fields) if fields.len() == 1 => match fields.pop() {
                Some((name, value)) => Choice {
                    name,
                    value: Some(value),
                    known,
                },
                None => return Err(Fault::NotAnObjectOf(known)),
            },
            Self::Object(_) => return Err(Fault::NotAnObjectOf(known)),
            _ => return Err(Fault::NotOneOf(known)),
        };
        visitor.visit_enum(choice)
    }

    serde::forward_to_deserialize_any! { bytes byte_buf unit_struct tuple tuple_struct ignored_any }
}

/// One of several: its name alone, or an object with that name as its only field.
struct Choice {
    name: String,
    value: Option<Json>,
    known: &'static [&'static str],
}

impl<'de> EnumAccess<'de> for Choice {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let name: StrDeserializer<'_, Fault> = self.name.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Choice {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Fault::NotOneOf(self.known)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        seed.deserialize(self.value.ok_or(Fault::NotAnObjectOf(self.known))?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.value
            .ok_or(Fault::NotAnObjectOf(self.known))?
            .deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.value
            .ok_or(Fault::NotAnObjectOf(self.known))?
            .deserialize_map(visitor)
    }
}
