//! Comparing what is with what should be: where they differ first, by how much, and how often.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::case::Tolerance;

/// What one channel of a pixel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A byte.
    U8,
    /// A little-endian `f32`.
    F32,
}

/// A rectangle of pixels, or of anything else that comes in rows: texels as they are stored, compressed blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes of a pixel, all channels.
    pub pixel_bytes: u32,
    /// What its channels are.
    pub channel: Channel,
    /// Rows without padding, top row first.
    pub bytes: Vec<u8>,
}

/// How two images differ.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDifference {
    /// Column and row of the first pixel that differs by more than the tolerance.
    pub first: (u32, u32),
    /// Its channels.
    pub actual: Vec<f64>,
    /// The channels that were expected.
    pub expected: Vec<f64>,
    /// The greatest difference in a channel of any pixel.
    pub greatest: f64,
    /// How many pixels differ by more than the tolerance.
    pub pixels: u64,
    /// How many pixels there are.
    pub compared: u64,
    /// How many pixels differ by how much, whatever the tolerance.
    pub histogram: Vec<Bin>,
}

/// A bar of a histogram of differences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The greatest difference that it holds; the one before has its own. `None` for what is beyond all, and for NaN.
    pub up_to: Option<f64>,
    /// How many pixels there are in it.
    pub pixels: u64,
}

impl fmt::Display for ImageDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first: (x, y), actual, expected, greatest, pixels, .. } = self;
        let s = if *pixels == 1 { " differs" } else { "s differ" };
        let (actual, expected) = (list(actual), list(expected));
        write!(f, "pixel ({x},{y}) is {actual}, expected {expected}; ")?;
        write!(f, "greatest difference {greatest}, {pixels} pixel{s}")
    }
}

/// Channels with as many digits as they need: `[255, 0, 127]`.
fn list(channels: &[f64]) -> String {
    let words: Vec<String> = channels.iter().map(f64::to_string).collect();
    format!("[{}]", words.join(", "))
}

impl Channel {
    fn values(self, pixel: &[u8]) -> Vec<f64> {
        match self {
            Self::U8 => pixel.iter().map(|&byte| f64::from(byte)).collect(),
            Self::F32 => {
                let words = pixel.as_chunks::<4>().0.iter();
                words.map(|&word| f64::from(f32::from_le_bytes(word))).collect()
            }
        }
    }

    /// Up to where the bars of a histogram reach.
    fn bins(self) -> &'static [f64] {
        match self {
            Self::U8 => &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 255.0],
            Self::F32 => &[1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0],
        }
    }

    /// How many of these distances are in each bin; 0 is in none.
    fn histogram(self, distances: impl Iterator<Item = f64>) -> Vec<Bin> {
        let limits = self.bins().iter().map(|&limit| Some(limit)).chain([None]);
        let mut bins: Vec<Bin> = limits.map(|up_to| Bin { up_to, pixels: 0 }).collect();
        for distance in distances.filter(|&d| d != 0.0) {
            let found = bins.iter_mut().find(|bin| bin.up_to.is_none_or(|limit| distance <= limit));
            found.into_iter().for_each(|bin| bin.pixels += 1);
        }
        // Bytes are at most 255 apart.
        bins.truncate(if self == Self::U8 { bins.len() - 1 } else { bins.len() });
        bins
    }

    /// The greatest difference in a channel; infinite when one is NaN.
    fn distance(self, actual: &[u8], expected: &[u8]) -> f64 {
        if actual == expected {
            return 0.0;
        }
        let (actual, expected) = (self.values(actual), self.values(expected));
        actual.iter().zip(&expected).fold(0.0, |greatest, (a, e)| {
            let d = if a.is_nan() || e.is_nan() { f64::INFINITY } else { (a - e).abs() };
            if d > greatest { d } else { greatest }
        })
    }
}

/// Compares images of the same shape. `None` when at most `tolerance.pixels` pixels differ by more than
/// `tolerance.channel`.
pub fn images(actual: &Image, expected: &Image, tolerance: Tolerance) -> Option<ImageDifference> {
    let size = expected.pixel_bytes as usize;
    let pairs = || actual.bytes.chunks_exact(size).zip(expected.bytes.chunks_exact(size));
    let distance = |(a, e): (&[u8], &[u8])| expected.channel.distance(a, e);
    let exceeds = |&d: &f64| d > tolerance.channel;
    let pixels = pairs().map(distance).filter(exceeds).count() as u64;
    if pixels <= tolerance.pixels {
        return None;
    }
    let (index, (a, e)) = pairs().enumerate().find(|&(_, pair)| exceeds(&distance(pair)))?;
    let greatest = pairs().map(distance).fold(0.0, |most, d| if d > most { d } else { most });
    Some(ImageDifference {
        first: (index as u32 % expected.width, index as u32 / expected.width),
        actual: expected.channel.values(a),
        expected: expected.channel.values(e),
        greatest,
        pixels,
        compared: pairs().count() as u64,
        histogram: expected.channel.histogram(pairs().map(distance)),
    })
}

/// How two runs of bytes of the same length differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteDifference {
    /// Position of the first byte that differs.
    pub first: usize,
    /// What it is.
    pub actual: u8,
    /// What was expected.
    pub expected: u8,
    /// How many bytes differ.
    pub bytes: usize,
}

impl fmt::Display for ByteDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, actual, expected, bytes } = self;
        let s = if *bytes == 1 { " differs" } else { "s differ" };
        write!(f, "byte {first} is {actual:#04x}, expected {expected:#04x}; {bytes} byte{s}")
    }
}

/// Compares bytes exactly. `None` when they are the same.
pub fn bytes(actual: &[u8], expected: &[u8]) -> Option<ByteDifference> {
    let mut differing = actual.iter().zip(expected).enumerate().filter(|(_, (a, e))| a != e);
    let (first, (&actual, &expected)) = differing.next()?;
    Some(ByteDifference { first, actual, expected, bytes: 1 + differing.count() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rgba(width: u32, pixels: &[[u8; 4]]) -> Image {
        let height = pixels.len() as u32 / width;
        Image { width, height, pixel_bytes: 4, channel: Channel::U8, bytes: pixels.concat() }
    }

    fn tolerance(channel: f64, pixels: u64) -> Tolerance {
        Tolerance { channel, pixels }
    }

    #[test]
    fn the_first_pixel_the_greatest_difference_and_the_count() {
        let expected = rgba(2, &[[10; 4], [20; 4], [30; 4], [40; 4]]);
        let actual = rgba(2, &[[10; 4], [20; 4], [30, 30, 27, 30], [0, 40, 41, 40]]);
        let difference = images(&actual, &expected, tolerance(0.0, 0)).expect("they differ");
        assert_eq!((difference.first, difference.greatest, difference.pixels), ((0, 1), 40.0, 2));
        assert_eq!(
            difference.to_string(),
            "pixel (0,1) is [30, 30, 27, 30], expected [30, 30, 30, 30]; \
             greatest difference 40, 2 pixels differ"
        );
    }

    #[test]
    fn the_histogram_counts_what_differs_at_all() {
        let expected = rgba(3, &[[0; 4]; 6]);
        let actual = rgba(3, &[[0; 4], [1; 4], [0, 2, 0, 0], [3, 0, 0, 0], [4; 4], [0, 0, 255, 1]]);
        let difference = images(&actual, &expected, tolerance(3.0, 0)).expect("they differ");
        let counts: Vec<u64> = difference.histogram.iter().map(|bin| bin.pixels).collect();
        assert_eq!((counts, difference.compared), (vec![1, 1, 2, 0, 0, 0, 0, 0, 1], 6));
        let bins = Channel::F32.histogram([0.0, 1e-7, 0.5, 2.0, f64::INFINITY].into_iter());
        let counts: Vec<u64> = bins.iter().map(|bin| bin.pixels).collect();
        assert_eq!((counts, bins[8].up_to), (vec![1, 0, 0, 0, 0, 0, 0, 1, 2], None));
    }

    #[test]
    fn both_tolerances_are_inclusive() {
        let expected = rgba(2, &[[10; 4], [20; 4]]);
        let actual = rgba(2, &[[12, 10, 10, 10], [20, 20, 20, 17]]);
        assert_eq!(images(&actual, &expected, tolerance(3.0, 0)), None);
        assert_eq!(images(&actual, &expected, tolerance(0.0, 2)), None);
        let beyond = images(&actual, &expected, tolerance(2.0, 0)).expect("one pixel differs by 3");
        assert_eq!((beyond.first, beyond.pixels), ((1, 0), 1));
        assert!(images(&actual, &expected, tolerance(1.0, 1)).is_some());
    }

    #[test]
    fn depth_differs_in_depth_and_nan_only_equals_itself() {
        let depth = |values: &[f32]| Image {
            width: 3,
            height: 1,
            pixel_bytes: 4,
            channel: Channel::F32,
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        };
        let expected = depth(&[0.5, 1.0, f32::NAN]);
        assert_eq!(images(&depth(&[0.5, 0.75, f32::NAN]), &expected, tolerance(0.25, 0)), None);
        let difference =
            images(&depth(&[0.5, 1.0, 0.0]), &expected, tolerance(1e9, 0)).expect("NaN is not 0");
        assert_eq!((difference.first, difference.greatest), ((2, 0), f64::INFINITY));
    }

    #[test]
    fn bytes_are_compared_exactly() {
        assert_eq!(bytes(&[1, 2, 3], &[1, 2, 3]), None);
        let difference = bytes(&[1, 0, 3, 255], &[1, 2, 3, 4]).expect("they differ");
        assert_eq!(difference, ByteDifference { first: 1, actual: 0, expected: 2, bytes: 2 });
        assert_eq!(difference.to_string(), "byte 1 is 0x00, expected 0x02; 2 bytes differ");
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_found_where_it_is(
            (width, height, at) in (1u32..9, 1u32..9).prop_flat_map(|(w, h)| (Just(w), Just(h), 0..w * h * 4)),
            by in 1u8..=255,
        ) {
            let bytes = (0..width * height * 4).map(|i| (i * 37) as u8).collect();
            let expected = Image { width, height, pixel_bytes: 4, channel: Channel::U8, bytes };
            let mut actual = expected.clone();
            prop_assert_eq!(images(&actual, &expected, tolerance(0.0, 0)), None);
            let byte = &mut actual.bytes[at as usize];
            let distance = byte.abs_diff(byte.wrapping_add(by));
            *byte = byte.wrapping_add(by);
            let difference = images(&actual, &expected, tolerance(0.0, 0)).expect("a byte differs");
            prop_assert_eq!(difference.first, (at / 4 % width, at / 4 / width));
            prop_assert_eq!((difference.greatest, difference.pixels), (f64::from(distance), 1));
            prop_assert_eq!(images(&actual, &expected, tolerance(f64::from(distance), 0)), None);
            prop_assert_eq!(images(&actual, &expected, tolerance(0.0, 1)), None);
        }
    }
}
