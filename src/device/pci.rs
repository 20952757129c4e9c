//! The configuration space of the PCI function (device.md §1).

use aerogpu_protocol::registers::pci;

/// `COMMAND`: the function answers memory accesses to its BARs.
pub const COMMAND_MEMORY: u16 = 1 << 1;
/// `COMMAND`: the function may access guest memory.
pub const COMMAND_BUS_MASTER: u16 = 1 << 2;
/// `COMMAND`: the interrupt line stays low.
pub const COMMAND_INTX_DISABLE: u16 = 1 << 10;

/// I/O, memory, bus mastering, parity, SERR#, INTx disable.
const COMMAND_WRITABLE: u16 = 0x0547;
/// Interrupt pin INTA#.
const INTERRUPT_PIN: u8 = 1;
const BAR_PREFETCHABLE: u32 = 1 << 3;
/// Size of each BAR, and its type bits.
const BARS: [(u32, u32); 2] = [(pci::BAR0_SIZE_BYTES, 0), (pci::BAR1_SIZE_BYTES, BAR_PREFETCHABLE)];

/// A base address register of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bar {
    /// BAR0: the registers, 64 KiB.
    Registers,
    /// BAR1: video memory, 64 MiB, prefetchable.
    Vram,
}

impl Bar {
    /// Bytes that it decodes.
    pub const fn size(self) -> u64 {
        BARS[self as usize].0 as u64
    }
}

/// The configuration registers that can be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PciConfig {
    pub(crate) command: u16,
    pub(crate) cache_line: u8,
    pub(crate) latency: u8,
    /// Base addresses without type bits, aligned to their sizes.
    pub(crate) bars: [u32; 2],
    pub(crate) interrupt_line: u8,
}

impl PciConfig {
    pub(crate) fn memory_enabled(&self) -> bool {
        self.command & COMMAND_MEMORY != 0
    }

    pub(crate) fn bus_master(&self) -> bool {
        self.command & COMMAND_BUS_MASTER != 0
    }

    pub(crate) fn intx_disabled(&self) -> bool {
        self.command & COMMAND_INTX_DISABLE != 0
    }

    pub(crate) fn set_command(&mut self, command: u16) {
        self.command = command & COMMAND_WRITABLE;
    }

    /// Where a BAR decodes.
    pub(crate) fn base(&self, bar: Bar) -> u64 {
        u64::from(self.bars[bar as usize])
    }

    pub(crate) fn set_base(&mut self, bar: Bar, base: u32) {
        let (size, _) = BARS[bar as usize];
        self.bars[bar as usize] = base & !(size - 1);
    }

    /// A reset: `COMMAND` is cleared; what firmware assigned stays.
    pub(crate) fn reset(&mut self) {
        self.command = 0;
    }

    /// The aligned dword at `offset`. Reading a BAR after writing all ones gives its size mask, since only the bits above the
    /// size are kept.
    fn dword(&self, offset: u16) -> u32 {
        match offset {
            0x00 => pci::DEVICE_ID << 16 | pci::VENDOR_ID,
            0x04 => u32::from(self.command),
            0x08 => {
                pci::CLASS_CODE_DISPLAY_CONTROLLER << 24
                    | pci::SUBCLASS_VGA_COMPATIBLE << 16
                    | pci::PROG_IF << 8
            }
            0x0C => u32::from(self.latency) << 8 | u32::from(self.cache_line),
            0x10 => self.bars[0] | BARS[0].1,
            0x14 => self.bars[1] | BARS[1].1,
            0x2C => pci::SUBSYSTEM_ID << 16 | pci::SUBSYSTEM_VENDOR_ID,
            0x3C => u32::from(INTERRUPT_PIN) << 8 | u32::from(self.interrupt_line),
            _ => 0,
        }
    }

    fn set_dword(&mut self, offset: u16, value: u32) {
        match offset {
            0x04 => self.set_command(value as u16),
            0x0C => [self.cache_line, self.latency, ..] = value.to_le_bytes(),
            0x10 => self.set_base(Bar::Registers, value),
            0x14 => self.set_base(Bar::Vram, value),
            0x3C => self.interrupt_line = value as u8,
            _ => {}
        }
    }

    /// Reads 1 to 4 bytes; beyond the 256 bytes of the space, and of another size, all ones.
    pub(crate) fn read(&self, offset: u16, size: usize) -> u32 {
        let end = usize::from(offset) + size;
        if !(1..=4).contains(&size) || end > 256 {
            return u32::MAX;
        }
        let byte = |at: u16| self.dword(at & !3).to_le_bytes()[usize::from(at & 3)];
        (0..size as u16).fold(0, |value, i| value | u32::from(byte(offset + i)) << (8 * i))
    }

    /// Writes 1 to 4 bytes, merged with the others of their dwords.
    pub(crate) fn write(&mut self, offset: u16, size: usize, value: u32) {
        if !(1..=4).contains(&size) || usize::from(offset) + size > 256 {
            return;
        }
        let mut at = offset;
        let end = offset + size as u16;
        while at < end {
            let base = at & !3;
            let mut bytes = self.dword(base).to_le_bytes();
            while at < end && at & !3 == base {
                bytes[usize::from(at & 3)] = value.to_le_bytes()[usize::from(at - offset)];
                at += 1;
            }
            self.set_dword(base, u32::from_le_bytes(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_that_of_the_function() {
        let config = PciConfig::default();
        assert_eq!(config.read(0, 4), 0x0001_A3A0);
        assert_eq!(config.read(8, 4), 0x0300_0000);
        assert_eq!(config.read(0x0B, 1), 3);
        assert_eq!(config.read(0x2C, 4), 0x0001_A3A0);
        assert_eq!(config.read(0x3D, 1), 1);
        assert_eq!((config.read(6, 2), config.read(0x34, 1), config.read(0x0E, 1)), (0, 0, 0));
        for absent in [0x18, 0x1C, 0x20, 0x24, 0x30] {
            assert_eq!(config.read(absent, 4), 0);
        }
        assert_eq!((config.read(254, 4), config.read(0, 5)), (u32::MAX, u32::MAX));
    }

    #[test]
    fn sizing_gives_masks_and_addresses_are_aligned() {
        let mut config = PciConfig::default();
        config.write(0x10, 4, u32::MAX);
        config.write(0x14, 4, u32::MAX);
        assert_eq!(config.read(0x10, 4), 0xFFFF_0000);
        assert_eq!(config.read(0x14, 4), 0xFC00_0008);
        config.write(0x14, 4, 0xE123_4567);
        assert_eq!(config.read(0x14, 4), 0xE000_0008);
        // Byte by byte, and across two dwords.
        for (i, byte) in [0x00, 0x00, 0x02, 0xE8].into_iter().enumerate() {
            config.write(0x10 + i as u16, 1, byte);
        }
        assert_eq!(config.base(Bar::Registers), 0xE802_0000);
        config.write(0x12, 4, 0x0000_1234);
        assert_eq!(config.read(0x10, 4), 0x1234_0000);
        assert_eq!(config.read(0x14, 4), 0xE000_0008);
    }

    #[test]
    fn read_only_bytes_stay_and_a_reset_keeps_what_firmware_assigned() {
        let mut config = PciConfig::default();
        for at in (0..=252).step_by(4) {
            config.write(at, 4, u32::MAX);
        }
        assert_eq!(config.read(0, 4), 0x0001_A3A0);
        assert_eq!(config.read(4, 4), 0x0547);
        assert_eq!(config.read(0x3C, 4), 0x01FF);
        config.reset();
        assert_eq!((config.read(4, 2), config.read(0x10, 4)), (0, 0xFFFF_0000));
    }
}
