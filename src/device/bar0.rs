//! The registers in BAR0 (device.md §2). Reading has no side effects; registers that do not exist read 0 and ignore writes.

use aerogpu_protocol::registers::{ABI_VERSION, Features, Irq, MMIO_MAGIC, RingControl, mmio};

use super::State;
use super::scanout::Surface;

const LOW: u64 = 0xFFFF_FFFF;

fn lo(value: u64) -> u32 {
    value as u32
}

fn hi(value: u64) -> u32 {
    (value >> 32) as u32
}

fn set_lo(value: &mut u64, lo: u32) {
    *value = *value & !LOW | u64::from(lo);
}

fn set_hi(value: &mut u64, hi: u32) {
    *value = *value & LOW | u64::from(hi) << 32;
}

impl State {
    /// Reads 1, 2, 4 or 8 bytes; other sizes read 0. Eight bytes are two dwords, the lower one first; a part of a dword, and a
    /// dword that is not aligned, is what the aligned dword has from there on.
    pub(super) fn read_bar0(&self, offset: u32, size: usize) -> u64 {
        let dword = |offset: u32| self.read_register(offset & !3) >> (8 * (offset & 3));
        match size {
            1 => u64::from(dword(offset) & 0xFF),
            2 => u64::from(dword(offset) & 0xFFFF),
            4 => u64::from(dword(offset)),
            8 => u64::from(dword(offset)) | u64::from(dword(offset + 4)) << 32,
            _ => 0,
        }
    }

    /// The dwords that a write of 1, 2, 4 or 8 bytes comes to: parts of a dword are merged with what it reads as; dwords that
    /// are not aligned, and other sizes, are ignored.
    pub(super) fn merge_write(&self, offset: u32, size: usize, value: u64) -> [Option<(u32, u32)>; 2] {
        let aligned = |offset: u32, value: u32| (offset & 3 == 0).then_some((offset, value));
        let part = |mask: u32| {
            let shift = 8 * (offset & 3);
            let (mask, lanes) = (mask << shift, (value as u32) << shift);
            Some((offset & !3, self.read_register(offset & !3) & !mask | lanes & mask))
        };
        match size {
            1 => [part(0xFF), None],
            2 => [part(0xFFFF), None],
            4 => [aligned(offset, lo(value)), None],
            8 => [aligned(offset, lo(value)), aligned(offset + 4, hi(value))],
            _ => [None, None],
        }
    }

    fn features(&self) -> Features {
        let vblank = if self.vblank.rate.is_some() { Features::VBLANK } else { Features::empty() };
        Features::FENCE_PAGE
            | Features::CURSOR
            | Features::SCANOUT
            | Features::TRANSFER
            | Features::ERROR_INFO
            | vblank
    }

    fn read_register(&self, offset: u32) -> u32 {
        let irq = &self.interrupts;
        let (scanout, cursor) = (&self.scanout.surface, &self.cursor);
        match offset {
            mmio::MAGIC => MMIO_MAGIC,
            mmio::ABI_VERSION => ABI_VERSION,
            mmio::FEATURES_LO => self.features().bits(),
            mmio::RING_GPA_LO => lo(self.ring.gpa),
            mmio::RING_GPA_HI => hi(self.ring.gpa),
            mmio::RING_SIZE_BYTES => self.ring.size,
            mmio::RING_CONTROL => u32::from(self.ring.enabled),
            mmio::FENCE_GPA_LO => lo(self.fence_gpa),
            mmio::FENCE_GPA_HI => hi(self.fence_gpa),
            mmio::COMPLETED_FENCE_LO => lo(self.fences.completed),
            mmio::COMPLETED_FENCE_HI => hi(self.fences.completed),
            mmio::IRQ_STATUS => irq.status.bits(),
            mmio::IRQ_ENABLE => irq.enable.bits(),
            mmio::ERROR_CODE => irq.error.to_u32(),
            mmio::ERROR_FENCE_LO => lo(irq.error_fence),
            mmio::ERROR_FENCE_HI => hi(irq.error_fence),
            mmio::ERROR_COUNT => irq.error_count,
            mmio::SCANOUT0_ENABLE..=mmio::SCANOUT0_FB_GPA_HI => {
                read_surface(scanout, &SCANOUT, offset).unwrap_or(0)
            }
            mmio::SCANOUT0_VBLANK_SEQ_LO => lo(self.vblank.sequence.0),
            mmio::SCANOUT0_VBLANK_SEQ_HI => hi(self.vblank.sequence.0),
            mmio::SCANOUT0_VBLANK_TIME_NS_LO => lo(self.vblank.time.0),
            mmio::SCANOUT0_VBLANK_TIME_NS_HI => hi(self.vblank.time.0),
            mmio::SCANOUT0_VBLANK_PERIOD_NS => self.vblank.period(),
            mmio::CURSOR_X => cursor.x as u32,
            mmio::CURSOR_Y => cursor.y as u32,
            mmio::CURSOR_HOT_X => cursor.hot_x,
            mmio::CURSOR_HOT_Y => cursor.hot_y,
            _ => read_surface(&cursor.surface, &CURSOR, offset).unwrap_or(0),
        }
    }

    /// Writes an aligned dword. What touches guest memory waits for the next step of the clock.
    pub(super) fn write_register(&mut self, offset: u32, value: u32) {
        match offset {
            mmio::RING_GPA_LO => set_lo(&mut self.ring.gpa, value),
            mmio::RING_GPA_HI => set_hi(&mut self.ring.gpa, value),
            mmio::RING_SIZE_BYTES => self.ring.size = value,
            mmio::RING_CONTROL => {
                let control = RingControl::from_bits_retain(value);
                self.ring.enabled = control.contains(RingControl::ENABLE);
                if control.contains(RingControl::RESET) {
                    self.reset_ring_registers();
                }
            }
            mmio::FENCE_GPA_LO => set_lo(&mut self.fence_gpa, value),
            mmio::FENCE_GPA_HI => set_hi(&mut self.fence_gpa, value),
            mmio::DOORBELL => self.ring.doorbell = true,
            mmio::IRQ_ENABLE => self.interrupts.set_enable(Irq::from_bits_retain(value)),
            mmio::IRQ_ACK => self.interrupts.acknowledge(Irq::from_bits_retain(value)),
            mmio::SCANOUT0_ENABLE => {
                self.enable_scanout(value != 0);
                self.scanout.update();
            }
            mmio::SCANOUT0_WIDTH..=mmio::SCANOUT0_FB_GPA_HI => {
                write_surface(&mut self.scanout.surface, &SCANOUT, offset, value);
                self.scanout.update();
            }
            mmio::CURSOR_X => self.cursor.x = value as i32,
            mmio::CURSOR_Y => self.cursor.y = value as i32,
            mmio::CURSOR_HOT_X => self.cursor.hot_x = value,
            mmio::CURSOR_HOT_Y => self.cursor.hot_y = value,
            _ => write_surface(&mut self.cursor.surface, &CURSOR, offset, value),
        }
    }
}

/// Where the registers of a surface stand.
struct SurfaceRegisters {
    enable: u32,
    width: u32,
    height: u32,
    format: u32,
    pitch: u32,
    address_lo: u32,
    address_hi: u32,
}

const SCANOUT: SurfaceRegisters = SurfaceRegisters {
    enable: mmio::SCANOUT0_ENABLE,
    width: mmio::SCANOUT0_WIDTH,
    height: mmio::SCANOUT0_HEIGHT,
    format: mmio::SCANOUT0_FORMAT,
    pitch: mmio::SCANOUT0_PITCH_BYTES,
    address_lo: mmio::SCANOUT0_FB_GPA_LO,
    address_hi: mmio::SCANOUT0_FB_GPA_HI,
};

const CURSOR: SurfaceRegisters = SurfaceRegisters {
    enable: mmio::CURSOR_ENABLE,
    width: mmio::CURSOR_WIDTH,
    height: mmio::CURSOR_HEIGHT,
    format: mmio::CURSOR_FORMAT,
    pitch: mmio::CURSOR_PITCH_BYTES,
    address_lo: mmio::CURSOR_FB_GPA_LO,
    address_hi: mmio::CURSOR_FB_GPA_HI,
};

fn read_surface(surface: &Surface, at: &SurfaceRegisters, offset: u32) -> Option<u32> {
    Some(match offset {
        o if o == at.enable => u32::from(surface.enabled),
        o if o == at.width => surface.width,
        o if o == at.height => surface.height,
        o if o == at.format => surface.format,
        o if o == at.pitch => surface.pitch,
        o if o == at.address_lo => surface.address.lo(),
        o if o == at.address_hi => surface.address.hi(),
        _ => return None,
    })
}

fn write_surface(surface: &mut Surface, at: &SurfaceRegisters, offset: u32, value: u32) {
    match offset {
        o if o == at.enable => surface.set_enabled(value != 0),
        o if o == at.width => surface.width = value,
        o if o == at.height => surface.height = value,
        o if o == at.format => surface.set_format(value),
        o if o == at.pitch => surface.pitch = value,
        o if o == at.address_lo => surface.address.pending_lo = Some(value),
        o if o == at.address_hi => surface.address.set_hi(value),
        _ => {}
    }
}
