//! The desktop's shaders, shader model 2.

/// Whole numbers of eighths of a pixel to clip space: c0 scales and moves them there, c1 to coordinates of the screen's texture.
/// Of a shape, t0 is the place from its middle in pixels and t1 its half width, half height, radius and softness; of a
/// picture, t0 is the texel.
pub const FLAT_VS: &str = "
vs_2_0
def c4, 0.125, 0.0, 1.0, 0.0
dcl_position v0
dcl_texcoord v1
dcl_texcoord1 v2
dcl_color v3
mad oPos.xy, v0, c0, c0.zwzw
mov oPos.zw, c4.yyyz
mul oT0, v1, c4.x
mul oT1, v2, c4.x
mad oT2, v0.xyyy, c1.xyyy, c1.zwww
mov oD0, v3
";

/// What [`SHAPE_PS`] and [`GLASS_PS`] begin with: r0.x is the distance to the edge of a rectangle with round corners in pixels,
/// negative inside; r0.y covers the pixel with soft edges.
macro_rules! rounded {
    ($declarations:literal, $rest:literal) => {
        concat!(
            "ps_2_0\ndef c4, 0.5, 0.0, 1.0, 2.0\ndef c5, -2.0, 3.0, 1.5, 0.0\ndcl v0\ndcl t0.xy\ndcl t1\n",
            $declarations,
            "
abs r0.xy, t0
sub r0.xy, r0, t1
add r0.xy, r0, t1.z
max r1.xy, r0, c4.y
dp2add r1.x, r1, r1, c4.y
rsq r1.y, r1.x
mul r1.x, r1.x, r1.y
max r0.x, r0.x, r0.y
min r0.x, r0.x, c4.y
add r0.x, r0.x, r1.x
sub r0.x, r0.x, t1.z
rcp r0.y, t1.w
mad_sat r0.y, r0.x, -r0.y, c4.x
mad r0.z, r0.y, c5.x, c5.y
mul r0.y, r0.y, r0.y
mul r0.y, r0.y, r0.z
",
            $rest
        )
    };
}

/// A rectangle with round corners and soft edges: buttons, icons, lights and shadows.
pub const SHAPE_PS: &str = rounded!(
    "",
    "
mov r1, v0
mul r1.w, r1.w, r0.y
mov oC0, r1
"
);

/// Glass: what lies behind it, blurred (s0), tinted as strongly as alpha says, with streaks of light that stay where they
/// are on the screen, a sheen from above, and an edge of a light line in a dark one.
pub const GLASS_PS: &str = rounded!(
    "dcl t2.xy\ndcl_2d s0\ndef c6, 2.6, 1.1, 0.15, 0.0\ndef c7, 0.16, 0.55, 0.62, 0.28\ndef c8, 0.03, 0.05, 0.08, 1.0\n",
    "
texld r2, t2, s0
lrp r2.xyz, v0.w, v0, r2
dp2add r3.x, t2, c6, c6.z
frc r3.x, r3.x
mad r3.x, r3.x, c4.w, -c4.z
abs r3.x, r3.x
mad_sat r3.x, r3.x, c4.w, -c4.x
mad r3.y, r3.x, c5.x, c5.y
mul r3.x, r3.x, r3.x
mul r3.x, r3.x, r3.y
rcp r3.z, t1.y
mul r3.z, r3.z, t0.y
mad_sat r3.z, r3.z, -c4.x, c4.x
mul r3.z, r3.z, r3.z
mul r3.z, r3.z, c7.w
mad r3.x, r3.x, c7.x, r3.z
lrp r2.xyz, r3.x, c4.z, r2
add r3.x, r0.x, c5.z
abs r3.x, r3.x
sub_sat r3.x, c4.z, r3.x
mul r3.x, r3.x, c7.y
lrp r2.xyz, r3.x, c4.z, r2
add r3.x, r0.x, c4.x
abs r3.x, r3.x
sub_sat r3.x, c4.z, r3.x
mul r3.x, r3.x, c7.z
lrp r2.xyz, r3.x, c8, r2
mov r2.w, r0.y
mov oC0, r2
"
);

/// A picture times a colour; c0 is the size of a texel.
pub const PICTURE_PS: &str = "
ps_2_0
dcl v0
dcl t0.xy
dcl_2d s0
mul r0.xy, t0, c0
texld r0, r0, s0
mul r0, r0, v0
mov oC0, r0
";

/// The whole of a target; five coordinates around each pixel, c0 to c4 away.
pub const TAPS_VS: &str = "
vs_2_0
dcl_position v0
dcl_texcoord v1
mov oPos, v0
add oT0, v1, c0
add oT1, v1, c1
add oT2, v1, c2
add oT3, v1, c3
add oT4, v1, c4
";

/// Five texels, weighted by c0 to c2: two pairs and the middle.
pub const TAPS_PS: &str = "
ps_2_0
dcl t0.xy
dcl t1.xy
dcl t2.xy
dcl t3.xy
dcl t4.xy
dcl_2d s0
texld r0, t0, s0
texld r1, t1, s0
texld r2, t2, s0
texld r3, t3, s0
texld r4, t4, s0
add r1, r1, r2
add r3, r3, r4
mul r0, r0, c0
mad r0, r1, c1, r0
mad r0, r3, c2, r0
mov oC0, r0
";

/// The wallpaper: a light below a night sky and three curtains of it. Of each, c0, c2, c4 are the curve (its row is x + y u + z u u)
/// and how fast it fades upwards, c1, c3, c5 its colour.
pub const WALLPAPER_PS: &str = "
ps_2_0
def c8, 0.52, 0.95, 0.0, 1.0
def c9, 1.35, 1.0, 400.0, 4.0
def c10, 0.16, 0.55, 0.80, 1.0
def c11, 0.012, 0.035, 0.11, 1.0
def c12, 0.04, 0.20, 0.46, 1.0
def c13, 0.5, 2.0, 0.0, 0.0
dcl t2.xy
sub r0.xy, t2, c8
mul r0.xy, r0, c9
dp2add r0.x, r0, r0, c8.z
rsq r0.y, r0.x
mul_sat r0.x, r0.x, r0.y
add r0.y, c8.w, -r0.x
mul r0.z, r0.y, r0.y
lrp r2.xyz, r0.y, c12, c11
mul r0.w, r0.z, r0.z
lrp r2.xyz, r0.w, c10, r2
mov r0.xy, t2
mul r0.z, r0.x, r0.x
sub r0.w, r0.x, r0.z
mul r0.w, r0.w, c9.w
mad r1.x, r0.x, c0.y, c0.x
mad r1.x, r0.z, c0.z, r1.x
sub r1.x, r1.x, r0.y
mul r1.y, r1.x, -c0.w
exp r1.y, r1.y
mad_sat r1.x, r1.x, c9.z, c13.x
mul r1.x, r1.x, r1.y
mul r1.x, r1.x, r0.w
mad r2.xyz, r1.x, c1, r2
mad r1.x, r0.x, c2.y, c2.x
mad r1.x, r0.z, c2.z, r1.x
sub r1.x, r1.x, r0.y
mul r1.y, r1.x, -c2.w
exp r1.y, r1.y
mad_sat r1.x, r1.x, c9.z, c13.x
mul r1.x, r1.x, r1.y
mul r1.x, r1.x, r0.w
mad r2.xyz, r1.x, c3, r2
mad r1.x, r0.x, c4.y, c4.x
mad r1.x, r0.z, c4.z, r1.x
sub r1.x, r1.x, r0.y
mul r1.y, r1.x, -c4.w
exp r1.y, r1.y
mad_sat r1.x, r1.x, c9.z, c13.x
mul r1.x, r1.x, r1.y
mul r1.x, r1.x, r0.w
mad r2.xyz, r1.x, c5, r2
mov r2.w, c8.w
mov oC0, r2
";

/// Lights as point sprites: the place in eighths of a pixel as for [`FLAT_VS`], and a size.
pub const SPRITE_VS: &str = "
vs_2_0
def c4, 0.0, 0.0, 0.0, 1.0
dcl_position v0
dcl_psize v1
dcl_color v2
mad oPos.xy, v0, c0, c0.zwzw
mov oPos.zw, c4
mov oPts, v1.x
mov oD0, v2
";

/// A soft disc that is brightest at its rim.
pub const SPRITE_PS: &str = "
ps_2_0
def c4, 2.0, 1.0, 0.0, 14.0
def c5, 0.55, 0.45, 0.0, 0.0
dcl v0
dcl t0.xy
mad r0.xy, t0, c4.x, -c4.y
dp2add r0.x, r0, r0, c4.z
rsq r0.y, r0.x
mul r0.y, r0.x, r0.y
sub_sat r0.z, c4.y, r0.y
mul_sat r0.z, r0.z, c4.w
mad r0.x, r0.x, c5.y, c5.x
mul r0.x, r0.x, r0.z
mul r1, v0, r0.x
mov oC0, r1
";

/// A ball: rows of the projection in c0 to c3, its centre and radius in c4, the eye in c5. c6 turns it upside down for its
/// reflection; c7 lays it on the floor for its shadow: a factor of the height, and what height adds to x and z.
pub const BALL_VS: &str = "
vs_2_0
def c8, 0.0, 0.0, 0.0, 1.0
dcl_position v0
mov r1, c8.xxxw
mul r1.xyz, v0, c6
mad r0.xyz, v0, c4.w, c4
mul r0.xyz, r0, c6
mad r2.xz, r0.y, c7.xyzw, r0
mov r2.y, r0.y
mul r2.y, r2.y, c7.w
mov r2.w, c8.w
dp4 oPos.x, r2, c0
dp4 oPos.y, r2, c1
dp4 oPos.z, r2, c2
dp4 oPos.w, r2, c3
mov oT0, r1
sub oT1.xyz, c5, r0
";

/// A glossy ball of colour c0 under a light from c1: a sky of c2 is reflected at its rim.
pub const BALL_PS: &str = "
ps_2_0
def c4, 0.5, 1.0, 60.0, 0.22
def c5, 0.78, 0.0, 0.35, 0.9
dcl t0.xyz
dcl t1.xyz
nrm r0.xyz, t0
nrm r1.xyz, t1
add r2.xyz, r1, c1
nrm r3.xyz, r2
dp3_sat r2.x, r0, c1
dp3_sat r2.y, r0, r3
dp3_sat r2.z, r0, r1
mad r2.w, r0.y, c4.x, c4.x
mul r2.w, r2.w, c4.w
mad r2.x, r2.x, c5.x, r2.w
pow r3.x, r2.y, c4.z
sub r2.z, c4.y, r2.z
mul r3.y, r2.z, r2.z
mul r3.y, r3.y, r2.z
mul r3.y, r3.y, c5.z
mul r0.xyz, r2.x, c0
lrp r1.xyz, r3.y, c2, r0
mad r1.xyz, r3.x, c5.w, r1
mov r1.w, c4.y
mov oC0, r1
";

/// The floor, and its texture's coordinates.
pub const FLOOR_VS: &str = "
vs_2_0
def c8, 0.0, 1.0, 0.25, 0.0
dcl_position v0
mov r0, v0.xyzz
mov r0.w, c8.y
dp4 oPos.x, r0, c0
dp4 oPos.y, r0, c1
dp4 oPos.z, r0, c2
dp4 oPos.w, r0, c3
mul oT0, v0.xzzz, c8.z
";

/// The floor's texture times c0.
pub const FLOOR_PS: &str = "
ps_2_0
dcl t0.xy
dcl_2d s0
texld r0, t0, s0
mul r0, r0, c0
mov oC0, r0
";

/// c0 alone: shadows.
pub const PLAIN_PS: &str = "
ps_2_0
mov r0, c0
mov oC0, r0
";
