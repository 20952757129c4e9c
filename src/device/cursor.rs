//! The hardware cursor: registers, and composition over a picture (device.md §8.3).

use super::scanout::Surface;
use super::vram::DisplayMemory;
use crate::inspect::Picture;
use crate::limits;

/// The cursor's registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    pub(crate) surface: Surface,
    /// Where the hot spot is on the picture.
    pub(crate) x: i32,
    pub(crate) y: i32,
    /// Where the hot spot is in the shape.
    pub(crate) hot_x: u32,
    pub(crate) hot_y: u32,
}

/// The cursor, for displays that draw it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CursorState {
    /// It is shown.
    pub enabled: bool,
    /// Where the hot spot is on the picture.
    pub position: [i32; 2],
    /// Where the hot spot is in the shape.
    pub hot_spot: [u32; 2],
    /// Size in pixels.
    pub size: [u32; 2],
    /// Guest physical address of the shape.
    pub address: u64,
    /// Bytes from row to row.
    pub pitch: u32,
    /// A [`Format`](aerogpu_protocol::Format) of 32 bits a pixel.
    pub format: u32,
}

impl Cursor {
    /// What embedders are told. Half an address is not.
    pub(crate) fn state(&self) -> CursorState {
        let surface = &self.surface;
        CursorState {
            enabled: surface.enabled,
            position: [self.x, self.y],
            hot_spot: [self.hot_x, self.hot_y],
            size: [surface.width, surface.height],
            address: surface.address.address,
            pitch: surface.pitch,
            format: surface.format,
        }
    }

    /// Draws the cursor over `picture`. One whose registers make no sense is left out.
    pub(crate) fn compose(&self, memory: &DisplayMemory<'_>, picture: &mut Picture) {
        if !self.surface.is_cursor_format() {
            return;
        }
        if let Some(shape) = self.surface.read(memory, limits::MAX_CURSOR_BYTES) {
            let left = i64::from(self.x) - i64::from(self.hot_x);
            let top = i64::from(self.y) - i64::from(self.hot_y);
            draw_over(&shape, left, top, picture);
        }
    }
}

/// Blends `shape` over `picture`, its corner at `left`, `top`; what lies outside is cut off.
fn draw_over(shape: &Picture, left: i64, top: i64, picture: &mut Picture) {
    for (y, row) in shape.rgba.chunks_exact(shape.width as usize * 4).enumerate() {
        let Some(y) = inside(top + y as i64, picture.height) else { continue };
        for (x, source) in row.as_chunks().0.iter().enumerate() {
            let Some(x) = inside(left + x as i64, picture.width) else { continue };
            let at = (y * picture.width as usize + x) * 4;
            if let Some(target) = picture.rgba[at..].first_chunk_mut() {
                blend(source, target);
            }
        }
    }
}

fn inside(at: i64, size: u32) -> Option<usize> {
    usize::try_from(at).ok().filter(|&at| at < size as usize)
}

/// Straight alpha, rounded to nearest; what was blended is opaque.
fn blend(source: &[u8; 4], target: &mut [u8; 4]) {
    match source[3] {
        0 => {}
        255 => *target = *source,
        alpha => {
            let alpha = u32::from(alpha);
            for (t, &s) in target.iter_mut().zip(&source[..3]) {
                *t = ((u32::from(s) * alpha + u32::from(*t) * (255 - alpha) + 127) / 255) as u8;
            }
            target[3] = 255;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, pixel: [u8; 4]) -> Picture {
        Picture { width, height, rgba: pixel.repeat((width * height) as usize) }
    }

    #[test]
    fn alpha_is_straight_and_the_result_opaque() {
        let over = |source: [u8; 4], target: [u8; 4]| {
            let mut result = target;
            blend(&source, &mut result);
            result
        };
        assert_eq!(over([255, 255, 255, 128], [0, 0, 0, 0]), [128, 128, 128, 255]);
        assert_eq!(over([9, 9, 9, 0], [1, 2, 3, 4]), [1, 2, 3, 4]);
        assert_eq!(over([9, 8, 7, 255], [1, 2, 3, 4]), [9, 8, 7, 255]);
        // (200 * 1 + 100 * 254 + 127) / 255 = 25727 / 255 = 100.89
        assert_eq!(over([200, 0, 255, 1], [100, 100, 100, 9]), [100, 100, 101, 255]);
    }

    #[test]
    fn the_cursor_is_cut_off_on_every_side() {
        let shape = picture(2, 2, [255, 0, 0, 255]);
        for (left, top, covered) in [
            (0, 0, vec![0, 1, 3, 4]),
            (-1, -1, vec![0]),
            (2, 2, vec![8]),
            (2, -1, vec![2]),
            (-2, 0, vec![]),
            (3, 0, vec![]),
            (i64::from(i32::MIN) - i64::from(u32::MAX), 0, vec![]),
        ] {
            let mut target = picture(3, 3, [0; 4]);
            draw_over(&shape, left, top, &mut target);
            let red: Vec<_> = (0..9).filter(|&i| target.rgba[i * 4] == 255).collect();
            assert_eq!(red, covered, "{left}, {top}");
        }
    }
}
