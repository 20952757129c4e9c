//! Pictures in the page: PNG files as addresses, and what they are made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::ExtendedColorType;
use maud::{Markup, html};

use crate::results::{Difference, Pictures, png};

/// Expected, actual and their difference, and beside them alpha where it is not 1 throughout.
///
/// The pictures are opaque, since a browser would show other colours than those that are stored, and its script read others.
pub(super) fn figures(difference: &Difference, pictures: &Pictures) -> Markup {
    let Pictures { origin, width, height, expected, actual } = pictures;
    let (shown, greatest) = amplified(pictures);
    let size = (*width, *height);
    let color = |rgba: &[u8]| address(&opaque(rgba), size, ExtendedColorType::Rgb8);
    let alpha = |rgba: &[u8]| address(&alpha(rgba), size, ExtendedColorType::L8);
    let mut all = vec![
        ("expected", "expected".to_owned(), color(expected)),
        ("actual", "actual".to_owned(), color(actual)),
        ("difference", amplification(greatest), color(&shown)),
    ];
    let translucent = |rgba: &[u8]| rgba.as_chunks::<4>().0.iter().any(|pixel| pixel[3] != 255);
    if translucent(expected) || translucent(actual) {
        all.push(("expected-alpha", "expected, alpha".into(), alpha(expected)));
        all.push(("actual-alpha", "actual, alpha".into(), alpha(actual)));
    }
    // In hundredths of a percent of the picture: its left, its top, its width.
    let share = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole.max(1));
    let (x, y) = (difference.first.0.saturating_sub(origin.0), difference.first.1.saturating_sub(origin.1));
    let mark = (x < *width && y < *height).then(|| {
        let (left, top) = (share(x, *width), share(y, *height));
        let (w, h) = (share(1, *width), share(1, *height));
        format!("left:{left:.3}%;top:{top:.3}%;width:{w:.3}%;height:{h:.3}%")
    });
    html! {
        div.pictures data-x=(origin.0) data-y=(origin.1) data-first=(format!("{x},{y}")) {
            @for (kind, caption, address) in all {
                figure {
                    div.frame {
                        img data-kind=(kind) src=(address) width=(width) height=(height)
                            alt=(format!("{}, {caption}: {width} by {height} pixels", difference.place));
                        @if let Some(mark) = &mark { span.mark style=(mark) {} }
                    }
                    figcaption { (caption) }
                }
            }
        }
        @if *origin != (0, 0) || difference.compared > u64::from(*width) * u64::from(*height) {
            p.note { "Cut to " (width) " by " (height) " pixels from (" (origin.0) ", " (origin.1) ") on." }
        }
    }
}

fn amplification(greatest: u8) -> String {
    match greatest {
        0 => "difference: none in these 8 bits".to_owned(),
        255 => "difference".to_owned(),
        // The factor, in tenths.
        _ => {
            let tenths = 2550 / u32::from(greatest);
            let decimal = if tenths % 10 == 0 { String::new() } else { format!(".{}", tenths % 10) };
            format!("difference, {}{decimal} times", tenths / 10)
        }
    }
}

/// Where the pictures differ: black where they are the same, brighter the more a channel differs, full for the greatest
/// difference, which comes second. A difference in alpha shows in all channels.
fn amplified(pictures: &Pictures) -> (Vec<u8>, u8) {
    let pixels = || pictures.actual.as_chunks::<4>().0.iter().zip(pictures.expected.as_chunks::<4>().0);
    let distance = |(a, e): (&[u8; 4], &[u8; 4])| std::array::from_fn::<u8, 4, _>(|i| a[i].abs_diff(e[i]));
    let greatest = pixels().flat_map(distance).max().unwrap_or(0);
    let scale = |d: u8| (u32::from(d) * 255 / u32::from(greatest.max(1))) as u8;
    let pixel = |[r, g, b, a]: [u8; 4]| [scale(r.max(a)), scale(g.max(a)), scale(b.max(a)), 255];
    (pixels().map(distance).flat_map(pixel).collect(), greatest)
}

fn opaque(rgba: &[u8]) -> Vec<u8> {
    rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect()
}

fn alpha(rgba: &[u8]) -> Vec<u8> {
    rgba.as_chunks::<4>().0.iter().map(|pixel| pixel[3]).collect()
}

fn address(pixels: &[u8], size: (u32, u32), color: ExtendedColorType) -> String {
    format!("data:image/png;base64,{}", BASE64.encode(png(pixels, size, color)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_scaled_to_the_greatest() {
        let pictures = Pictures {
            origin: (0, 0),
            width: 3,
            height: 1,
            expected: vec![10, 20, 30, 255, 0, 0, 0, 255, 0, 0, 0, 255],
            actual: vec![10, 20, 30, 255, 20, 10, 0, 255, 0, 0, 0, 245],
        };
        let shown = [0, 0, 0, 255, 255, 127, 0, 255, 127, 127, 127, 255];
        assert_eq!(amplified(&pictures), (shown.into(), 20));
        assert_eq!(amplification(20), "difference, 12.7 times");
        assert_eq!(amplification(1), "difference, 255 times");
    }
}
