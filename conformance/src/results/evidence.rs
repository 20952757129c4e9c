//! What a record shows of a failure: numbers and pictures.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::case::Tolerance;
use crate::compare::{Bin, ImageDifference};

/// How something that a case left behind differs from what it expects.
///
/// A value that is no finite number is `null` in JSON. What is compared byte by byte is one row of pixels with one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What is compared: `texture 7`, `buffer 3 from byte 0`.
    pub place: String,
    /// Column and row of the first pixel that differs by more than the tolerance.
    pub first: (u32, u32),
    /// Names of the channels.
    pub channels: Vec<String>,
    /// The channels that it should have: steps of 255, or depth.
    pub expected: Vec<Option<f64>>,
    /// The channels that it has.
    pub actual: Vec<Option<f64>>,
    /// The greatest difference in a channel of any pixel.
    pub greatest: Option<f64>,
    /// How many pixels differ by more than the tolerance.
    pub differing: u64,
    /// How many pixels were compared.
    pub compared: u64,
    /// What the case allows.
    pub tolerance: Tolerance,
    /// How many pixels differ by how much, whatever is allowed; those that are equal are left out.
    pub histogram: Vec<Bin>,
    /// What it looks like, when it can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Pictures>,
}

impl Difference {
    /// What a comparison found.
    pub fn new(place: String, channels: Vec<String>, found: &ImageDifference, tolerance: Tolerance) -> Self {
        let finite = |&value: &f64| value.is_finite().then_some(value);
        Self {
            place,
            channels,
            first: found.first,
            expected: found.expected.iter().map(finite).collect(),
            actual: found.actual.iter().map(finite).collect(),
            greatest: finite(&found.greatest),
            differing: found.pixels,
            compared: found.compared,
            tolerance,
            histogram: found.histogram.clone(),
            pictures: None,
        }
    }
}

/// A picture and what it should be: RGBA bytes. In JSON, PNG files in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
pub struct Pictures {
    /// Column and row of their first pixel: large ones are cut to what is near the first difference.
    pub origin: (u32, u32),
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// What was expected.
    pub expected: Vec<u8>,
    /// What there is.
    pub actual: Vec<u8>,
}

/// Pixels of an edge beyond which pictures are cut.
pub const MAX_EDGE: u32 = 1024;

impl Pictures {
    /// Pictures of `width` times `height` pixels, cut to what is near the pixel at `first`.
    pub fn new(
        (width, height): (u32, u32),
        (expected, actual): (Vec<u8>, Vec<u8>),
        first: (u32, u32),
    ) -> Self {
        let begin = |size: u32, at: u32| at.saturating_sub(MAX_EDGE / 2).min(size.saturating_sub(MAX_EDGE));
        let (x, y) = (begin(width, first.0), begin(height, first.1));
        let (w, h) = (width.min(MAX_EDGE), height.min(MAX_EDGE));
        let cut = |rgba: Vec<u8>| -> Vec<u8> {
            let rows = rgba.chunks_exact(width.max(1) as usize * 4).skip(y as usize).take(h as usize);
            rows.flat_map(|row| &row[x as usize * 4..][..w as usize * 4]).copied().collect()
        };
        Self { origin: (x, y), width: w, height: h, expected: cut(expected), actual: cut(actual) }
    }
}

/// [`Pictures`] as JSON has them.
#[derive(Serialize, Deserialize)]
struct Encoded {
    origin: (u32, u32),
    expected: String,
    actual: String,
}

impl From<Pictures> for Encoded {
    fn from(pictures: Pictures) -> Self {
        let size = (pictures.width, pictures.height);
        let encode = |rgba: &[u8]| BASE64.encode(png(rgba, size, ExtendedColorType::Rgba8));
        Self {
            origin: pictures.origin,
            expected: encode(&pictures.expected),
            actual: encode(&pictures.actual),
        }
    }
}

/// Why pictures in JSON are none.
#[derive(Debug, thiserror::Error)]
enum PictureError {
    #[error("a picture is no base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("a picture is no PNG file: {0}")]
    Png(#[from] ImageError),
    #[error("the pictures of a difference have different sizes")]
    Sizes,
}

impl TryFrom<Encoded> for Pictures {
    type Error = PictureError;

    fn try_from(encoded: Encoded) -> Result<Self, PictureError> {
        let decode = |text: &str| -> Result<_, PictureError> {
            let mut reader = ImageReader::with_format(Cursor::new(BASE64.decode(text)?), ImageFormat::Png);
            let mut limits = Limits::default();
            (limits.max_image_width, limits.max_image_height) = (Some(MAX_EDGE), Some(MAX_EDGE));
            reader.limits(limits);
            Ok(reader.decode()?.into_rgba8())
        };
        let (expected, actual) = (decode(&encoded.expected)?, decode(&encoded.actual)?);
        if expected.dimensions() != actual.dimensions() {
            return Err(PictureError::Sizes);
        }
        let (width, height) = expected.dimensions();
        let (expected, actual) = (expected.into_raw(), actual.into_raw());
        Ok(Self { origin: encoded.origin, width, height, expected, actual })
    }
}

/// A PNG file. Encoding into memory cannot fail for pixels that match the size; nothing comes of those that do not.
pub(crate) fn png(pixels: &[u8], (width, height): (u32, u32), color: ExtendedColorType) -> Vec<u8> {
    let mut file = Vec::new();
    if u64::from(width) * u64::from(height) * u64::from(color.bits_per_pixel() / 8) == pixels.len() as u64 {
        let _ = PngEncoder::new(&mut file).write_image(pixels, width, height, color);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_survive_json() {
        let pictures = Pictures::new((2, 1), (vec![1, 2, 3, 4, 5, 6, 7, 8], vec![0; 8]), (1, 0));
        let json = serde_json::to_string(&pictures).expect("serialises");
        assert_eq!(serde_json::from_str::<Pictures>(&json).expect("reads"), pictures);
        for wrong in [json.replacen("iV", "?V", 1), json.replacen("iV", "iW", 1)] {
            assert!(serde_json::from_str::<Pictures>(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn large_pictures_are_cut_around_the_first_difference() {
        let (width, height) = (3000, 2);
        let pixel = |x: u32| [(x % 256) as u8, (x / 256) as u8, 0, 255];
        let rgba: Vec<u8> = (0..height).flat_map(|_| (0..width).flat_map(pixel)).collect();
        for (first, begin) in [(0, 0), (600, 88), (1500, 988), (2999, 1976)] {
            let cut = Pictures::new((width, height), (rgba.clone(), rgba.clone()), (first, 1));
            assert_eq!((cut.origin, cut.width, cut.height), ((begin, 0), MAX_EDGE, 2));
            assert_eq!(cut.actual.len(), 1024 * 2 * 4);
            assert_eq!(cut.actual[..4], pixel(begin));
        }
    }
}
