// SPDX-License-Identifier: MPL-2.0
//! A Rust type as a column of the audit's table: in Parquet, in CSV, and read back.
//!
//! What is not known is a missing value in both: `None`, and a real that is NaN.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, PrimitiveBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type, Int32Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, StringArray};
use arrow_schema::{DataType, Field};
use steerlens::morph::Method;

/// What a column holds.
pub(crate) trait Column: Sized {
    /// Its type in the table.
    fn data_type() -> DataType;
    /// What stands where nothing is known.
    const UNKNOWN: Self;
    /// Whether a value may be missing.
    const NULLABLE: bool = false;
    /// All its values.
    fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef
    where
        Self: 'a;
    /// One of them; `None` where the column is of another type.
    fn read(array: &dyn Array, row: usize) -> Option<Self>;
    /// One as CSV writes it: nothing where it is missing, lists with semicolons.
    fn text(&self) -> String;

    /// Its description in the table's schema.
    fn field(name: &str) -> Field {
        Field::new(name, Self::data_type(), Self::NULLABLE)
    }
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(";")
}

impl Column for String {
    const UNKNOWN: Self = Self::new();
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(values))
    }
    fn read(array: &dyn Array, row: usize) -> Option<Self> {
        Some(array.as_string_opt::<i32>()?.value(row).to_owned())
    }
    fn text(&self) -> String {
        self.clone()
    }
}

impl Column for Option<String> {
    const UNKNOWN: Self = None;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(values.map(Option::as_deref).collect::<StringArray>())
    }
    fn read(array: &dyn Array, row: usize) -> Option<Self> {
        let strings = array.as_string_opt::<i32>()?;
        Some(strings.is_valid(row).then(|| strings.value(row).to_owned()))
    }
    fn text(&self) -> String {
        self.clone().unwrap_or_default()
    }
}

impl Column for bool {
    const UNKNOWN: Self = false;
    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(values.map(|value| Some(*value)).collect::<BooleanArray>())
    }
    fn read(array: &dyn Array, row: usize) -> Option<Self> {
        Some(array.as_boolean_opt()?.value(row))
    }
    fn text(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole {
    ($($rust:ty: $arrow:ty = $unknown:literal),+) => {$(
        impl Column for $rust {
            const UNKNOWN: Self = $unknown;
            fn data_type() -> DataType {
                <$arrow>::DATA_TYPE
            }
            fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new(PrimitiveArray::<$arrow>::from_iter_values(values.copied()))
            }
            fn read(array: &dyn Array, row: usize) -> Option<Self> {
                Some(array.as_primitive_opt::<$arrow>()?.value(row))
            }
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

whole!(i32: Int32Type = -1, u32: UInt32Type = 0, u64: UInt64Type = 0);

impl Column for Option<u64> {
    const UNKNOWN: Self = None;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        DataType::UInt64
    }
    fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(values.copied().collect::<PrimitiveArray<UInt64Type>>())
    }
    fn read(array: &dyn Array, row: usize) -> Option<Self> {
        let values = array.as_primitive_opt::<UInt64Type>()?;
        Some(values.is_valid(row).then(|| values.value(row)))
    }
    fn text(&self) -> String {
        self.map(|value| value.to_string()).unwrap_or_default()
    }
}

macro_rules! real {
    ($($rust:ty: $arrow:ty),+) => {$(
        impl Column for $rust {
            const UNKNOWN: Self = Self::NAN;
            const NULLABLE: bool = true;
            fn data_type() -> DataType {
                <$arrow>::DATA_TYPE
            }
            fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
                let known = values.map(|value| Some(*value).filter(|value| !value.is_nan()));
                Arc::new(known.collect::<PrimitiveArray<$arrow>>())
            }
            fn read(array: &dyn Array, row: usize) -> Option<Self> {
                let values = array.as_primitive_opt::<$arrow>()?;
                Some(if values.is_valid(row) { values.value(row) } else { <$rust>::NAN })
            }
            fn text(&self) -> String {
                if self.is_nan() { String::new() } else { self.to_string() }
            }
        }
    )+};
}

real!(f32: Float32Type, f64: Float64Type);

macro_rules! lists {
    ($($rust:ty: $arrow:ty),+) => {$(
        impl Column for Vec<$rust> {
            const UNKNOWN: Self = Self::new();
            fn data_type() -> DataType {
                list(<$arrow>::DATA_TYPE)
            }
            fn array<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
                let mut builder = ListBuilder::new(PrimitiveBuilder::<$arrow>::new());
                for value in values {
                    builder.append_value(value.iter().map(|item| Some(*item)));
                }
                Arc::new(builder.finish())
            }
            fn read(array: &dyn Array, row: usize) -> Option<Self> {
                let items = array.as_list_opt::<i32>()?.value(row);
                Some(items.as_primitive_opt::<$arrow>()?.values().to_vec())
            }
            fn text(&self) -> String {
                joined(self.iter().map(ToString::to_string))
            }
        }
    )+};
}

lists!(f32: Float32Type, i32: Int32Type);

/// Makes a [`Choice`](steerlens::settings::Choice) a column: its values are written by name.
macro_rules! choice_column {
    ($($rust:ty),+) => {$(
        impl $crate::table::column::Column for $rust {
            const UNKNOWN: Self = <$rust as steerlens::settings::Choice>::DEFAULT;
            fn data_type() -> arrow_schema::DataType {
                arrow_schema::DataType::Utf8
            }
            fn array<'a>(values: impl Iterator<Item = &'a Self>) -> arrow_array::ArrayRef {
                let nicks = values.map(|value| steerlens::settings::Choice::nick(*value));
                std::sync::Arc::new(arrow_array::StringArray::from_iter_values(nicks))
            }
            fn read(array: &dyn arrow_array::Array, row: usize) -> Option<Self> {
                let strings = arrow_array::cast::AsArray::as_string_opt::<i32>(array)?;
                steerlens::settings::Choice::from_nick(strings.value(row))
            }
            fn text(&self) -> String {
                steerlens::settings::Choice::nick(*self).to_owned()
            }
        }
    )+};
}
pub(crate) use choice_column;

choice_column!(Method);
