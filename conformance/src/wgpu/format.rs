//! The protocol's formats in WebGPU's.

use aerogpu::executor::Failure;
use aerogpu_protocol::Format;
use wgpu::TextureFormat;

/// The format that stores the same texels. X8 formats are stored with alpha, which is kept at one.
///
/// # Errors
/// 16-bit formats, which WebGPU does not have.
pub(super) fn texture_format(format: Format) -> Result<TextureFormat, Failure> {
    use Format as F;
    Ok(match format {
        F::B8G8R8A8Unorm | F::B8G8R8X8Unorm => TextureFormat::Bgra8Unorm,
        F::R8G8B8A8Unorm | F::R8G8B8X8Unorm => TextureFormat::Rgba8Unorm,
        F::B8G8R8A8UnormSrgb | F::B8G8R8X8UnormSrgb => TextureFormat::Bgra8UnormSrgb,
        F::R8G8B8A8UnormSrgb | F::R8G8B8X8UnormSrgb => TextureFormat::Rgba8UnormSrgb,
        F::D24UnormS8Uint => TextureFormat::Depth24PlusStencil8,
        F::D32Float => TextureFormat::Depth32Float,
        F::Bc1RgbaUnorm => TextureFormat::Bc1RgbaUnorm,
        F::Bc1RgbaUnormSrgb => TextureFormat::Bc1RgbaUnormSrgb,
        F::Bc2RgbaUnorm => TextureFormat::Bc2RgbaUnorm,
        F::Bc2RgbaUnormSrgb => TextureFormat::Bc2RgbaUnormSrgb,
        F::Bc3RgbaUnorm => TextureFormat::Bc3RgbaUnorm,
        F::Bc3RgbaUnormSrgb => TextureFormat::Bc3RgbaUnormSrgb,
        F::Bc7RgbaUnorm => TextureFormat::Bc7RgbaUnorm,
        F::Bc7RgbaUnormSrgb => TextureFormat::Bc7RgbaUnormSrgb,
        F::B5G6R5Unorm | F::B5G5R5A1Unorm => {
            return Err(Failure::Unsupported(format!("WebGPU has no format like {format}")));
        }
    })
}
