//! The scene's shaders, as the assembler takes them.

/// Pixel coordinates to clip space; texture coordinates and colour pass through.
pub const FLAT_VS: &str = "
.input POSITION 0 v0.xy float
.input TEXCOORD 0 v1.xy float
.input COLOR 0 v2.xyzw float
.output SV_Position 0 o0.xyzw float position
.output TEXCOORD 0 o1.xy float
.output COLOR 0 o2.xyzw float
vs_4_0
dcl_constantbuffer cb0[1], immediateIndexed
dcl_input v0.xy
dcl_input v1.xy
dcl_input v2.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xy
dcl_output o2.xyzw
mad o0.xy, v0.xyxx, cb0[0].xyxx, cb0[0].zwzz
mov o0.zw, l(0, 0, 0, 1.0)
mov o1.xy, v1.xyxx
mov o2.xyzw, v2.xyzw
ret
";

/// A texture times a colour.
pub const TEXTURED_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.input TEXCOORD 0 v1.xy float
.input COLOR 0 v2.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps linear v1.xy
dcl_input_ps linear v2.xyzw
dcl_output o0.xyzw
dcl_temps 1
sample r0.xyzw, v1.xyxx, t0.xyzw, s0
mul o0.xyzw, r0.xyzw, v2.xyzw
ret
";

/// A solid: rows of the transformation in cb0[0..4], rows of the rotation in cb0[4..7].
pub const SOLID_VS: &str = "
.input POSITION 0 v0.xyz float
.input NORMAL 0 v1.xyz float
.input TEXCOORD 0 v2.xy float
.output SV_Position 0 o0.xyzw float position
.output NORMAL 0 o1.xyz float
.output TEXCOORD 0 o2.xy float
vs_4_0
dcl_constantbuffer cb0[7], immediateIndexed
dcl_input v0.xyz
dcl_input v1.xyz
dcl_input v2.xy
dcl_output_siv o0.xyzw, position
dcl_output o1.xyz
dcl_output o2.xy
dcl_temps 1
mov r0.xyz, v0.xyzx
mov r0.w, l(1.0)
dp4 o0.x, r0.xyzw, cb0[0].xyzw
dp4 o0.y, r0.xyzw, cb0[1].xyzw
dp4 o0.z, r0.xyzw, cb0[2].xyzw
dp4 o0.w, r0.xyzw, cb0[3].xyzw
dp3 o1.x, v1.xyzx, cb0[4].xyzx
dp3 o1.y, v1.xyzx, cb0[5].xyzx
dp3 o1.z, v1.xyzx, cb0[6].xyzx
mov o2.xy, v2.xyxx
ret
";

/// Texture times light: a lamp over the left shoulder, and a highlight.
pub const SOLID_PS: &str = "
.input SV_Position 0 v0.xyzw float position
.input NORMAL 0 v1.xyz float
.input TEXCOORD 0 v2.xy float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_sampler s0, mode_default
dcl_resource_texture2d (float,float,float,float) t0
dcl_input_ps linear v1.xyz
dcl_input_ps linear v2.xy
dcl_output o0.xyzw
dcl_temps 2
dp3 r0.x, v1.xyzx, v1.xyzx
rsq r0.x, r0.x
mul r0.xyz, r0.xxxx, v1.xyzx
dp3_sat r0.w, r0.xyzx, l(-0.48, 0.64, -0.6, 0.0)
mul r1.x, r0.w, r0.w
mul r1.x, r1.x, r1.x
mul r1.x, r1.x, r1.x
mul r1.x, r1.x, l(0.6)
mad r0.w, r0.w, l(0.8), l(0.2)
mov r1.w, r1.x
sample r0.xyz, v2.xyxx, t0.xyzw, s0
mad_sat o0.xyz, r0.xyzx, r0.wwww, r1.wwww
mov o0.w, l(1.0)
ret
";
