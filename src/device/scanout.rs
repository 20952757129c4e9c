//! Surfaces that the display shows: their registers, who owns the display, and reading their pixels (device.md §2.3, §8).

use aerogpu_protocol::{FORMAT_INVALID, Format};

use super::vram::DisplayMemory;
use crate::inspect::Picture;
use crate::limits;
use crate::memory::GuestMemory;
use crate::resources::raster_format;

/// A 64-bit address that two 32-bit registers hold, without tearing: what is written to LO counts once HI is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LatchedAddress {
    /// The address in effect.
    pub(crate) address: u64,
    /// What was written to LO since.
    pub(crate) pending_lo: Option<u32>,
}

impl LatchedAddress {
    pub(crate) fn lo(self) -> u32 {
        self.pending_lo.unwrap_or(self.address as u32)
    }

    pub(crate) fn hi(self) -> u32 {
        (self.address >> 32) as u32
    }

    pub(crate) fn set_hi(&mut self, hi: u32) {
        *self = Self { address: u64::from(hi) << 32 | u64::from(self.lo()), pending_lo: None };
    }
}

/// The registers of a surface that is shown: the scanout, or the cursor's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Surface {
    pub(crate) enabled: bool,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// A [`Format`], or 0.
    pub(crate) format: u32,
    pub(crate) pitch: u32,
    pub(crate) address: LatchedAddress,
}

impl Surface {
    /// `ENABLE`. Disabling forgets half an address.
    pub(crate) fn set_enabled(&mut self, enabled: bool) {
        if self.enabled && !enabled {
            self.address.pending_lo = None;
        }
        self.enabled = enabled;
    }

    /// `FORMAT`: what is no format reads back as none.
    pub(crate) fn set_format(&mut self, format: u32) {
        self.format = Format::from_u32(format).map_or(FORMAT_INVALID, Format::to_u32);
    }

    /// Where the pixels lie, if the registers make sense: enabled, a size, an address, a format that can be shown, rows that
    /// fit the pitch and the address space, and no more than `limit` bytes as RGBA. Touches no memory.
    fn layout(&self, limit: u64) -> Option<Layout> {
        let format = Format::from_u32(self.format).filter(|&format| is_shown(format))?;
        let texel = u64::from(format.bytes_per_block());
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        let row = width * texel;
        let last_row = (height.checked_sub(1)?).checked_mul(u64::from(self.pitch))?;
        let fits = self.address.address.checked_add(last_row)?.checked_add(row).is_some();
        let valid = self.enabled
            && width > 0
            && self.address.address != 0
            && u64::from(self.pitch) >= row
            && fits
            && width.checked_mul(height)?.checked_mul(4)? <= limit;
        valid.then_some(Layout { format, row: row as usize })
    }

    /// Its pixels, top row first. `None` when the registers do not make sense or the host has no memory.
    pub(crate) fn read(&self, memory: &DisplayMemory<'_>, limit: u64) -> Option<Picture> {
        let layout = self.layout(limit)?;
        let stride = self.width as usize * 4;
        let mut rgba = Vec::new();
        rgba.try_reserve_exact(stride * self.height as usize).ok()?;
        rgba.resize(stride * self.height as usize, 0);
        let mut texels = vec![0; layout.row];
        for (y, row) in rgba.chunks_exact_mut(stride).enumerate() {
            memory.read(self.address.address + y as u64 * u64::from(self.pitch), &mut texels);
            raster_format(layout.format).row_to_rgba8(&texels, row.as_chunks_mut().0);
        }
        Some(Picture { width: self.width, height: self.height, rgba })
    }

    /// Stores as much of `picture` as fits. False, and no memory touched, when the registers do not make sense.
    pub(crate) fn store(&self, picture: &Picture, memory: &mut dyn GuestMemory) -> bool {
        let Some(layout) = self.layout(limits::MAX_SCANOUT_BYTES) else { return false };
        let columns = self.width.min(picture.width) as usize;
        let texel = layout.format.bytes_per_block() as usize;
        let mut texels = vec![0; columns * texel];
        let rows = picture.rgba.chunks_exact(picture.width as usize * 4).take(self.height as usize);
        for (y, row) in rows.enumerate() {
            for (rgba, texel) in row.as_chunks().0.iter().zip(texels.chunks_exact_mut(texel)) {
                store_texel(layout.format, rgba, texel);
            }
            let address = self.address.address + y as u64 * u64::from(self.pitch);
            memory.write(address, &texels).ok();
        }
        true
    }

    /// Whether the cursor can have this format: 32 bits a pixel.
    pub(crate) fn is_cursor_format(&self) -> bool {
        Format::from_u32(self.format).is_some_and(|format| format.bytes_per_block() == 4)
    }

    /// Whether this is a scanout that takes the display over (device.md §8.4). Stricter than what can be read: the pitch
    /// must be whole pixels, and half an address is none.
    fn claims(&self) -> bool {
        let whole = |layout: Layout| self.pitch.is_multiple_of(layout.format.bytes_per_block());
        self.address.pending_lo.is_none() && self.layout(u64::MAX).is_some_and(whole)
    }
}

#[derive(Clone, Copy)]
struct Layout {
    format: Format,
    /// Bytes of a row.
    row: usize,
}

/// RGBA as a texel of a format that can be shown. Narrow channels lose their lower bits; unused alpha is 255.
fn store_texel(format: Format, &[r, g, b, a]: &[u8; 4], texel: &mut [u8]) {
    let a = if format.has_unused_alpha() { 255 } else { a };
    let narrow = |channel: u8, bits: u16, shift: u16| u16::from(channel) >> (8 - bits) << shift;
    match format.linear() {
        Format::B5G6R5Unorm => {
            let value = narrow(b, 5, 0) | narrow(g, 6, 5) | narrow(r, 5, 11);
            texel.copy_from_slice(&value.to_le_bytes());
        }
        Format::B5G5R5A1Unorm => {
            let value = narrow(b, 5, 0) | narrow(g, 5, 5) | narrow(r, 5, 10) | narrow(a, 1, 15);
            texel.copy_from_slice(&value.to_le_bytes());
        }
        Format::B8G8R8A8Unorm | Format::B8G8R8X8Unorm => texel.copy_from_slice(&[b, g, r, a]),
        _ => texel.copy_from_slice(&[r, g, b, a]),
    }
}

/// The formats 1 to 10: colour, not compressed.
fn is_shown(format: Format) -> bool {
    !format.is_depth() && !format.is_block_compressed()
}

/// Who drives the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScanoutSource {
    /// Text, VGA or VBE modes: the embedder's.
    #[default]
    Legacy,
    /// The guest's AeroGPU driver, from its first valid scanout to the next reset of the device.
    Wddm,
}

/// What scanout 0 shows, for displays that read guest memory themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanoutState {
    /// Who drives the display.
    pub source: ScanoutSource,
    /// Guest physical address of the first pixel; 0 when nothing is shown.
    pub address: u64,
    /// Pixels; 0 when nothing is shown.
    pub width: u32,
    /// Pixels; 0 when nothing is shown.
    pub height: u32,
    /// Bytes from row to row.
    pub pitch: u32,
    /// A [`Format`].
    pub format: u32,
}

impl ScanoutState {
    /// The driver owns the display and shows nothing.
    const DISABLED: Self = Self {
        source: ScanoutSource::Wddm,
        address: 0,
        width: 0,
        height: 0,
        pitch: 0,
        format: Format::B8G8R8X8Unorm.to_u32(),
    };
}

/// Scanout 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scanout {
    pub(crate) surface: Surface,
    /// What embedders are told; it waits while half an address is written.
    pub(crate) state: ScanoutState,
    /// `state` changed and nobody has taken it.
    pub(crate) changed: bool,
}

impl Scanout {
    /// After every write to a register: takes the display over once the surface is valid, and publishes what is shown.
    pub(crate) fn update(&mut self) {
        let surface = &self.surface;
        let claims = surface.claims();
        if surface.address.pending_lo.is_some() || !(self.owned() || claims) {
            return;
        }
        let state = if claims {
            ScanoutState {
                source: ScanoutSource::Wddm,
                address: surface.address.address,
                width: surface.width,
                height: surface.height,
                pitch: surface.pitch,
                format: surface.format,
            }
        } else {
            ScanoutState::DISABLED
        };
        self.changed |= state != self.state;
        self.state = state;
    }

    /// The driver has taken the display over.
    pub(crate) fn owned(&self) -> bool {
        self.state.source == ScanoutSource::Wddm
    }

    /// The picture in guest or video memory.
    pub(crate) fn read(&self, memory: &DisplayMemory<'_>) -> Option<Picture> {
        self.surface.read(memory, limits::MAX_SCANOUT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::super::vram::Vram;
    use super::*;
    use crate::memory::{NoMemory, SparseMemory};

    fn surface(format: u32, width: u32, height: u32, pitch: u32) -> Surface {
        let address = LatchedAddress { address: 0x1000, pending_lo: None };
        Surface { enabled: true, width, height, format, pitch, address }
    }

    fn read(surface: &Surface, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut guest = SparseMemory::new();
        guest.write(0x1000, bytes).unwrap();
        let memory = DisplayMemory { guest: &guest, vram: &Vram::new(0), bar1: 0 };
        surface.read(&memory, limits::MAX_SCANOUT_BYTES).map(|picture| picture.rgba)
    }

    #[test]
    fn every_format_gives_rgba() {
        let [b, g, r, a] = [1, 2, 3, 4];
        for (format, expected) in [
            (1, [r, g, b, a]),
            (2, [r, g, b, 255]),
            (3, [1, 2, 3, 4]),
            (4, [1, 2, 3, 255]),
            (7, [r, g, b, a]),
            (8, [r, g, b, 255]),
            (9, [1, 2, 3, 4]),
            (10, [1, 2, 3, 255]),
        ] {
            assert_eq!(read(&surface(format, 1, 1, 4), &[b, g, r, a]), Some(expected.to_vec()), "{format}");
        }
        // Directed numbers of device.md §20.1, and one value a field: red 21, green 21, blue 10; alpha 1, red 1, green 2, blue 4.
        assert_eq!(read(&surface(5, 1, 1, 2), &[0xFF, 0xFF]), Some(vec![255; 4]));
        assert_eq!(
            read(&surface(5, 1, 1, 2), &(21u16 << 11 | 21 << 5 | 10).to_le_bytes()),
            Some(vec![173, 85, 82, 255])
        );
        assert_eq!(read(&surface(6, 1, 1, 2), &[0xFF, 0x7F]), Some(vec![255, 255, 255, 0]));
        assert_eq!(
            read(&surface(6, 1, 1, 2), &(1u16 << 15 | 1 << 10 | 2 << 5 | 4).to_le_bytes()),
            Some(vec![8, 16, 33, 255])
        );
        for format in [0, 11, 32, 33, 64, 71, 99] {
            assert_eq!(read(&surface(format, 1, 1, 16), &[0; 16]), None, "{format}");
        }
    }

    #[test]
    fn rows_are_a_pitch_apart_and_missing_memory_reads_as_ones() {
        let mut bytes = vec![0; 2 * 7];
        bytes[7..].copy_from_slice(&[9, 8, 7, 6, 0, 0, 0]);
        assert_eq!(read(&surface(3, 1, 2, 7), &bytes), Some(vec![0, 0, 0, 0, 9, 8, 7, 6]));
        let memory = DisplayMemory { guest: &NoMemory, vram: &Vram::new(0), bar1: 0 };
        let picture = surface(3, 1, 1, 4).read(&memory, 4);
        assert_eq!(picture.map(|p| p.rgba), Some(vec![255; 4]));
    }

    #[test]
    fn nonsense_is_not_read() {
        struct Untouchable;
        impl GuestMemory for Untouchable {
            fn read(&self, _: u64, _: &mut [u8]) -> Result<(), crate::memory::MemoryError> {
                panic!("memory was touched")
            }
            fn write(&mut self, _: u64, _: &[u8]) -> Result<(), crate::memory::MemoryError> {
                panic!("memory was touched")
            }
        }
        let memory = DisplayMemory { guest: &Untouchable, vram: &Vram::new(0), bar1: 0 };
        let good = surface(1, 4, 4, 16);
        let at = |address| LatchedAddress { address, pending_lo: None };
        for bad in [
            Surface { enabled: false, ..good },
            Surface { width: 0, ..good },
            Surface { height: 0, ..good },
            Surface { pitch: 15, ..good },
            Surface { address: at(0), ..good },
            Surface { address: at(u64::MAX - 63), ..good },
            Surface { width: 16_385, height: 1024, pitch: 1 << 20, ..good },
            Surface { width: u32::MAX, height: u32::MAX, pitch: u32::MAX, ..good },
            Surface { width: 1 << 30, height: u32::MAX, pitch: u32::MAX, ..good },
        ] {
            assert_eq!(bad.read(&memory, limits::MAX_SCANOUT_BYTES), None, "{bad:?}");
        }
        let largest = Surface { width: 4096, height: 4096, pitch: 1 << 14, ..good };
        assert!(largest.layout(limits::MAX_SCANOUT_BYTES).is_some());
    }

    #[test]
    fn surfaces_in_video_memory_are_read_there() {
        let mut vram = Vram::new(1 << 26);
        vram.write(0x40_0000, 4, 0xFF01_0203);
        let memory = DisplayMemory { guest: &NoMemory, vram: &vram, bar1: 0xE000_0000 };
        let mut shown = surface(2, 1, 1, 4);
        shown.address.address = 0xE040_0000;
        assert_eq!(shown.read(&memory, 4).map(|p| p.rgba), Some(vec![1, 2, 3, 255]));
        shown.address.address = 0xE400_0000 - 2;
        assert_eq!(shown.read(&memory, 4).map(|p| p.rgba), Some(vec![255; 4]), "not wholly inside");
    }

    #[test]
    fn the_display_is_taken_over_once_and_for_all() {
        let mut scanout = Scanout { surface: surface(5, 3, 2, 8), ..Scanout::default() };
        for broken in [
            Surface { pitch: 9, ..scanout.surface },
            Surface { format: 64, ..scanout.surface },
            Surface { address: LatchedAddress { address: 1 << 32, pending_lo: Some(4) }, ..scanout.surface },
        ] {
            let mut scanout = Scanout { surface: broken, ..Scanout::default() };
            scanout.update();
            assert!(!scanout.owned() && !scanout.changed, "{broken:?}");
        }
        scanout.update();
        assert!(scanout.owned() && scanout.changed);
        assert_eq!((scanout.state.address, scanout.state.format, scanout.state.pitch), (0x1000, 5, 8));
        scanout.surface.address.pending_lo = Some(8);
        scanout.update();
        assert_eq!(scanout.state.address, 0x1000, "half an address is not shown");
        scanout.surface.set_enabled(false);
        scanout.update();
        assert_eq!(scanout.state, ScanoutState::DISABLED);
    }
}
