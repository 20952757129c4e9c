//! Escape packets: what tools ask the guest's kernel-mode driver (`D3DKMTEscape`, device.md §13).
//!
//! Not an interface of the device; a host that offers the same diagnostics answers with the same structs.
//! Every packet begins with an [`EscapeHeader`]; `flags` words count only if their [`FLAGS_VALID`] bit is set.

use crate::macros::{wire_constants, wire_enum, wire_flags, wire_struct};

wire_constants! { ESCAPE_CONSTANTS: "AEROGPU_ESCAPE_", u32 {
    /// The only version of the header.
    VERSION = 1;
} }

/// The numbers of [`EscapeHeader::op`](struct@EscapeHeader).
pub mod op {
    super::wire_constants! { TABLE: "AEROGPU_ESCAPE_OP_", u32 {
        QUERY_DEVICE = 1;
        QUERY_FENCE = 2;
        DUMP_RING = 3;
        SELFTEST = 4;
        QUERY_VBLANK = 5;
        /// Another name for [`QUERY_VBLANK`].
        DUMP_VBLANK = 5;
        DUMP_RING_V2 = 6;
        QUERY_DEVICE_V2 = 7;
        MAP_SHARED_HANDLE = 8;
        DUMP_CREATEALLOCATION = 9;
        QUERY_SCANOUT = 10;
        QUERY_CURSOR = 11;
        QUERY_PERF = 12;
        READ_GPA = 13;
        QUERY_ERROR = 14;
        SET_CURSOR_SHAPE = 15;
        SET_CURSOR_POSITION = 16;
        SET_CURSOR_VISIBILITY = 17;
    } }
}

wire_constants! { DBGCTL_CONSTANTS: "AEROGPU_DBGCTL_", u32 {
    /// Descriptors in a ring dump.
    MAX_RECENT_DESCRIPTORS = 32;
    /// Entries in an allocation dump.
    MAX_RECENT_ALLOCATIONS = 32;
    /// Bytes of guest memory in one answer.
    READ_GPA_MAX_BYTES = 4096;
} }

/// The bit of every `flags` word that says that the others mean something.
pub const FLAGS_VALID: u32 = 0x8000_0000;

wire_flags! {
    /// The flags of [`QueryPerf`].
    pub struct QueryPerfFlags: "AEROGPU_DBGCTL_QUERY_PERF_FLAG_" {
        RING_VALID = 0x01;
        VBLANK_VALID = 0x02;
        GETSCANLINE_COUNTERS_VALID = 0x04;
    }

    /// The flags of [`QueryVblank`].
    pub struct QueryVblankFlags: "AEROGPU_DBGCTL_QUERY_VBLANK_FLAG_" {
        VBLANK_SUPPORTED = 0x01;
        INTERRUPT_TYPE_VALID = 0x02;
    }

    /// The flags of [`QueryScanout`], in its first reserved word.
    pub struct QueryScanoutFlags: "AEROGPU_DBGCTL_QUERY_SCANOUT_FLAG_" {
        CACHED_FB_GPA_VALID = 0x01;
        POST_DISPLAY_OWNERSHIP_RELEASED = 0x02;
    }

    /// The flags of [`QueryCursor`].
    pub struct QueryCursorFlags: "AEROGPU_DBGCTL_QUERY_CURSOR_FLAG_" {
        CURSOR_SUPPORTED = 0x01;
        POST_DISPLAY_OWNERSHIP_RELEASED = 0x02;
    }

    /// The flags of [`QueryError`].
    pub struct QueryErrorFlags: "AEROGPU_DBGCTL_QUERY_ERROR_FLAG_" {
        ERROR_SUPPORTED = 0x01;
        ERROR_LATCHED = 0x02;
    }
}

wire_enum! {
    /// How a self test ended.
    pub enum SelftestError: "AEROGPU_DBGCTL_SELFTEST_" {
        Ok = 0, "OK";
        InvalidState = 1, "ERR_INVALID_STATE";
        RingNotReady = 2, "ERR_RING_NOT_READY";
        GpuBusy = 3, "ERR_GPU_BUSY";
        NoResources = 4, "ERR_NO_RESOURCES";
        Timeout = 5, "ERR_TIMEOUT";
        VblankRegsOutOfRange = 6, "ERR_VBLANK_REGS_OUT_OF_RANGE";
        VblankSeqStuck = 7, "ERR_VBLANK_SEQ_STUCK";
        VblankIrqRegsOutOfRange = 8, "ERR_VBLANK_IRQ_REGS_OUT_OF_RANGE";
        VblankIrqNotLatched = 9, "ERR_VBLANK_IRQ_NOT_LATCHED";
        VblankIrqNotCleared = 10, "ERR_VBLANK_IRQ_NOT_CLEARED";
        CursorRegsOutOfRange = 11, "ERR_CURSOR_REGS_OUT_OF_RANGE";
        CursorRwMismatch = 12, "ERR_CURSOR_RW_MISMATCH";
        VblankIrqNotDelivered = 13, "ERR_VBLANK_IRQ_NOT_DELIVERED";
        TimeBudgetExhausted = 14, "ERR_TIME_BUDGET_EXHAUSTED";
    }

    /// Which ring a dump shows.
    pub enum RingFormat: "AEROGPU_DBGCTL_RING_FORMAT_" {
        Unknown = 0, "UNKNOWN";
        Legacy = 1, "LEGACY";
        Agpu = 2, "AGPU";
    }
}

wire_struct! {
    /// Opens every escape packet.
    pub struct EscapeHeader: "aerogpu_escape_header", 16 {
        /// [`VERSION`].
        0 version: u32,
        /// One of [`op`].
        4 op: u32,
        /// Bytes of the packet, this header included.
        8 size: u32,
        12 reserved0: u32,
    }

    /// Answers [`op::QUERY_DEVICE`].
    pub struct QueryDevice: "aerogpu_escape_query_device_out", 24 {
        0 hdr: EscapeHeader,
        16 mmio_version: u32,
        20 reserved0: u32,
    }

    /// Answers [`op::QUERY_DEVICE_V2`].
    pub struct QueryDeviceV2: "aerogpu_escape_query_device_v2_out", 48 {
        0 hdr: EscapeHeader,
        16 detected_mmio_magic: u32,
        20 abi_version_u32: u32,
        24 features_lo: u64,
        32 features_hi: u64,
        40 reserved0: u64,
    }

    /// Answers [`op::QUERY_FENCE`].
    pub struct QueryFence: "aerogpu_escape_query_fence_out", 48 {
        0 hdr: EscapeHeader,
        16 last_submitted_fence: u64,
        24 last_completed_fence: u64,
        32 error_irq_count: u64,
        40 last_error_fence: u64,
    }

    /// Answers [`op::QUERY_PERF`].
    pub struct QueryPerf: "aerogpu_escape_query_perf_out", 264 {
        0 hdr: EscapeHeader,
        16 last_submitted_fence: u64,
        24 last_completed_fence: u64,
        32 ring0_head: u32,
        36 ring0_tail: u32,
        40 ring0_size_bytes: u32,
        44 ring0_entry_count: u32,
        48 total_submissions: u64,
        56 total_presents: u64,
        64 total_render_submits: u64,
        72 total_internal_submits: u64,
        80 irq_fence_delivered: u64,
        88 irq_vblank_delivered: u64,
        96 irq_spurious: u64,
        104 reset_from_timeout_count: u64,
        /// In units of 100 ns.
        112 last_reset_time_100ns: u64,
        120 vblank_seq: u64,
        128 last_vblank_time_ns: u64,
        136 vblank_period_ns: u32,
        140 reserved0: u32,
        144 error_irq_count: u64,
        152 last_error_fence: u64,
        160 ring_push_failures: u64,
        168 selftest_count: u64,
        176 selftest_last_error_code: u32,
        /// [`QueryPerfFlags`] bits.
        180 flags: u32,
        184 pending_meta_handle_count: u32,
        188 pending_meta_handle_reserved0: u32,
        192 pending_meta_handle_bytes: u64,
        200 get_scanline_cache_hits: u64,
        208 get_scanline_mmio_polls: u64,
        216 contig_pool_hit: u64,
        224 contig_pool_miss: u64,
        232 contig_pool_bytes_saved: u64,
        240 alloc_table_count: u64,
        248 alloc_table_entries: u64,
        256 alloc_table_readonly_entries: u64,
    }

    /// A descriptor in [`DumpRing`].
    pub struct RingDesc: "aerogpu_dbgctl_ring_desc", 24 {
        0 signal_fence: u64,
        8 cmd_gpa: u64,
        16 cmd_size_bytes: u32,
        20 flags: u32,
    }

    /// Answers [`op::DUMP_RING`].
    pub struct DumpRing: "aerogpu_escape_dump_ring_inout", 808 {
        0 hdr: EscapeHeader,
        16 ring_id: u32,
        20 ring_size_bytes: u32,
        24 head: u32,
        28 tail: u32,
        32 desc_count: u32,
        36 desc_capacity: u32,
        40 desc: [RingDesc; 32],
    }

    /// A descriptor in [`DumpRingV2`].
    #[repr(packed(4))]
    pub struct RingDescV2: "aerogpu_dbgctl_ring_desc_v2", 40 {
        0 fence: u64,
        8 cmd_gpa: u64,
        16 cmd_size_bytes: u32,
        20 flags: u32,
        24 alloc_table_gpa: u64,
        32 alloc_table_size_bytes: u32,
        36 reserved0: u32,
    }

    /// Answers [`op::DUMP_RING_V2`].
    #[repr(packed(4))]
    pub struct DumpRingV2: "aerogpu_escape_dump_ring_v2_inout", 1332 {
        0 hdr: EscapeHeader,
        16 ring_id: u32,
        20 ring_format: u32,
        24 ring_size_bytes: u32,
        28 head: u32,
        32 tail: u32,
        36 desc_count: u32,
        40 desc_capacity: u32,
        44 reserved0: u32,
        48 reserved1: u32,
        52 desc: [RingDescV2; 32],
    }

    /// Asks for and answers [`op::SELFTEST`].
    pub struct Selftest: "aerogpu_escape_selftest_inout", 32 {
        0 hdr: EscapeHeader,
        16 timeout_ms: u32,
        20 passed: u32,
        /// A [`SelftestError`] value.
        24 error_code: u32,
        28 reserved0: u32,
    }

    /// Answers [`op::QUERY_VBLANK`].
    pub struct QueryVblank: "aerogpu_escape_query_vblank_out", 56 {
        0 hdr: EscapeHeader,
        16 vidpn_source_id: u32,
        20 irq_enable: u32,
        24 irq_status: u32,
        /// [`QueryVblankFlags`] bits.
        28 flags: u32,
        32 vblank_seq: u64,
        40 last_vblank_time_ns: u64,
        48 vblank_period_ns: u32,
        52 vblank_interrupt_type: u32,
    }

    /// Answers [`op::QUERY_SCANOUT`].
    pub struct QueryScanout: "aerogpu_escape_query_scanout_out", 72 {
        0 hdr: EscapeHeader,
        16 vidpn_source_id: u32,
        /// [`QueryScanoutFlags`] bits in newer drivers.
        20 reserved0: u32,
        24 cached_enable: u32,
        28 cached_width: u32,
        32 cached_height: u32,
        36 cached_format: u32,
        40 cached_pitch_bytes: u32,
        44 mmio_enable: u32,
        48 mmio_width: u32,
        52 mmio_height: u32,
        56 mmio_format: u32,
        60 mmio_pitch_bytes: u32,
        64 mmio_fb_gpa: u64,
    }

    /// Answers [`op::QUERY_SCANOUT`] in newer drivers.
    pub struct QueryScanoutV2: "aerogpu_escape_query_scanout_out_v2", 80 {
        0 base: QueryScanout,
        72 cached_fb_gpa: u64,
    }

    /// Answers [`op::QUERY_CURSOR`].
    pub struct QueryCursor: "aerogpu_escape_query_cursor_out", 72 {
        0 hdr: EscapeHeader,
        /// [`QueryCursorFlags`] bits.
        16 flags: u32,
        20 reserved0: u32,
        24 enable: u32,
        /// Two's complement, like `y`.
        28 x: u32,
        32 y: u32,
        36 hot_x: u32,
        40 hot_y: u32,
        44 width: u32,
        48 height: u32,
        /// A [`Format`](crate::Format) value.
        52 format: u32,
        56 fb_gpa: u64,
        64 pitch_bytes: u32,
        68 reserved1: u32,
    }

    /// Answers [`op::QUERY_ERROR`].
    pub struct QueryError: "aerogpu_escape_query_error_out", 40 {
        0 hdr: EscapeHeader,
        /// [`QueryErrorFlags`] bits.
        16 flags: u32,
        /// An [`ErrorCode`](crate::registers::ErrorCode) value.
        20 error_code: u32,
        24 error_fence: u64,
        32 error_count: u32,
        36 reserved0: u32,
    }

    /// Asks for [`op::SET_CURSOR_POSITION`].
    pub struct SetCursorPosition: "aerogpu_escape_set_cursor_position_in", 24 {
        0 hdr: EscapeHeader,
        /// Two's complement, like `y`.
        16 x: u32,
        20 y: u32,
    }

    /// Asks for [`op::SET_CURSOR_VISIBILITY`].
    pub struct SetCursorVisibility: "aerogpu_escape_set_cursor_visibility_in", 24 {
        0 hdr: EscapeHeader,
        16 visible: u32,
        20 reserved0: u32,
    }

    /// An entry of [`DumpCreateallocation`].
    pub struct CreateallocationDesc: "aerogpu_dbgctl_createallocation_desc", 56 {
        0 seq: u32,
        4 call_seq: u32,
        8 alloc_index: u32,
        12 num_allocations: u32,
        16 create_flags: u32,
        20 alloc_id: u32,
        24 priv_flags: u32,
        28 pitch_bytes: u32,
        /// The 64-bit name that the kernel-mode driver gave to the shared surface.
        32 share_token: u64,
        40 size_bytes: u64,
        48 flags_in: u32,
        52 flags_out: u32,
    }

    /// Answers [`op::DUMP_CREATEALLOCATION`].
    pub struct DumpCreateallocation: "aerogpu_escape_dump_createallocation_inout", 1824 {
        0 hdr: EscapeHeader,
        16 write_index: u32,
        20 entry_count: u32,
        24 entry_capacity: u32,
        28 reserved0: u32,
        32 entries: [CreateallocationDesc; 32],
    }
}

/// Asks for and answers [`op::READ_GPA`]. (The published ABI names the operation but not this struct.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
#[allow(missing_docs)]
pub struct ReadGpa {
    pub hdr: EscapeHeader,
    /// Guest physical address.
    pub gpa: u64,
    /// Bytes asked for, at most [`READ_GPA_MAX_BYTES`].
    pub size_bytes: u32,
    pub reserved0: u32,
    /// An `NTSTATUS`.
    pub status: u32,
    /// Bytes of `data` that count.
    pub bytes_copied: u32,
    pub data: [u8; READ_GPA_MAX_BYTES as usize],
}

/// Asks for and answers [`op::MAP_SHARED_HANDLE`]. (The published ABI names the operation but not this struct.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
#[allow(missing_docs)]
pub struct MapSharedHandle {
    pub hdr: EscapeHeader,
    pub shared_handle: u64,
    /// Unrelated to the share tokens of the command stream.
    pub debug_token: u32,
    pub reserved0: u32,
}

/// Asks for [`op::SET_CURSOR_SHAPE`]; `pitch_bytes * height` bytes of B, G, R, A pixels follow. (The published ABI
/// names the operation but not this struct.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
#[allow(missing_docs)]
pub struct SetCursorShape {
    pub hdr: EscapeHeader,
    pub width: u32,
    pub height: u32,
    pub hot_x: u32,
    pub hot_y: u32,
    pub pitch_bytes: u32,
    /// A [`Format`](crate::Format) value; a hint.
    pub format: u32,
    pub reserved0: u32,
    pub reserved1: u32,
}

const _: () = {
    assert!(size_of::<ReadGpa>() == 4136 && core::mem::offset_of!(ReadGpa, data) == 40);
    assert!(size_of::<MapSharedHandle>() == 32 && core::mem::offset_of!(MapSharedHandle, debug_token) == 24);
    assert!(size_of::<SetCursorShape>() == 48 && core::mem::offset_of!(SetCursorShape, pitch_bytes) == 32);
};
