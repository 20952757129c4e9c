//! Video memory behind BAR1, and its legacy aliases (device.md §9).

use aerogpu_protocol::registers::pci;

use crate::memory::{GuestMemory, MemoryError, SparseMemory};

/// The legacy window of the PC: guest physical addresses that alias the start of video memory.
pub const LEGACY_WINDOW: std::ops::Range<u64> = 0xA_0000..0xC_0000;
/// Bytes of a VBE bank, which shows at the start of the legacy window.
const BANK: u64 = 0x1_0000;

/// The bytes behind BAR1. Pages exist once they are written; the rest reads 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vram {
    pub(crate) bytes: SparseMemory,
    /// Bytes that exist; beyond them the BAR reads 0 and ignores writes.
    pub(crate) len: u64,
    /// The VBE bank at the start of the legacy window, while a VBE mode is set.
    pub(crate) bank: Option<u32>,
}

impl Vram {
    pub(crate) fn new(len: u64) -> Self {
        Self { len: len.min(u64::from(pci::BAR1_SIZE_BYTES)), ..Self::default() }
    }

    /// Reads `size` of at most 8 bytes at an offset inside the BAR, little-endian.
    pub(crate) fn read(&self, offset: u64, size: usize) -> u64 {
        let mut bytes = [0; 8];
        let exist = self.exist(offset, size);
        if self.bytes.read(offset, &mut bytes[..exist]).is_err() {
            return 0;
        }
        u64::from_le_bytes(bytes)
    }

    pub(crate) fn write(&mut self, offset: u64, size: usize, value: u64) {
        let exist = self.exist(offset, size);
        // Cannot fail: the range lies inside the BAR.
        self.bytes.write(offset, &value.to_le_bytes()[..exist]).ok();
    }

    /// How many of `size` bytes from `offset` exist.
    fn exist(&self, offset: u64, size: usize) -> usize {
        self.len.saturating_sub(offset).min(size.min(8) as u64) as usize
    }

    /// Where an address of the legacy window lies in video memory: the bank of the linear framebuffer in a VBE mode, else the
    /// VGA planes; text memory always. `None` outside the window.
    pub(crate) fn legacy_offset(&self, address: u64) -> Option<u64> {
        let offset = address.checked_sub(LEGACY_WINDOW.start).filter(|_| LEGACY_WINDOW.contains(&address))?;
        match self.bank {
            Some(bank) if offset < BANK => {
                Some(u64::from(pci::BAR1_VBE_LFB_OFFSET_BYTES) + u64::from(bank) * BANK + offset)
            }
            _ => Some(offset),
        }
    }
}

/// Guest memory as the display sees it: addresses inside BAR1 come from video memory.
pub(crate) struct DisplayMemory<'a> {
    pub(crate) guest: &'a dyn GuestMemory,
    pub(crate) vram: &'a Vram,
    /// Where BAR1 decodes; 0 for nowhere.
    pub(crate) bar1: u64,
}

impl DisplayMemory<'_> {
    /// Fills `out`; what is not mapped reads as ones.
    pub(crate) fn read(&self, address: u64, out: &mut [u8]) {
        let inside = |offset: &u64| {
            self.bar1 != 0 && offset.saturating_add(out.len() as u64) <= u64::from(pci::BAR1_SIZE_BYTES)
        };
        let read: Result<(), MemoryError> = match address.checked_sub(self.bar1).filter(inside) {
            Some(offset) => self.vram.bytes.read(offset, out),
            None => self.guest.read(address, out),
        };
        if read.is_err() {
            out.fill(0xFF);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_do_not_exist_read_0() {
        let mut vram = Vram::new(0x1000);
        vram.write(0xFFC, 8, 0x1122_3344_5566_7788);
        assert_eq!(vram.read(0xFFC, 8), 0x5566_7788);
        assert_eq!(vram.read(0xFFF, 1), 0x55);
        vram.write(0x2000, 4, 5);
        assert_eq!(vram.read(0x2000, 4), 0);
    }

    #[test]
    fn the_legacy_window_is_the_start_of_video_memory_or_a_bank() {
        let mut vram = Vram::new(1 << 26);
        assert_eq!(vram.legacy_offset(0xA_0000), Some(0));
        assert_eq!(vram.legacy_offset(0xB_8000), Some(0x1_8000));
        assert_eq!((vram.legacy_offset(0x9_FFFF), vram.legacy_offset(0xC_0000)), (None, None));
        vram.bank = Some(3);
        assert_eq!(vram.legacy_offset(0xA_0004), Some(0x4_0000 + 0x3_0004));
        assert_eq!(vram.legacy_offset(0xB_8000), Some(0x1_8000));
        vram.bank = Some(u32::MAX);
        assert_eq!(vram.read(vram.legacy_offset(0xA_0000).unwrap(), 4), 0);
    }
}
