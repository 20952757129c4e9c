//! The macros that define the ABI. Each states a layout once; from it come the Rust item, the compile-time
//! assertions, and the facts that `tests/abi.rs` holds against the published description of the ABI.

/// Defines `#[repr(C)]` plain-old-data structs: `pub struct Name: "c_name", size { offset field: type, .. }`.
/// A wrong offset or size, or a hole, does not compile.
macro_rules! wire_struct {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident: $c_name:literal, $size:literal {
            $( $(#[$field_meta:meta])* $offset:literal $field:ident: $ty:ty, )*
        }
    )*) => { $(
        $(#[$meta])*
        ///
        #[doc = concat!("C name: `", $c_name, "`, ", $size, " bytes.")]
        #[derive(Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        #[allow(missing_docs)] // fields whose name says it all have no words of their own
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $ty, )*
        }

        impl core::fmt::Debug for $name {
            /// Leaves out packet headers and reserved words that are 0, so that listings show what a packet says.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut out = f.debug_struct(stringify!($name));
                $( {
                    let value = self.$field;
                    $crate::macros::tell(&mut out, stringify!($field), &value);
                } )*
                out.finish()
            }
        }

        impl Default for $name {
            /// All bytes zero.
            fn default() -> Self {
                bytemuck::Zeroable::zeroed()
            }
        }

        const _: () = assert!(size_of::<$name>() == $size);
        $( const _: () = assert!(core::mem::offset_of!($name, $field) == $offset); )*

        impl $crate::abi_table::AbiStruct for $name {
            const ABI: $crate::abi_table::StructAbi = $crate::abi_table::StructAbi {
                name: $c_name,
                size: $size,
                fields: &[$( $crate::abi_table::FieldAbi {
                    name: stringify!($field),
                    offset: $offset,
                    size: size_of::<$ty>(),
                } ),*],
            };
        }
    )* };
}
pub(crate) use wire_struct;

/// Shows a field in a listing: headers never, reserved words when they are not 0, bits of floats as floats.
pub(crate) fn tell<T: bytemuck::NoUninit + core::fmt::Debug>(
    out: &mut core::fmt::DebugStruct<'_, '_>,
    name: &str,
    value: &T,
) {
    let bytes = bytemuck::bytes_of(value);
    if name == "hdr" || (name.starts_with("reserved") && bytes.iter().all(|&byte| byte == 0)) {
        return;
    }
    if !name.ends_with("_f32") {
        out.field(name, value);
        return;
    }
    let floats: Vec<f32> = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    match floats[..] {
        [float] => out.field(name, &float),
        _ => out.field(name, &floats),
    };
}

/// Defines a field-less enum of 32-bit wire values: `pub enum Name: "C_PREFIX_" { Variant = value, "C_SUFFIX" }`.
macro_rules! wire_enum {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident: $prefix:literal {
            $( $(#[$variant_meta:meta])* $variant:ident = $value:literal, $suffix:literal; )*
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum $name {
            $( $(#[$variant_meta])* #[doc = concat!("`", $prefix, $suffix, "`.")] $variant = $value, )*
        }

        impl $name {
            /// Every value, in ascending order.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// The enum value of a wire value; `None` if the ABI defines no such value.
            #[must_use]
            pub const fn from_u32(value: u32) -> Option<Self> {
                match value {
                    $( $value => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// The wire value.
            #[must_use]
            pub const fn to_u32(self) -> u32 {
                self as u32
            }

            /// The C name without its common prefix.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $suffix, )*
                }
            }
        }

        impl $crate::abi_table::AbiConstants for $name {
            const ABI: &'static [$crate::abi_table::ConstantAbi] =
                &[$( (concat!($prefix, $suffix), $value) ),*];
        }
    )* };
}
pub(crate) use wire_enum;

/// Defines a [`bitflags`] type over a 32-bit wire word: `pub struct Name: "C_PREFIX_" { NAME = bits; }`.
/// The C name of a flag is the prefix and its Rust name.
macro_rules! wire_flags {
    ($(
        $(#[$($meta:tt)*])*
        pub struct $name:ident: $prefix:literal {
            $( $(#[$($flag_meta:tt)*])* $flag:ident = $value:literal; )*
        }
    )*) => { $(
        bitflags::bitflags! {
            $(#[$($meta)*])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name: u32 {
                $(
                    $(#[$($flag_meta)*])*
                    #[doc = concat!("`", $prefix, stringify!($flag), "`.")]
                    const $flag = $value;
                )*
                // Bits that the ABI does not define are kept.
                const _ = !0;
            }
        }

        impl $crate::abi_table::AbiConstants for $name {
            const ABI: &'static [$crate::abi_table::ConstantAbi] =
                &[$( (concat!($prefix, stringify!($flag)), $value) ),*];
        }
    )* };
}
pub(crate) use wire_flags;

/// Defines constants and the table of them: `TABLE: "C_PREFIX_", type { NAME = value; }`.
/// The C name of a constant is the prefix and its Rust name.
macro_rules! wire_constants {
    ($table:ident: $prefix:literal, $ty:ty { $( $(#[$meta:meta])* $name:ident = $value:expr; )* }) => {
        $( $(#[$meta])* #[doc = concat!("`", $prefix, stringify!($name), "`.")] pub const $name: $ty = $value; )*

        pub(crate) const $table: &[$crate::abi_table::ConstantAbi] =
            &[$( (concat!($prefix, stringify!($name)), $name as u64) ),*];
    };
}
pub(crate) use wire_constants;

/// Defines methods that give a field as the enum or the flags that it holds:
/// `Name { field => method: Enum }` gives an `Option`, `Name { field => method: flags Flags }` cannot fail.
macro_rules! typed_fields {
    ($( $name:ident { $( $field:ident => $method:ident: $($ty:ident)+ ),* } )*) => { $(
        impl $name { $( typed_fields!(@method $field $method $($ty)+); )* }
    )* };
    (@method $field:ident $method:ident flags $flags:ident) => {
        #[doc = concat!("The bits of the field `", stringify!($field), "`.")]
        #[must_use]
        pub const fn $method(&self) -> $flags {
            $flags::from_bits_retain(self.$field)
        }
    };
    (@method $field:ident $method:ident $enum:ident) => {
        #[doc = concat!("The value of the field `", stringify!($field), "`; `None` if the ABI defines no such value.")]
        #[must_use]
        pub const fn $method(&self) -> Option<$enum> {
            $enum::from_u32(self.$field)
        }
    };
}
pub(crate) use typed_fields;
