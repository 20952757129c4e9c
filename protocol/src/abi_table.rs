//! The crate's own account of the ABI, by C name: what `tests/abi.rs` compares with the published description.

/// A C name and its value.
pub type ConstantAbi = (&'static str, u64);

/// A field of a C struct; the name in Rust spelling (snake case).
#[derive(Clone, Copy, Debug)]
pub struct FieldAbi {
    /// Rust name.
    pub name: &'static str,
    /// Byte offset.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

/// A C struct.
#[derive(Clone, Copy, Debug)]
pub struct StructAbi {
    /// C name.
    pub name: &'static str,
    /// Bytes.
    pub size: usize,
    /// Fields in order.
    pub fields: &'static [FieldAbi],
}

/// A Rust struct that is a C struct of the ABI.
pub trait AbiStruct {
    /// Its layout.
    const ABI: StructAbi;
}

/// A Rust type whose values are C constants of the ABI.
pub trait AbiConstants {
    /// Their names and values.
    const ABI: &'static [(&'static str, u64)];
}
