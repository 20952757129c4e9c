//! System values, and what pixel shaders may do: discard, depth, derivatives, flow.

use aerogpu_protocol::packets::*;

use super::rgba;
use crate::canvas::*;
use crate::rig::{GREEN, RED, shader};
use crate::scenes;

const FULL: [f32; 4] = [0.0, 0.0, 131.0, 67.0];

scenes! { Stream:
    // The pixel's centre, over 255: codes are coordinates, halves to even.
    position => |c| {
        c.shade(1, "", "
add r0.xy, v0.xyxx, l(-0.5, -0.5, 0, 0)
mul r0.xy, r0.xyxx, l(0.00392156886, 0.00392156886, 0, 0)
mov o0.xy, r0.xyxx
mov o0.zw, v0.zzzw");
        c.rectangle(FULL, 0.4, RED);
        for [x, y] in [[0, 0], [13, 7], [64, 64], [130, 66]] {
            c.expect([x, y], [x as u8, y as u8, 102, 255]);
        }
    };
    vertex_id => |c| ids(c, "mov o1.x, v2.x", "and r0.xyz, v1.xxxx, l(1, 2, 4, 0)");
    instance_id => |c| ids(c, "mov o1.x, v3.x", "and r0.xyz, v1.xxxx, l(1, 2, 4, 0)");
    primitive_id => |c| {
        c.shade_with(1, &pixel("constant", "", "and r0.xyz, v2.xxxx, l(1, 2, 4, 0)\nmovc o0.xyz, r0.xyzx, l(1.0, 1.0, 1.0, 0), l(0, 0, 0, 0)\nmov o0.w, l(1.0)")
            .replace(".output", ".input SV_PrimitiveID 0 v2.x uint primitive_id\n.output")
            .replace("dcl_output", "dcl_input_ps_sgv constant v2.x, primitive_id\ndcl_output"));
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        // The second triangle of a rectangle has number 1.
        c.rectangle([90.0, 50.0, 131.0, 67.0], 0.5, RED);
        c.expect([91, 51], [0, 0, 0, 255]);
        c.expect([130, 66], [255, 0, 0, 255]);
    };
    front_face => |c| {
        c.shade_with(1, &pixel("linear", "", "movc o0.xyzw, v2.xxxx, v1.xyzw, v1.zxyw")
            .replace(".output", ".input SV_IsFrontFace 0 v2.x uint is_front_face\n.output")
            .replace("dcl_output", "dcl_input_ps_sgv constant v2.x, is_front_face\ndcl_output"));
        c.mesh(PrimitiveTopology::TriangleList, &zigzag(24));
        let corners = [(100.0, 40.0), (100.0, 66.0), (200.0, 40.0)];
        c.mesh(PrimitiveTopology::TriangleList, &corners.map(|(x, y)| at(x, y, 0.5, RED)));
        c.expect([130, 41], rgba(GREEN));
    };
    coverage => |c| {
        c.shade_with(1, &pixel("linear", "dcl_input vCoverage", "utof r0.x, vCoverage.x\nmul o0, v1, r0.xxxx"));
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        c.rectangle([90.0, 50.0, 131.0, 67.0], 0.5, RED);
        c.expect([130, 66], rgba(RED));
    };
    sample_index => |c| {
        c.shade_with(1, &pixel("linear", "", "utof r0.x, v2.x\nadd o0, v1, r0.xxxx")
            .replace(".output", ".input SV_SampleIndex 0 v2.x uint sample_index\n.output")
            .replace("dcl_output", "dcl_input_ps_sgv constant v2.x, sampleIndex\ndcl_output"));
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        c.rectangle([90.0, 50.0, 131.0, 67.0], 0.5, RED);
        c.expect([130, 66], rgba(RED));
    };
    discard => |c| {
        c.shade(1, "", "ftoi r0.xy, v0.xyxx\nxor r0.x, r0.x, r0.y\nand r0.x, r0.x, l(4)\ndiscard_nz r0.x\nmov o0, v1");
        c.rectangle(FULL, 0.5, RED);
        c.expect([130, 2], rgba(RED)); // 130 ^ 2 = 128
        c.expect([130, 4], rgba(CLEAR)); // 130 ^ 4 = 134
    };
    discard_with_depth => |c| {
        c.depth(less());
        c.shade(1, "", "ftoi r0.xy, v0.xyxx\niadd r0.x, r0.x, r0.y\nand r0.x, r0.x, l(3)\ndiscard_z r0.x\nmov o0, v1");
        c.rectangle(FULL, 0.5, RED);
        c.bind_shaders(VS, SMOOTH);
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
        c.rectangle(FULL, 0.6, GREEN);
        c.textures.push((DEPTH, 0, 0));
        c.expect([130, 0], rgba(RED)); // 130 & 3 is not 0
        c.expect([130, 2], rgba(GREEN));
    };
    depth_output => |c| depth_output(c, "SV_Depth", "oDepth");
    depth_greater_equal => |c| depth_output(c, "SV_DepthGreaterEqual", "oDepthGE");
    depth_less_equal => |c| depth_output(c, "SV_DepthLessEqual", "oDepthLE");
    forced_early => |c| {
        c.depth(less());
        c.shade(1, "dcl_globalFlags forceEarlyDepthStencil", "ftoi r0.x, v0.x\nand r0.x, r0.x, l(1)\ndiscard_nz r0.x\nmov o0, v1");
        c.rectangle(FULL, 0.5, RED);
        c.bind_shaders(VS, SMOOTH);
        c.rectangle(FULL, 0.6, GREEN);
        c.textures.push((DEPTH, 0, 0));
        // What was discarded has its depth all the same.
        c.expect([130, 30], rgba(RED));
    };
    derivatives => |c| {
        c.shade(1, "", "
mul r0.x, v0.x, v0.y
deriv_rtx_coarse r1.x, r0.x
deriv_rty_fine r1.y, r0.x
deriv_rtx_fine r1.z, v1.x
deriv_rty_coarse r1.w, v1.y
mul r1, r1, l(0.01, 0.01, 10.0, 10.0)
mad o0, |r1|, l(1.0, 1.0, 1.0, 0), l(0, 0, 0, 1.0)");
        c.mesh(PrimitiveTopology::TriangleStrip, &zigzag(24));
    };
    // A loop whose length every pixel has of its own, with a switch, a break and a subroutine's worth of branches.
    divergent_flow => |c| {
        c.shade(1, "", "
ftoi r0.xy, v0.xyxx
and r0.z, r0.x, l(7)
mov r1, l(0, 0, 0, 1.0)
loop
breakc_z r0.z
and r0.w, r0.y, l(3)
switch r0.w
case l(0)
add r1.x, r1.x, l(0.1)
break
case l(1)
add r1.y, r1.y, l(0.125)
break
default
add r1.z, r1.z, v1.x
break
endswitch
lt r0.w, l(0.5), r1.x
if_nz r0.w
mov r1.y, l(1.0)
break
endif
iadd r0.z, r0.z, l(-1)
endloop
mov o0, r1");
        c.rectangle(FULL, 0.5, RED);
        c.expect([129, 1], [0, 32, 0, 255]); // one turn of 1/8: 31.875
        c.expect([131 - 3, 2], [0, 0, 0, 255]); // none
        c.expect([130, 66], [0, 0, 255, 255]); // two turns of red
    };
    transcendental => |c| {
        c.shade(1, "", "
mul r0, v0.xyxy, l(0.11, 0.07, 0.013, 0.029)
sincos r1.xy, null, r0.xyxx
rsq r1.z, r0.z
log r1.w, r0.w
exp r2.x, -r0.x
sqrt r2.y, r0.y
div r2.zw, r0.zzzw, r0.wwwz
add r1, r1, r2
mul o0, r1, l(0.3, 0.3, 0.3, 0.3)");
        c.rectangle(FULL, 0.5, RED);
    };
    indexable_registers => |c| {
        c.shade(1, "dcl_immediateConstantBuffer { { 1.0, 0, 0, 0 }, { 0, 1.0, 0, 0 }, { 0, 0, 1.0, 0 }, { 1.0, 1.0, 0, 0 } }\ndcl_indexableTemp x0[4], 4", "
ftoi r0.xy, v0.xyxx
and r0.xy, r0.xyxx, l(3, 3, 0, 0)
mov x0[0], l(0.2, 0, 0, 1.0)
mov x0[1], l(0, 0.2, 0, 1.0)
mov x0[2], l(0, 0, 0.2, 1.0)
mov x0[3], l(0.2, 0.2, 0, 1.0)
mov r1, x0[r0.x + 0]
add o0, r1, icb[r0.y + 0]");
        c.rectangle(FULL, 0.5, RED);
        c.expect([130, 0], [255, 0, 51, 255]);
        c.expect([129, 66], [0, 51, 255, 255]);
    };
    integers_and_doubles => |c| {
        c.shade(1, "", "
ftou r0.xy, v0.xyxx
umul null, r0.z, r0.x, l(2654435761)
imad r0.z, r0.y, l(40503), r0.z
ubfe r1.xyz, l(8, 8, 8, 0), l(8, 16, 24, 0), r0.zzzz
utof r1.xyz, r1.xyzx
mul r1.xyz, r1.xyzx, l(0.00392156886, 0.00392156886, 0.00392156886, 0)
countbits r0.w, r0.z
ftod r2.xy, r1.x
dmul r2.xy, r2.xyxy, d(0.5, 0.5)
dtof r2.z, r2.xyxy
utof r0.w, r0.w
mov o0.x, r2.z
mov o0.yz, r1.yyzy
mul o0.w, r0.w, l(0.03125)");
        c.rectangle(FULL, 0.5, RED);
    };
}

fn less() -> DepthStencilState {
    DepthStencilState {
        depth_enable: 1,
        depth_write_enable: 1,
        depth_func: CompareFunc::Less.to_u32(),
        ..Default::default()
    }
}

/// Colours by a number of vertices or instances; `v2` is the vertex, `v3` the instance.
fn ids(c: &mut Canvas, number: &str, bits: &str) {
    let text = format!(
        ".input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.input SV_VertexID 0 v2.x uint vertex_id
.input SV_InstanceID 0 v3.x uint instance_id
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw uint
vs_5_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_input_sgv v2.x, vertex_id
dcl_input_sgv v3.x, instance_id
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
dcl_temps 1
utof r0.x, v3.x
mul r0.x, r0.x, l(-0.2)
mov o0.xzw, v0.xxzw
add o0.y, v0.y, r0.x
mov o1.yzw, l(0, 0, 0, 0)
{number}
ret
"
    );
    c.create_shader_dxbc(2, ShaderStage::Vertex, &shader(&text));
    let body = format!("{bits}\nmovc o0.xyz, r0.xyzx, l(1.0, 1.0, 1.0, 0), l(0, 0, 0, 0)\nmov o0.w, l(1.0)");
    c.shade_with(1, &pixel("constant", "", &body).replace("COLOR 0 v1.xyzw float", "COLOR 0 v1.xyzw uint"));
    c.vertices(PrimitiveTopology::TriangleStrip, &zigzag(24));
    c.bind_shaders(2, 1);
    c.draw(Draw {
        vertex_count: 20,
        instance_count: 7,
        first_vertex: 3,
        first_instance: 2,
        ..Default::default()
    });
}

/// Waves of depth against a plane.
fn depth_output(c: &mut Canvas, semantic: &str, register: &str) {
    c.depth(less());
    c.rectangle([0.0, 0.0, 131.0, 40.0], 0.5, RED);
    let body = format!("mul r0.x, v0.x, l(0.0078125)\nfrc {register}, r0.x\nmov o0, v1");
    c.shade_with(
        1,
        &pixel("linear", &format!("dcl_output {register}"), &body)
            .replace("ps_5_0", &format!(".output {semantic} 0 none.x float\nps_5_0")),
    );
    c.rectangle(FULL, 0.3, GREEN);
    c.textures.push((DEPTH, 0, 0));
    // 130.5 / 128 is less than 0.5 beyond a whole; 100.5 / 128 is not.
    c.expect([130, 10], rgba(GREEN));
    c.expect([100, 10], rgba(RED));
    c.expect([100, 50], rgba(GREEN));
}
