//! The PCI function and its registers in BAR0.

use crate::macros::{wire_constants, wire_enum, wire_flags};

wire_constants! { ABI_CONSTANTS: "AEROGPU_", u16 {
    /// Versions that differ here do not understand each other.
    ABI_MAJOR = 1;
    /// Grows with compatible additions.
    ABI_MINOR = 4;
} }

/// [`ABI_MAJOR`] in the high half, [`ABI_MINOR`] in the low half (`AEROGPU_ABI_VERSION_U32`).
pub const ABI_VERSION: u32 = (ABI_MAJOR as u32) << 16 | ABI_MINOR as u32;

/// `AGPU`: what the register at [`mmio::MAGIC`] holds (`AEROGPU_MMIO_MAGIC`).
pub const MMIO_MAGIC: u32 = 0x5550_4741;

/// Identity and base address registers of the PCI function.
pub mod pci {
    super::wire_constants! { TABLE: "AEROGPU_PCI_", u32 {
        VENDOR_ID = 0xA3A0;
        DEVICE_ID = 0x0001;
        SUBSYSTEM_VENDOR_ID = 0xA3A0;
        SUBSYSTEM_ID = 0x0001;
        CLASS_CODE_DISPLAY_CONTROLLER = 0x03;
        SUBCLASS_VGA_COMPATIBLE = 0x00;
        PROG_IF = 0x00;
        /// The registers of [`mmio`](super::mmio).
        BAR0_INDEX = 0;
        BAR0_SIZE_BYTES = 0x1_0000;
        /// The video memory.
        BAR1_INDEX = 1;
        BAR1_SIZE_BYTES = 0x0400_0000;
        /// Where in BAR1 the VESA linear framebuffer begins.
        BAR1_VBE_LFB_OFFSET_BYTES = 0x4_0000;
    } }
}

/// Byte offsets of the registers in BAR0; each is 32 bits wide. Semantics: device.md §2.2.
pub mod mmio {
    super::wire_constants! { TABLE: "AEROGPU_MMIO_REG_", u32 {
        MAGIC = 0x000;
        ABI_VERSION = 0x004;
        FEATURES_LO = 0x008;
        FEATURES_HI = 0x00C;
        RING_GPA_LO = 0x100;
        RING_GPA_HI = 0x104;
        RING_SIZE_BYTES = 0x108;
        RING_CONTROL = 0x10C;
        FENCE_GPA_LO = 0x120;
        FENCE_GPA_HI = 0x124;
        COMPLETED_FENCE_LO = 0x130;
        COMPLETED_FENCE_HI = 0x134;
        DOORBELL = 0x200;
        IRQ_STATUS = 0x300;
        IRQ_ENABLE = 0x304;
        IRQ_ACK = 0x308;
        ERROR_CODE = 0x310;
        ERROR_FENCE_LO = 0x314;
        ERROR_FENCE_HI = 0x318;
        ERROR_COUNT = 0x31C;
        SCANOUT0_ENABLE = 0x400;
        SCANOUT0_WIDTH = 0x404;
        SCANOUT0_HEIGHT = 0x408;
        SCANOUT0_FORMAT = 0x40C;
        SCANOUT0_PITCH_BYTES = 0x410;
        SCANOUT0_FB_GPA_LO = 0x414;
        SCANOUT0_FB_GPA_HI = 0x418;
        SCANOUT0_VBLANK_SEQ_LO = 0x420;
        SCANOUT0_VBLANK_SEQ_HI = 0x424;
        SCANOUT0_VBLANK_TIME_NS_LO = 0x428;
        SCANOUT0_VBLANK_TIME_NS_HI = 0x42C;
        SCANOUT0_VBLANK_PERIOD_NS = 0x430;
        CURSOR_ENABLE = 0x500;
        CURSOR_X = 0x504;
        CURSOR_Y = 0x508;
        CURSOR_HOT_X = 0x50C;
        CURSOR_HOT_Y = 0x510;
        CURSOR_WIDTH = 0x514;
        CURSOR_HEIGHT = 0x518;
        CURSOR_FORMAT = 0x51C;
        CURSOR_FB_GPA_LO = 0x520;
        CURSOR_FB_GPA_HI = 0x524;
        CURSOR_PITCH_BYTES = 0x528;
    } }
}

wire_flags! {
    /// What the device can do: the low word of the feature registers.
    pub struct Features: "AEROGPU_FEATURE_" {
        /// Writes completed fences to a page of guest memory.
        FENCE_PAGE = 0x01;
        /// Has a hardware cursor.
        CURSOR = 0x02;
        /// Has scanout registers.
        SCANOUT = 0x04;
        /// Has a vertical blank.
        VBLANK = 0x08;
        /// Executes copies and writes results back to guest memory.
        TRANSFER = 0x10;
        /// Has error registers.
        ERROR_INFO = 0x20;
    }

    /// The bits of [`mmio::RING_CONTROL`].
    pub struct RingControl: "AEROGPU_RING_CONTROL_" {
        /// Doorbells are honoured.
        ENABLE = 0x01;
        /// Write-only: reset the ring.
        RESET = 0x02;
    }

    /// The bits of the interrupt registers.
    pub struct Irq: "AEROGPU_IRQ_" {
        /// A fence completed.
        FENCE = 0x01;
        /// A vertical blank began.
        SCANOUT_VBLANK = 0x02;
        /// An error was recorded.
        ERROR = 0x8000_0000;
    }
}

wire_enum! {
    /// What [`mmio::ERROR_CODE`] says of the last error.
    pub enum ErrorCode: "AEROGPU_ERROR_" {
        /// There was none.
        None = 0, "NONE";
        /// The ring, a stream or a table could not be decoded.
        CmdDecode = 1, "CMD_DECODE";
        /// An address was out of bounds.
        Oob = 2, "OOB";
        /// The back end failed.
        Backend = 3, "BACKEND";
        /// The device itself failed.
        Internal = 0xFFFF, "INTERNAL";
    }
}
