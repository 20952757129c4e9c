//! Blobs that the guest's drivers exchange through Windows: the kernel-mode driver's answer about the device, the
//! private data of allocations, and the tag of a DMA buffer. The device never sees them.

use crate::Format;
use crate::macros::{typed_fields, wire_constants, wire_enum, wire_flags, wire_struct};

/// Constants of the user-mode driver's private data that repeat the registers' under its own prefix.
pub mod umd_private {
    super::wire_constants! { TABLE: "AEROGPU_UMDPRIV_", u32 {
        /// The device before the versioned ABI.
        MMIO_MAGIC_LEGACY_ARGP = crate::legacy::LEGACY_MMIO_MAGIC;
        /// This device.
        MMIO_MAGIC_NEW_AGPU = crate::registers::MMIO_MAGIC;
        MMIO_REG_MAGIC = crate::registers::mmio::MAGIC;
        MMIO_REG_ABI_VERSION = crate::registers::mmio::ABI_VERSION;
        MMIO_REG_FEATURES_LO = crate::registers::mmio::FEATURES_LO;
        MMIO_REG_FEATURES_HI = crate::registers::mmio::FEATURES_HI;
        FEATURE_FENCE_PAGE = crate::registers::Features::FENCE_PAGE.bits();
        FEATURE_CURSOR = crate::registers::Features::CURSOR.bits();
        FEATURE_SCANOUT = crate::registers::Features::SCANOUT.bits();
        FEATURE_VBLANK = crate::registers::Features::VBLANK.bits();
        FEATURE_TRANSFER = crate::registers::Features::TRANSFER.bits();
        FEATURE_ERROR_INFO = crate::registers::Features::ERROR_INFO.bits();
        /// The only version of the struct.
        STRUCT_VERSION_V1 = 1;
    } }
}

wire_flags! {
    /// What the kernel-mode driver found.
    pub struct UmdPrivateFlags: "AEROGPU_UMDPRIV_FLAG_" {
        /// The device has the ABI before the versioned one.
        IS_LEGACY = 0x01;
        HAS_VBLANK = 0x02;
        HAS_FENCE_PAGE = 0x04;
    }

    /// Options of an allocation.
    pub struct WddmAllocFlags: "AEROGPU_WDDM_ALLOC_PRIV_FLAG_" {
        /// Other processes may open it; it has a share token.
        IS_SHARED = 0x01;
        /// The CPU may map it.
        CPU_VISIBLE = 0x02;
        /// It serves to read results back.
        STAGING = 0x04;
    }
}

wire_enum! {
    /// What an allocation holds.
    pub enum WddmAllocKind: "AEROGPU_WDDM_ALLOC_KIND_" {
        Unknown = 0, "UNKNOWN";
        Buffer = 1, "BUFFER";
        Texture2d = 2, "TEXTURE2D";
    }

    /// What a DMA buffer is for.
    pub enum SubmitType: "AEROGPU_SUBMIT_" {
        Render = 1, "RENDER";
        Present = 2, "PRESENT";
        Paging = 3, "PAGING";
    }
}

wire_constants! { ALLOC_CONSTANTS: "AEROGPU_WDDM_ALLOC_", u32 {
    /// `ALLO`, highest byte first: the first word of an allocation's private data.
    PRIV_MAGIC = 0x414C_4C4F;
    /// The version of [`WddmAllocPriv`].
    PRIV_VERSION = 1;
    /// The version of [`WddmAllocPrivV2`].
    PRIV_VERSION_2 = 2;
    /// Another name for [`PRIV_MAGIC`].
    PRIVATE_DATA_MAGIC = PRIV_MAGIC;
    /// Another name for [`PRIV_VERSION`].
    PRIVATE_DATA_VERSION = PRIV_VERSION;
    /// The greatest id that a user-mode driver gives out.
    ID_UMD_MAX = 0x7FFF_FFFF;
    /// The least id that the kernel-mode driver gives out.
    ID_KMD_MIN = 0x8000_0000;
} }

wire_constants! { DESC_CONSTANTS: "AEROGPU_WDDM_ALLOC_PRIV_", u64 {
    /// The bit of an allocation's `reserved0` that says that the word describes a surface.
    DESC_MARKER = 1 << 63;
    /// The greatest width that such a description can hold.
    DESC_MAX_WIDTH = 0xFFFF;
    /// The greatest height that such a description can hold.
    DESC_MAX_HEIGHT = 0x7FFF;
} }

wire_constants! { DMA_CONSTANTS: "AEROGPU_WIN7_", usize {
    /// Bytes of [`DmaPriv`].
    DMA_BUFFER_PRIVATE_DATA_SIZE_BYTES = 16;
} }

wire_struct! {
    /// What the kernel-mode driver tells the user-mode driver about the device.
    ///
    /// Its 64-bit words lie at multiples of 4, so take copies of them, not references.
    #[repr(packed(4))]
    pub struct UmdPrivateV1: "aerogpu_umd_private_v1", 64 {
        0 size_bytes: u32,
        /// [`umd_private::STRUCT_VERSION_V1`].
        4 struct_version: u32,
        8 device_mmio_magic: u32,
        12 device_abi_version_u32: u32,
        16 reserved0: u32,
        /// [`Features`](crate::registers::Features) bits.
        20 device_features: u64,
        /// [`UmdPrivateFlags`] bits.
        28 flags: u32,
        32 reserved1: u32,
        36 reserved2: u32,
        40 reserved3: [u64; 3],
    }

    /// The private data of an allocation, version 1.
    pub struct WddmAllocPriv: "aerogpu_wddm_alloc_priv", 40 {
        0 magic: u32,
        4 version: u32,
        8 alloc_id: u32,
        /// [`WddmAllocFlags`] bits.
        12 flags: u32,
        /// The 64-bit name that the kernel-mode driver gave to the shared surface.
        16 share_token: u64,
        24 size_bytes: u64,
        32 reserved0: u64,
    }

    /// The private data of an allocation, version 2.
    pub struct WddmAllocPrivV2: "aerogpu_wddm_alloc_priv_v2", 64 {
        0 magic: u32,
        4 version: u32,
        8 alloc_id: u32,
        /// [`WddmAllocFlags`] bits.
        12 flags: u32,
        /// The 64-bit name that the kernel-mode driver gave to the shared surface.
        16 share_token: u64,
        24 size_bytes: u64,
        32 reserved0: u64,
        /// A [`WddmAllocKind`] value.
        40 kind: u32,
        /// Texels; 0 for buffers.
        44 width: u32,
        /// Texels; 0 for buffers.
        48 height: u32,
        /// A [`Format`] value.
        52 format: u32,
        /// 0 for buffers.
        56 row_pitch_bytes: u32,
        60 reserved1: u32,
    }

    /// The tag of a DMA buffer between the driver's entry points.
    pub struct DmaPriv: "AEROGPU_DMA_PRIV", 16 {
        0 type_: u32,
        4 reserved0: u32,
        8 meta_handle: u64,
    }
}

const _: () = assert!(size_of::<DmaPriv>() == DMA_BUFFER_PRIVATE_DATA_SIZE_BYTES);

typed_fields! {
    UmdPrivateV1 { flags => flags: flags UmdPrivateFlags }
    WddmAllocPriv { flags => flags: flags WddmAllocFlags }
    WddmAllocPrivV2 { flags => flags: flags WddmAllocFlags, kind => kind: WddmAllocKind, format => format: Format }
    DmaPriv { type_ => submit_type: SubmitType }
}
