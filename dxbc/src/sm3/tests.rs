//! Every instruction and modifier by values worked out by hand, in both interpreters.

use super::*;
use crate::generate::levels;
use crate::ir::ResourceDimension;
use crate::resources::{Lod, SampleRequest};
use crate::simd::{self, Registers};
use crate::{Io, Resources, scalar};

/// Constants, and textures that answer with what they were asked: u, v, the stage, and the bias or level plus a tenth.
struct World {
    floats: Vec<u32>,
    integers: Vec<u32>,
    bools: Vec<u32>,
    environment: Vec<u32>,
}

impl Resources for World {
    fn constants(&self, slot: u32) -> &[u32] {
        [&self.floats, &self.integers, &self.bools, &self.environment][slot as usize & 3]
    }
    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        assert_eq!(request.texture, request.sampler);
        let [u, v, w, _] = request.coordinate;
        let third = match request.dimension {
            ResourceDimension::TextureCube | ResourceDimension::Texture3D => w,
            _ => request.texture as f32,
        };
        let level = match request.lod {
            Lod::Explicit(level) => level,
            Lod::Derivatives { ddx, bias, .. } => ddx[0] + bias,
        };
        [u, v, third, level].map(f32::to_bits)
    }
}

/// c0 = (1, 2, 3, 4), c1 = (-1.5, 0.25, 0, 8), c2 = (10, 20, 30, 40), c9 = (inf, -inf, 1e30, -0), i0 = (3, 5, 2), b0, b2.
fn world(interface: &Interface) -> World {
    let mut registers = vec![[0; 4]; 256];
    let (inf, neg) = (f32::INFINITY, f32::NEG_INFINITY);
    let values = [
        (0, [1.0, 2.0, 3.0, 4.0]),
        (1, [-1.5, 0.25, 0.0, 8.0]),
        (2, [10.0, 20.0, 30.0, 40.0]),
        (9, [inf, neg, 1e30, -0.0]),
    ];
    for (number, value) in values {
        registers[number] = value.map(f32::to_bits);
    }
    let mut environment = vec![0; environment::COUNT as usize * 4];
    // Fog (1, 0.5, 0) from 2 to 10 with density 0.25, reference 128; stage 1 bumps by (2, 0, 0, 3), light 0.5 and 0.25.
    let stage = (environment::BUMP as usize + 2) * 4;
    for (at, value) in [(0, 1.0), (1, 0.5), (4, 2.0), (5, 10.0), (6, 0.25), (7, 128.0)].into_iter().chain([
        (stage, 2.0),
        (stage + 3, 3.0),
        (stage + 4, 0.5),
        (stage + 5, 0.25),
    ]) {
        environment[at] = f32::to_bits(value);
    }
    World {
        floats: interface.float_constants(&registers),
        integers: vec![3, 5, 2, 0, 300, 0, 0, 0],
        bools: vec![1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0],
        environment,
    }
}

/// The outputs of the first of four lanes, and which lanes live. Input register `n` is (n, n + 0.5, -n, 2) in lane 0; x grows by 1
/// with each lane.
fn execute_variant(text: &str, variant: &Variant) -> (Io, Shader) {
    let program = assemble(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(decode(&encode(&program)).as_ref(), Ok(&program), "{text}");
    let shader = Shader::with_variant(&program, variant).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let world = world(&shader.interface);
    let prepared = || {
        let mut io = Io::default();
        io.reset(4, shader.program.input_vectors(), 0, shader.program.output_registers());
        for register in 0..shader.program.input_registers() {
            let n = register as f32;
            for lane in 0..4 {
                let value = [n + lane as f32, n + 0.5, -n, 2.0];
                io.inputs.set_vector(lane, register, value.map(f32::to_bits));
            }
        }
        io
    };
    let mut expected = prepared();
    scalar::run(&shader.program, &world, &mut expected, 100_000).unwrap();
    for level in levels() {
        let mut io = prepared();
        simd::run(level, &shader.program, &world, &mut io, 100_000, &mut Registers::default()).unwrap();
        assert_eq!((&io.outputs, &io.live, &io.depth), (&expected.outputs, &expected.live, &expected.depth));
    }
    (expected, shader)
}

fn execute(text: &str) -> Io {
    execute_variant(text, &Variant::default()).0
}

fn output(io: &Io, register: usize) -> [f32; 4] {
    io.outputs.vector(0, register).map(f32::from_bits)
}

/// Runs each body with r0 as the result; `X` in an expectation matches anything.
#[track_caller]
fn results(profile: &str, cases: &[(&str, [f32; 4])]) {
    let end = match profile {
        "vs_3_0" => "mov o0, r0",
        _ if profile.starts_with("vs") => "mov oPos, r0",
        _ if profile.starts_with("ps_1") => "",
        _ => "mov oC0, r0",
    };
    for (body, expected) in cases {
        let body = body.replace("; ", "\n");
        let declared = if profile == "vs_3_0" { "dcl_position o0\n" } else { "" };
        let text = format!("{profile}\n{declared}{body}\n{end}\n");
        let found = output(&execute(&text), 0);
        let same = |(a, b): (f32, f32)| b == X || a.to_bits() == b.to_bits() || (a == b && a == 0.0);
        assert!(found.into_iter().zip(*expected).all(same), "{text}\n{found:?} instead of {expected:?}");
    }
}

/// Anything.
const X: f32 = 12345.0;
const MAX: f32 = f32::MAX;

#[test]
fn arithmetic() {
    results(
        "vs_2_0",
        &[
            ("mov r0, c0", [1.0, 2.0, 3.0, 4.0]),
            ("mov r0, c0; mov r0.yw, c1.xyzw", [1.0, 0.25, 3.0, 8.0]),
            ("add r0, c0, c1", [-0.5, 2.25, 3.0, 12.0]),
            ("sub r0, c0, c1", [2.5, 1.75, 3.0, -4.0]),
            ("sub r0, c0, -c1_abs", [2.5, 2.25, 3.0, 12.0]),
            ("mul r0, c0, c1", [-1.5, 0.5, 0.0, 32.0]),
            ("mul r0, c9, c1.z", [0.0, 0.0, 0.0, 0.0]),
            ("mad r0, c0, c1, c2", [8.5, 20.5, 30.0, 72.0]),
            ("mad r0, c9, c1.z, c0", [1.0, 2.0, 3.0, 4.0]),
            ("dp3 r0, c0, c2", [140.0; 4]),
            ("dp4 r0, c0, c2", [300.0; 4]),
            ("dp3 r0, c1.z, c9", [0.0; 4]),
            ("min r0, c0, c1", [-1.5, 0.25, 0.0, 4.0]),
            ("max r0, c0, c1", [1.0, 2.0, 3.0, 8.0]),
            ("slt r0, c0, c1", [0.0, 0.0, 0.0, 1.0]),
            ("sge r0, c0, c1", [1.0, 1.0, 1.0, 0.0]),
            ("sge r0, c0, c0", [1.0; 4]),
            ("frc r0, c1", [0.5, 0.25, 0.0, 0.0]),
            ("abs r0, c1", [1.5, 0.25, 0.0, 8.0]),
            ("lrp r0, c1.y, c0, c2", [7.75, 15.5, 23.25, 31.0]),
            (
                "crs r0.xyz, c0, c2.yzx; mov r0.w, c0",
                [2.0 * 10.0 - 3.0 * 30.0, 60.0 - 10.0, 30.0 - 40.0, 4.0],
            ),
            ("sgn r0, c1, r1, r2", [-1.0, 1.0, 0.0, 1.0]),
            ("dst r0, c0, c2", [1.0, 40.0, 3.0, 40.0]),
            ("nrm r0, c1.zzyw", [0.0, 0.0, 1.0, 32.0]),
            ("nrm r0, c1.z", [0.0; 4]),
            ("nrm r0, c0.xzyw; mul r0, r0, r0", [X, X, X, X]),
        ],
    );
}

#[test]
fn functions_of_one_number() {
    results(
        "vs_2_0",
        &[
            ("rcp r0, c0.w", [0.25; 4]),
            ("rcp r0, c1.z", [MAX; 4]),
            ("rcp r0, c9.w", [-MAX; 4]),
            // Without a swizzle component w counts.
            ("rcp r0, c0", [0.25; 4]),
            ("rsq r0, -c0.w", [0.5; 4]),
            ("rsq r0, c1.z", [MAX; 4]),
            ("exp r0, c0.z", [8.0; 4]),
            ("exp r0, c9.z", [MAX; 4]),
            ("exp r0, -c9.z", [0.0; 4]),
            ("log r0, -c1.w", [3.0; 4]),
            ("log r0, c1.z", [-MAX; 4]),
            ("expp r0, c0.z", [8.0; 4]),
            ("logp r0, c1.w", [3.0; 4]),
            ("pow r0, -c0.y, c0.z", [8.0; 4]),
            ("pow r0, c1.z, c1.z", [1.0; 4]),
            ("pow r0, c1.z, c1.x", [MAX; 4]),
            ("mov r0, c2; sincos r0.xy, c1.z, c3, c4", [1.0, 0.0, 30.0, 40.0]),
            ("mov r0, c2; sincos r0.y, c1.z, c3, c4", [10.0, 0.0, 30.0, 40.0]),
        ],
    );
    results(
        "vs_3_0",
        &[("mov r0, c2; sincos r0.x, c1.z", [1.0, 20.0, 30.0, 40.0]), ("sgn r0, c1", [-1.0, 1.0, 0.0, 1.0])],
    );
    results(
        "vs_1_1",
        &[
            ("expp r0, c1.x", [0.25, 0.5, 0.353_553_39, 1.0]),
            ("logp r0, c0.z", [1.0, 1.5, 1.584_962_5, 1.0]),
            ("logp r0, c1.z", [-MAX, 1.0, -MAX, 1.0]),
            ("logp r0, -c2.w", [5.0, 1.25, 5.321_928, 1.0]),
        ],
    );
}

#[test]
fn lit_gates_and_clamps() {
    results(
        "vs_1_1",
        &[
            ("lit r0, c0.yzxy", [1.0, 2.0, 9.0, 1.0]),
            ("lit r0, c1.xyzw", [1.0, 0.0, 0.0, 1.0]),
            ("lit r0, c0.xyzw; mov r0.xy, c1", [-1.5, 0.25, 16.0, 1.0]),
            // y = 0 with an exponent of 0 is 0, not 1.
            ("lit r0, c1.wzzz", [1.0, 8.0, 0.0, 1.0]),
            // 2^200 is clamped to 2^127.9961.
            ("def c5, 1.0, 2.0, 0.0, 200.0; lit r0, c5", [1.0, 1.0, 3.393_640_6e38, 1.0]),
        ],
    );
}

#[test]
fn matrices_take_consecutive_registers() {
    let define = "def c4, 1.0, 0.0, 0.0, 1.0; def c5, 0.0, 1.0, 0.0, 2.0; def c6, 0.0, 0.0, 1.0, 3.0; def c7, 1.0, 1.0, 1.0, 0.0; ";
    let with = |body: &str| format!("{define}mov r0, c2; {body}");
    let cases = [
        ("m4x4 r0, c0, c4", [5.0, 10.0, 15.0, 6.0]),
        ("m4x3 r0.xyz, c0, c4", [5.0, 10.0, 15.0, 40.0]),
        ("m3x4 r0, c0, c4", [1.0, 2.0, 3.0, 6.0]),
        ("m3x3 r0.xyz, c0, c4", [1.0, 2.0, 3.0, 40.0]),
        ("m3x2 r0.xy, c0, c4", [1.0, 2.0, 30.0, 40.0]),
        // The vector may be the destination.
        ("mov r0, c0; m4x4 r0, r0, c4", [5.0, 10.0, 15.0, 6.0]),
    ];
    for (body, expected) in cases {
        results("vs_2_0", &[(&with(body), expected)]);
    }
}

#[test]
fn address_registers() {
    // vs_1_1 floors, mova rounds to nearest even.
    results(
        "vs_1_1",
        &[
            ("def c5, 1.6, -0.4, 0.4, 0.0; mov a0.x, c5.x; mov r0, c[a0.x + 1]", [10.0, 20.0, 30.0, 40.0]),
            ("def c5, 1.6, -0.4, 0.4, 0.0; mov a0.x, c5.y; mov r0, c[a0.x + 1]", [1.0, 2.0, 3.0, 4.0]),
        ],
    );
    results(
        "vs_2_0",
        &[
            ("def c5, 1.6, -0.4, 2.5, -9.0; mova a0, c5; mov r0, c[a0.x]", [10.0, 20.0, 30.0, 40.0]),
            ("def c5, 1.6, -0.4, 2.5, -9.0; mova a0, c5; mov r0, c[a0.y + 1]", [-1.5, 0.25, 0.0, 8.0]),
            ("def c5, 1.6, -0.4, 2.5, -9.0; mova a0, c5; mov r0, c[a0.z]", [10.0, 20.0, 30.0, 40.0]),
            ("def c5, 1.6, -0.4, 2.5, -9.0; mova a0, c5; mov r0, c[a0.w]", [0.0; 4]),
            // A definition is seen by index, too.
            ("def c5, 5.0, 6.0, 7.0, 8.0; mova a0.y, c5.x; mov r0, c0[a0.y]", [5.0, 6.0, 7.0, 8.0]),
        ],
    );
}

#[test]
fn choices() {
    results(
        "ps_2_0",
        &[
            ("cmp r0, c1, c0, c2", [10.0, 2.0, 3.0, 4.0]),
            ("cmp r0, c9.w, c0, c2", [1.0, 2.0, 3.0, 4.0]),
            ("dp2add r0, c0, c2, c0.w", [54.0; 4]),
        ],
    );
    results("ps_1_4", &[("cnd r0, c1, c0, -c0", [-1.0, -1.0, -1.0, 1.0])]);
    results("ps_1_1", &[("mov r0, c1.a; cnd r0, r0.a, c0, -c0", [1.0, 1.0, 1.0, 1.0])]);
    // Co-issued to rgb it takes its second operand.
    results("ps_1_1", &[("mov r0, -c0; mov r0.a, -c0.a; +cnd r0.rgb, r0.a, c0, -c0", [1.0, 1.0, 1.0, -1.0])]);
    results("ps_2_0", &[("def c3, 0.5, 1.0, 0.0, 0.0; cmp r0, -c3_abs, c0, c2", [10.0, 20.0, 3.0, 4.0])]);
}

#[test]
fn source_modifiers() {
    results(
        "ps_1_4",
        &[
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, c3_bias", [-0.25, 0.0, 0.5, -0.5]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, -c3_bias", [0.25, 0.0, -0.5, 0.5]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, c3_bx2", [-0.5, 0.0, 1.0, -1.0]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, -c3_bx2", [0.5, 0.0, -1.0, 1.0]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, 1-c3", [0.75, 0.5, 0.0, 1.0]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, c3_x2", [0.5, 1.0, 2.0, 0.0]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, -c3_x2.zyxw", [-2.0, -1.0, -0.5, 0.0]),
            ("def c3, 0.25, 0.5, 1.0, 0.0; mov r0, -c3.y", [-0.5; 4]),
            // t1 is register 4: (4, 4.5, -4, 2).
            ("texcrd r0.rg, t1_dw; mov r0.ba, c0", [2.0, 2.25, 1.0, 1.0]),
            ("texcrd r0.rg, t1_dz; mov r0.ba, c0", [-1.0, -1.125, 1.0, 1.0]),
        ],
    );
}

#[test]
fn result_modifiers_shift_before_they_saturate() {
    results(
        "ps_1_4",
        &[
            ("def c3, 0.25, 0.5, 1.0, -1.0; mov_x2 r0, c3", [0.5, 1.0, 2.0, -2.0]),
            ("def c3, 0.25, 0.5, 1.0, -1.0; mov_x4 r0, c3", [1.0, 2.0, 4.0, -4.0]),
            ("def c3, 0.25, 0.5, 1.0, -1.0; mov_x8_sat r0, c3", [1.0, 1.0, 1.0, 0.0]),
            ("def c3, 0.25, 0.5, 1.0, -1.0; mov_d2 r0, c3", [0.125, 0.25, 0.5, -0.5]),
            ("def c3, 0.25, 0.5, 1.0, -1.0; mov_d4_sat r0, c3", [0.0625, 0.125, 0.25, 0.0]),
            ("def c3, 0.25, 0.5, 1.0, -1.0; mov_d8 r0, c3", [0.03125, 0.0625, 0.125, -0.125]),
        ],
    );
    results("ps_2_0", &[("add_sat_pp r0, c0, -c1.w; mov_sat r0.x, c1.y", [0.25, 0.0, 0.0, 0.0])]);
}

#[test]
fn old_constants_are_clamped_and_pairs_read_before_they_write() {
    results(
        "ps_1_1",
        &[
            ("mov r0, c1", [-1.0, 0.25, 0.0, 1.0]),
            ("def c3, 2.0, -7.0, 0.5, 1.0; mov r0, c3", [1.0, -1.0, 0.5, 1.0]),
            // Both halves swap the old values.
            (
                "def c3, 0.1, 0.2, 0.3, 0.4; mov r0, c3; mov r0.rgb, r0.a; +mov r0.a, r0.b",
                [0.4, 0.4, 0.4, 0.3],
            ),
        ],
    );
    results("ps_2_0", &[("mov r0, c2", [10.0, 20.0, 30.0, 40.0])]);
}

#[test]
fn flow() {
    results(
        "vs_2_0",
        &[
            ("mov r0, c2; if b0; mov r0, c0; endif", [1.0, 2.0, 3.0, 4.0]),
            ("mov r0, c2; if b1; mov r0, c0; endif", [10.0, 20.0, 30.0, 40.0]),
            ("mov r0, c2; if !b1; mov r0, c0; else; mov r0, c1; endif", [1.0, 2.0, 3.0, 4.0]),
            ("defb b1, true; mov r0, c2; if b1; mov r0, c0; endif", [1.0, 2.0, 3.0, 4.0]),
            ("mov r0, c1.z; rep i0; add r0, r0, c0; endrep", [3.0, 6.0, 9.0, 12.0]),
            // More than 255 repetitions are 255.
            ("mov r0, c1.z; rep i1; add r0, r0, c0.x; endrep", [255.0; 4]),
            ("defi i0, 2, 0, 0, 0; mov r0, c1.z; rep i0; add r0, r0, c0; endrep", [2.0, 4.0, 6.0, 8.0]),
            // aL is 0 and 2.
            (
                "defi i0, 2, 0, 2, 0; mov r0, c1.z; loop aL, i0; add r0, r0, c[aL]; endloop",
                [11.0, 22.0, 33.0, 44.0],
            ),
            ("mov r0, c0; call l1; ret; label l1; add r0, r0, c2; ret", [11.0, 22.0, 33.0, 44.0]),
            (
                "mov r0, c0; callnz l1, b1; callnz l1, !b1; ret; label l1; add r0, r0, c2; ret",
                [11.0, 22.0, 33.0, 44.0],
            ),
        ]
        .map(|(body, expected): (&str, [f32; 4])| {
            // The result leaves before the subroutines.
            let body = if body.contains("; ret; label") {
                body.replacen("; ret;", "; mov oPos, r0; ret;", 1)
            } else {
                body.into()
            };
            (Box::leak(body.into_boxed_str()) as &str, expected)
        }),
    );
}

#[test]
fn dynamic_flow_and_predicates() {
    let cases: [(&str, [f32; 4]); 14] = [
        ("mov r0, c2; if_gt c0.y, c0.x; mov r0, c0; endif", [1.0, 2.0, 3.0, 4.0]),
        ("mov r0, c2; if_eq c0.y, c0.x; mov r0, c0; endif", [10.0, 20.0, 30.0, 40.0]),
        ("mov r0, c2; if_ge c0.x, c0.x; mov r0, c0; endif", [1.0, 2.0, 3.0, 4.0]),
        ("mov r0, c2; if_lt c0.x, c0.y; mov r0, c0; endif", [1.0, 2.0, 3.0, 4.0]),
        ("mov r0, c2; if_ne c0.x, c0.x; mov r0, c0; endif", [10.0, 20.0, 30.0, 40.0]),
        ("mov r0, c2; if_le c0.y, c0.x; mov r0, c0; endif", [10.0, 20.0, 30.0, 40.0]),
        ("mov r0, c1.z; rep i0; break_ge r0.x, c0.y; add r0, r0, c0.x; endrep", [2.0; 4]),
        ("mov r0, c1.z; rep i0; add r0, r0, c0.x; break; endrep", [1.0; 4]),
        ("mov r0, c2; setp_gt p0, c0, c1; (p0) mov r0, c0", [1.0, 2.0, 3.0, 40.0]),
        ("mov r0, c2; setp_gt p0, c0, c1; (!p0) mov r0, c0", [10.0, 20.0, 30.0, 4.0]),
        ("mov r0, c2; setp_gt p0, c0, c1; (p0.w) mov r0, c0", [10.0, 20.0, 30.0, 40.0]),
        ("mov r0, c2; setp_le p0, c0, c1; if p0.w; mov r0, c0; endif", [1.0, 2.0, 3.0, 4.0]),
        ("mov r0, c1.z; setp_gt p0, c0, c1; rep i0; add r0, r0, c0.x; breakp p0.x; endrep", [1.0; 4]),
        // The outer aL comes back after the inner loop: 5 + 1 + 7 + 1.
        (
            "defi i0, 2, 1, 1, 0; defi i1, 1, 2, 0, 0; mov r0, c1.z; loop aL, i0; loop aL, i1; add r0, r0, c0.x; endloop; add r0, r0, c[aL]; endloop",
            [10.5, 22.25, 32.0, 50.0],
        ),
    ];
    results("vs_3_0", &cases);
    // Outputs take predicated results, too.
    let io = execute("vs_3_0\ndcl_position o0\nmov o0, c2\nsetp_gt p0, c0, c1\n(p0) add o0, c0, c0\n");
    assert_eq!(output(&io, 0), [2.0, 4.0, 6.0, 40.0]);
}

#[test]
fn inputs_and_outputs_of_vertex_shaders() {
    let (io, shader) = execute_variant(
        "vs_2_0\ndcl_position v0\ndcl_color1 v2\nmov oPos, v0\nmov oD0, c0\nmov oD1, v2.z\nmov oT3.xy, c2\nmov oFog, c0.w\nmov oPts, c0.w\n",
        &Variant::default(),
    );
    assert_eq!(output(&io, 0), [0.0, 0.5, 0.0, 2.0]);
    assert_eq!(output(&io, registers::COLOR as usize), [1.0; 4]);
    assert_eq!(output(&io, registers::COLOR2 as usize), [0.0; 4]);
    assert_eq!(output(&io, registers::TEXCOORD as usize + 3), [10.0, 20.0, 0.0, 0.0]);
    assert_eq!(output(&io, registers::FOG as usize)[0], 1.0);
    assert_eq!(output(&io, registers::POINT_SIZE as usize)[0], 4.0);
    let names = |elements: &[crate::signature::SignatureElement]| {
        elements.iter().map(|e| format!("{}{}", e.name, e.index)).collect::<Vec<_>>()
    };
    assert_eq!(names(&shader.program.signatures().inputs.elements), ["POSITION0", "COLOR1"]);
    assert_eq!(
        names(&shader.program.signatures().outputs.elements),
        ["SV_Position0", "COLOR0", "COLOR1", "TEXCOORD3", "FOG0", "PSIZE0"]
    );
    assert!(!shader.interface.inputs_by_order);
    // Outputs and inputs by index.
    let io = execute(
        "vs_3_0\ndcl_texcoord v1\ndcl_position o0\ndcl_texcoord o5\ndefi i0, 1, 1, 0, 0\nmov o0, c0\nloop aL, i0\nmov o[aL + 4], v[aL]\nendloop\n",
    );
    assert_eq!(output(&io, 5), [1.0, 1.5, -1.0, 2.0]);
}

#[test]
fn inputs_of_pixel_shaders() {
    results(
        "ps_2_0",
        &[("dcl v1; mov r0, v1", [2.0, 2.5, -2.0, 2.0]), ("dcl t7; mov r0, t7", [10.0, 10.5, -10.0, 2.0])],
    );
    results(
        "ps_3_0",
        &[
            ("dcl_texcoord4 v3; mov r0, v3", [3.0, 3.5, -3.0, 2.0]),
            // Register 16 holds the position: (16, 16.5).
            ("dcl vPos.xy; mov r0, c1.z; mov r0.xy, vPos", [15.5, 16.0, 0.0, 0.0]),
            // Register 17 holds bits that are not zero.
            ("dcl vFace; mov r0, vFace", [1.0; 4]),
            ("dcl_texcoord v0; dsx r0, v0.x; dsy r1, v0.x; mov r0.yzw, r1", [1.0, 2.0, 2.0, 2.0]),
        ],
    );
    let io = execute("ps_2_0\nmov oC0, c0\nmov oC2, c1\nmov oDepth, c1.y\n");
    assert_eq!((output(&io, 2), f32::from_bits(io.depth[0])), ([-1.5, 0.25, 0.0, 8.0], 0.25));
}

#[test]
fn texture_loads() {
    // t1 is register 4: (4, 4.5, -4, 2), and u grows by 1 a pixel.
    results(
        "ps_2_0",
        &[
            ("dcl t1; dcl_2d s3; texld r0, t1, s3", [4.0, 4.5, 3.0, 1.0]),
            ("dcl t1; dcl_cube s3; texld r0, t1, s3", [4.0, 4.5, -4.0, 1.0]),
            ("dcl t1; dcl_2d s3; texldp r0, t1, s3", [2.0, 2.25, 3.0, 0.5]),
            ("dcl t1; dcl_volume s3; texldp r0, t1, s3", [2.0, 2.25, -2.0, 0.5]),
            ("dcl t1; dcl_2d s3; texldb r0, t1, s3", [4.0, 4.5, 3.0, 3.0]),
            ("texld r0, t1, s15", [4.0, 4.5, 15.0, 1.0]),
        ],
    );
    results(
        "ps_3_0",
        &[
            ("dcl_texcoord v1; dcl_2d s3; texldl r0, v1, s3", [1.0, 1.5, 3.0, 2.0]),
            ("dcl_texcoord v1; dcl_2d s3; texldd r0, v1, s3, c0.w, c0", [1.0, 1.5, 3.0, 4.0]),
            ("dcl_texcoord v1; dcl_2d s3; texldd_sat r0, v1, s3.wzyx, c0.w, c0", [1.0; 4]),
        ],
    );
    results("vs_3_0", &[("dcl_2d s2; texldl r0, c2, s2", [10.0, 20.0, 2.0, 40.0])]);
}

#[test]
fn texture_instructions_of_old_pixel_shaders() {
    // t0 to t3 are registers 3 to 6: (n, n + 0.5, -n, 2).
    results(
        "ps_1_1",
        &[
            ("tex t1; mov r0, t1", [4.0, 4.5, 1.0, 1.0]),
            ("texcoord t1; mov r0, t1", [1.0, 1.0, 0.0, 1.0]),
            // u and v of t1 moved by (2 * 3, 3 * 3.5).
            ("tex t0; texbem t1, t0; mov r0, t1", [10.0, 15.0, 1.0, 3.0]),
            // Luminance: 0 * 0.5 + 0.25.
            ("tex t0; texbeml t1, t0; mov r0, t1", [2.5, 3.75, 0.25, 0.75]),
            ("tex t0; texreg2ar t1, t0; mov r0, t1", [1.0, 3.0, 1.0, 0.0]),
            ("tex t0; texreg2gb t1, t0; mov r0, t1", [3.5, 0.0, 1.0, 0.0]),
        ],
    );
    results(
        "ps_1_2",
        &[
            ("tex t0; texreg2rgb t1, t0; mov r0, t1", [3.0, 3.5, 1.0, 1.0]),
            // t0 = (3, 3.5, 0, 1); (4, 4.5, -4) . t0 = 27.75.
            ("tex t0; texdp3 t1, t0; mov r0, t1", [27.75; 4]),
            ("tex t0; texdp3tex t1, t0; mov r0, t1", [27.75, 0.0, 1.0, X]),
            ("tex t0; texm3x2pad t1, t0; texm3x2tex t2, t0; mov r0, t2", [27.75, 34.25, 2.0, X]),
            (
                "tex t0; texm3x3pad t1, t0; texm3x3pad t2, t0; texm3x3 t3, t0; mov r0, t3",
                [27.75, 34.25, 40.75, 1.0],
            ),
            (
                "tex t0; texm3x3pad t1, t0; texm3x3pad t2, t0; texm3x3tex t3, t0; mov r0, t3",
                [27.75, 34.25, 3.0, X],
            ),
        ],
    );
    // Normals (3, 0, 0) reflect (1, 1, 1) to (1, -1, -1): rows of t0 with only x.
    let rows = "def c0, 1.0, 1.0, 1.0, 0.0; tex t0; ";
    let body = "texm3x3pad t1, t0_bx2; texm3x3pad t2, t0_bx2; texm3x3spec t3, t0_bx2, c0; mov r0, t3";
    // t0_bx2 = (5, 6, -1): N = (20 + 27 + 4, 25 + 33 + 5, 30 + 39 + 6) = (51, 63, 75), N.E = 189, N.N = 12195.
    let twice = 2.0 * (189.0_f32 / 12195.0);
    results("ps_1_1", &[(&format!("{rows}{body}"), [twice * 51.0 - 1.0, twice * 63.0 - 1.0, 3.0, X])]);
    // E = (2, 2, 2) from the coordinates.
    let twice = 2.0 * (378.0_f32 / 12195.0);
    let body = body.replace("spec t3, t0_bx2, c0", "vspec t3, t0_bx2");
    results("ps_1_1", &[(&format!("{rows}{body}"), [twice * 51.0 - 2.0, twice * 63.0 - 2.0, 3.0, X])]);
    let depth = |text: &str| f32::from_bits(execute(text).depth[0]);
    assert_eq!(depth("ps_1_3\ntex t0\ntexm3x2pad t1, t0\ntexm3x2depth t2, t0\nmov r0, t0\n"), 27.75 / 34.25);
    assert_eq!(
        depth(
            "ps_1_3\ndef c0, 0.0, 0.0, 0.0, 0.0\nmov r0, c0\ntex t0\ntexm3x2pad t1, t0\ntexm3x2depth t2, t3\n"
        ),
        1.0
    );
    assert_eq!(
        depth("ps_1_4\ndef c0, 0.5, 0.75, 0.0, 0.0\nmov r5, c0\nphase\ntexdepth r5\nmov r0, c0\n"),
        0.5 / 0.75
    );
    assert_eq!(
        depth("ps_1_4\ndef c0, 0.5, 0.0, 0.0, 0.0\nmov r5, c0\nphase\ntexdepth r5\nmov r0, c0\n"),
        1.0
    );
}

#[test]
fn texture_instructions_of_ps_1_4() {
    results(
        "ps_1_4",
        &[
            ("texld r0, t2", [5.0, 5.5, 0.0, 1.0]),
            ("texld r2, t1; mov r0, r2", [4.0, 4.5, 2.0, 1.0]),
            ("texcrd r1.rgb, t2; phase; texld r0, r1", [5.0, 5.5, 0.0, 1.0]),
            ("texcrd r0.rgb, t2; mov r0.a, c0.r", [5.0, 5.5, -5.0, 1.0]),
            // r1.xy = (1, 1) + (2 * 0.25, 3 * 0.25)
            (
                "def c3, 1.0, 0.25, 0.0, 0.0; bem r1.rg, c3.r, c3.g; mov r0, c3; mov r0.rg, r1",
                [1.5, 1.75, 0.0, 0.0],
            ),
        ],
    );
}

#[test]
fn texkill() {
    let live = |text: &str| execute(text).live;
    // t0 is register 3: x of lane 2 is 5, z is -3.
    assert_eq!(
        live("ps_2_0\ndcl t0\nadd r0, t0, -c0.w\ntexkill r0.x\nmov oC0, c0\n"),
        [false, true, true, true]
    );
    assert_eq!(live("ps_2_0\ndcl t0\nmov r0, t0\ntexkill r0.xyw\nmov oC0, c0\n"), [true; 4]);
    assert_eq!(live("ps_2_0\ndcl t0\nmov r0, t0\ntexkill r0\nmov oC0, c0\n"), [false; 4]);
    // 1.x looks at xyz of the coordinates, whatever the mask.
    assert_eq!(live("ps_1_1\ntexkill t0\nmov r0, c0\n"), [false; 4]);
    assert_eq!(live("ps_1_4\ntexcrd r1.rgb, t0\nphase\ntexkill r1\nmov r0, c0\n"), [false; 4]);
    // -0 and NaN live.
    assert_eq!(
        live("ps_2_0\ndef c3, -0.0, 0x7fc00000, 0.0, 0.0\nmov r0, c3\ntexkill r0\nmov oC0, c0\n"),
        [true; 4]
    );
}

#[test]
fn state_is_appended() {
    let color = |text: &str, fog| {
        let (io, _) = execute_variant(text, &Variant { fog: Some(fog), ..Variant::default() });
        output(&io, 0)
    };
    let text = "ps_2_0\ndef c3, 0.0, 0.0, 1.0, 0.5\nmov oC0, c3\n";
    // The position is register 0: (0, 0.5, 0, 2); oFog is register 11.
    assert_eq!(color(text, Fog::Vertex), [0.0, 0.0, 1.0, 0.5]);
    assert_eq!(color(text, Fog::Linear(FogSource::Z)), [0.0, 0.0, 1.0, 0.5]);
    assert_eq!(color(text, Fog::Linear(FogSource::W)), [0.0, 0.0, 1.0, 0.5]);
    let f = 0.606_530_66_f32;
    assert_eq!(color(text, Fog::Exp(FogSource::W)), [1.0 - f, 0.5 - 0.5 * f, f, 0.5]);
    let f = 0.778_800_8_f32;
    assert_eq!(color(text, Fog::Exp2(FogSource::W)), [1.0 - f, 0.5 - 0.5 * f, f, 0.5]);
    assert_eq!(
        color("ps_1_1\ndef c3, 0.0, 0.0, 1.0, 0.5\nmov r0, c3\n", Fog::Exp(FogSource::Z)),
        [0.0, 0.0, 1.0, 0.5]
    );
    // Shader model 3 fogs for itself.
    assert_eq!(color("ps_3_0\nmov oC0, c0\n", Fog::Exp2(FogSource::W)), [1.0, 2.0, 3.0, 4.0]);
    let passes = |alpha: &str, comparison, scale| {
        let text = format!("ps_2_0\ndef c3, 0.0, 0.0, 0.0, {alpha}\nmov oC0, c3\n");
        let alpha_test = Some(AlphaTest { comparison, scale });
        execute_variant(&text, &Variant { alpha_test, ..Variant::default() }).0.live[0]
    };
    use Comparison as C;
    // 0.5 * 255 = 127.5 rounds to 128, the reference.
    assert!(passes("0.5", Some(C::Equal), 255) && !passes("0.499", Some(C::Equal), 255));
    assert!(passes("200.0", Some(C::Greater), 255) && passes("0.25", Some(C::Less), 255));
    assert!(passes("128.0", Some(C::GreaterEqual), 0) && !passes("0.5", Some(C::NotEqual), 255));
    assert!(!passes("0.5", None, 255));
    let (_, shader) =
        execute_variant("ps_2_0\ndcl v0\nmov oC0, v0\n", &Variant { flat: true, ..Variant::default() });
    assert_eq!(shader.program.inputs()[0].interpolation, crate::ir::Interpolation::Constant);
}

#[test]
fn both_length_conventions_and_bare_parameters() {
    // The driver's form: lengths count the opcode token, bit 31 of parameters is clear, nothing is declared.
    let driver = [0xfffe_0200, 0x0300_0001, 0x400f_0000, 0x10e4_0000, 0x0000_ffff];
    let program = decode(&driver).unwrap();
    assert!(program.is_driver_made());
    assert_eq!(program.to_string(), "vs_2_0\n    mov oPos, v0\n");
    assert_eq!(encode(&program), driver);
    let compiler = [0xfffe_0200, 0x0200_0001, 0xc00f_0000, 0x90e4_0000, 0x0000_ffff];
    let program = decode(&compiler).unwrap();
    assert!(!program.is_driver_made());
    assert_eq!(encode(&program), compiler);
    assert!(Shader::new(&compiler).unwrap().interface.inputs_by_order);
}

#[test]
fn malformed_tokens_are_refused_by_name() {
    use DecodeReason as R;
    let reason = |tokens: &[u32]| decode(tokens).map_err(|e| (e.position, e.reason));
    assert_eq!(reason(&[0xfffd_0200]), Err((0, R::Version(0xfffd_0200))));
    assert_eq!(reason(&[0xfffe_0400]), Err((0, R::Version(0xfffe_0400))));
    assert_eq!(reason(&[0xfffe_0200]), Err((1, R::Truncated)));
    assert_eq!(reason(&[0xfffe_0200, 0x0001_fffe]), Err((1, R::Truncated)));
    assert_eq!(reason(&[0xfffe_0200, 200]), Err((1, R::Opcode(200))));
    assert_eq!(
        reason(&[0xfffe_0200, 0x0500_0001, 0x800f_0000, 0x80e4_0000]),
        Err((3, R::Length { expected: 2, found: 5 }))
    );
    assert_eq!(reason(&[0xfffe_0101, 1, 0x800f_0020, 0x80e4_0000]), Err((2, R::Register(File::Temp, 32))));
    let refused = |text: &str| Shader::with_variant(&assemble(text).unwrap(), &Variant::default()).is_err();
    assert!(refused("vs_2_0\nif b0\nmov oPos, c0\n"));
    assert!(refused("vs_2_0\nendloop\n"));
    assert!(refused("vs_2_0\ntexld r0, c0, s0\nmov oPos, r0\n"));
    assert!(refused("ps_2_0\nmov oPos, c0\n") || assemble("ps_2_0\nmov oPos, c0\n").is_err());
    assert!(refused("vs_2_0\ncall l1\nmov oPos, c0\n"));
    assert!(refused("ps_1_1\ntexm3x3diff t1, t0\n"));
}
