//! Shaders for streams that draw without any.
//!
//! The first AeroGPU host had a fixed pipeline: vertices of a two-float position in clip space and a four-float colour,
//! drawn as they are. A few recorded traces rely on it.

use std::sync::{Arc, LazyLock};

use aerogpu_dxbc::assembler;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::{InputLayoutElementDxgi, ShaderStage};

use super::layout::InputLayout;
use super::shader::{Shader, ShaderError};
use crate::executor::Failure;

const VERTEX: &str = "
.input POSITION 0 v0.xy float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_4_0
dcl_input v0.xy
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
mov o0.xy, v0.xyxx
mov o0.zw, l(0, 0, 0.0, 1.0)
mov o1.xyzw, v1.xyzw
ret
";

const PIXEL: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps linear v1.xyzw
dcl_output o0.xyzw
mov o0.xyzw, v1.xyzw
ret
";

/// POSITION as R32G32_FLOAT at 0, COLOR as R32G32B32A32_FLOAT behind it, both in slot 0.
fn layout() -> Vec<u8> {
    const R32G32_FLOAT: u32 = 16;
    const R32G32B32A32_FLOAT: u32 = 2;
    let element = |name, dxgi_format, aligned_byte_offset| InputLayoutElementDxgi {
        semantic_name_hash: semantic_name_hash(name),
        dxgi_format,
        aligned_byte_offset,
        ..Default::default()
    };
    write_ilay(&[element("POSITION", R32G32_FLOAT, 0), element("COLOR", R32G32B32A32_FLOAT, 8)])
}

type StandIn = (Arc<Shader>, Arc<Shader>, Arc<InputLayout>);

/// The vertex shader, the pixel shader and the input layout.
pub fn shaders() -> Result<StandIn, Failure> {
    static SHADERS: LazyLock<Result<StandIn, String>> = LazyLock::new(|| {
        let shader = |stage, text| -> Result<Arc<Shader>, String> {
            let assembled = assembler::assemble(text).map_err(|e| e.to_string())?;
            let shader = Shader::new(stage, &assembled.to_dxbc()).map_err(|e: ShaderError| e.to_string())?;
            Ok(Arc::new(shader))
        };
        let layout = Arc::new(InputLayout::parse(&layout()).map_err(|e| e.to_string())?);
        Ok((shader(ShaderStage::Vertex, VERTEX)?, shader(ShaderStage::Pixel, PIXEL)?, layout))
    });
    SHADERS.clone().map_err(Failure::Unsupported)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_stand_in_is_valid() {
        super::shaders().expect("assembles and validates");
    }
}
