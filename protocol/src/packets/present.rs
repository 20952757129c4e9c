//! Presents, shared surfaces, flushes (opcodes 0x700-0x720).

use super::CmdHdr;
use crate::macros::{typed_fields, wire_flags, wire_struct};

wire_flags! {
    /// Options of a present.
    pub struct PresentFlags: "AEROGPU_PRESENT_FLAG_" {
        /// The submission's fence waits for the next vertical blank.
        VSYNC = 0x01;
    }
}

wire_struct! {
    /// Presents the first bound colour target.
    pub struct Present: "aerogpu_cmd_present", 16 {
        0 hdr: CmdHdr,
        8 scanout_id: u32,
        /// [`PresentFlags`] bits.
        12 flags: u32,
    }

    /// Presents the first bound colour target, with Direct3D 9Ex flags.
    pub struct PresentEx: "aerogpu_cmd_present_ex", 24 {
        0 hdr: CmdHdr,
        8 scanout_id: u32,
        /// [`PresentFlags`] bits.
        12 flags: u32,
        /// `D3DPRESENT_*` bits as the application gave them; no effect on the device.
        16 d3d9_present_flags: u32,
        20 reserved0: u32,
    }

    /// Gives a resource a token under which other processes can import it.
    pub struct ExportSharedSurface: "aerogpu_cmd_export_shared_surface", 24 {
        0 hdr: CmdHdr,
        8 resource_handle: u32,
        12 reserved0: u32,
        /// The 64-bit name that the kernel-mode driver gave to the shared surface.
        16 share_token: u64,
    }

    /// Makes a new handle for the resource behind a token.
    pub struct ImportSharedSurface: "aerogpu_cmd_import_shared_surface", 24 {
        0 hdr: CmdHdr,
        8 out_resource_handle: u32,
        12 reserved0: u32,
        /// The 64-bit name that the kernel-mode driver gave to the shared surface.
        16 share_token: u64,
    }

    /// Retires a token; handles that came from it stay alive.
    pub struct ReleaseSharedSurface: "aerogpu_cmd_release_shared_surface", 24 {
        0 hdr: CmdHdr,
        /// The 64-bit name that the kernel-mode driver gave to the shared surface.
        8 share_token: u64,
        16 reserved0: u64,
    }

    /// Asks that the work so far be started. It has no effect on results.
    pub struct Flush: "aerogpu_cmd_flush", 16 {
        0 hdr: CmdHdr,
        8 reserved0: u32,
        12 reserved1: u32,
    }
}

typed_fields! {
    Present { flags => flags: flags PresentFlags }
    PresentEx { flags => flags: flags PresentFlags }
}
