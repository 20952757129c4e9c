//! How scenes are drawn by lot, from simple to wild, and made smaller.

use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss};
use aerogpu_protocol::Format;
use aerogpu_protocol::packets::{BlendFactor, BlendOp, CompareFunc, CullMode, FillMode, PrimitiveTopology};
use proptest::prelude::*;
use proptest::{collection::vec, option, sample::select};

use super::scene::*;
use super::shaders9::TWO_SOURCES;
use super::table;

/// Colour formats that WebGPU has as well.
const COLORS: [Format; 8] = [
    Format::R8G8B8A8Unorm,
    Format::B8G8R8A8Unorm,
    Format::B8G8R8X8Unorm,
    Format::R8G8B8X8Unorm,
    Format::R8G8B8A8UnormSrgb,
    Format::B8G8R8A8UnormSrgb,
    Format::B8G8R8X8UnormSrgb,
    Format::R8G8B8X8UnormSrgb,
];
const BLOCKS: [Format; 8] = [
    Format::Bc1RgbaUnorm,
    Format::Bc2RgbaUnorm,
    Format::Bc3RgbaUnorm,
    Format::Bc7RgbaUnorm,
    Format::Bc1RgbaUnormSrgb,
    Format::Bc2RgbaUnormSrgb,
    Format::Bc3RgbaUnormSrgb,
    Format::Bc7RgbaUnormSrgb,
];
const DEPTHS: [Format; 2] = [Format::D32Float, Format::D24UnormS8Uint];
/// What only the software renderer has.
const NARROW: [Format; 2] = [Format::B5G6R5Unorm, Format::B5G5R5A1Unorm];

const TOPOLOGIES: [PrimitiveTopology; 10] = [
    PrimitiveTopology::TriangleList,
    PrimitiveTopology::TriangleStrip,
    PrimitiveTopology::TriangleFan,
    PrimitiveTopology::PointList,
    PrimitiveTopology::TriangleListAdj,
    PrimitiveTopology::TriangleStripAdj,
    PrimitiveTopology::LineList,
    PrimitiveTopology::LineStrip,
    PrimitiveTopology::LineListAdj,
    PrimitiveTopology::LineStripAdj,
];

/// How wild scenes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Clears and presents.
    Clears,
    /// Copies, uploads, guest memory, sharing.
    Copies,
    /// One draw with simple shaders.
    Draw,
    /// Compute shaders.
    Compute,
    /// Direct3D 9.
    Direct3d9,
    /// What WebGPU does not have: geometry and tessellation shaders, outlines, doubles.
    Beyond,
    /// Everything, several times.
    Wild,
}

/// Scenes of every level; they shrink towards simple ones.
pub fn scenes() -> impl Strategy<Value = Scene> {
    prop_oneof![
        1 => scene(Level::Clears),
        3 => scene(Level::Copies),
        6 => scene(Level::Draw),
        3 => scene(Level::Compute),
        5 => scene(Level::Direct3d9),
        3 => scene(Level::Beyond),
        5 => scene(Level::Wild),
    ]
}

/// Scenes of one level.
pub fn scene(level: Level) -> impl Strategy<Value = Scene> {
    let (textures, steps) = match level {
        Level::Clears | Level::Draw | Level::Direct3d9 => (1..=3, 1..=3),
        Level::Beyond => (1..=2, 1..=4),
        Level::Copies | Level::Compute => (1..=3, 1..=5),
        Level::Wild => (1..=4, 2..=9),
    };
    let steps = vec(step(level), steps);
    // The first texture can always be drawn to.
    let first = select(&COLORS[..]).prop_flat_map(texture_of);
    (first, vec(texture(), textures), vec(buffer(), 1..=3), steps).prop_map(
        |(first, mut textures, buffers, steps)| {
            textures.insert(0, first);
            Scene { textures, buffers, steps }
        },
    )
}

fn texture() -> impl Strategy<Value = Texture> {
    let format = prop_oneof![
        60 => select(&COLORS[..]),
        20 => select(&BLOCKS[..]),
        20 => select(&DEPTHS[..]),
        1 => select(&NARROW[..]),
    ];
    format.prop_flat_map(texture_of)
}

fn texture_of(format: Format) -> impl Strategy<Value = Texture> {
    // Sizes agree often, so that targets and copies fit.
    let size = prop_oneof![4 => Just([4, 4]), 1 => [0u8..=5, 0u8..=5]];
    (size, 1u8..=3, 1u8..=3, any::<bool>(), any::<u16>()).prop_map(
        move |(size, mips, layers, backed, seed)| {
            let mips = if format.is_depth() { 1 } else { mips };
            let layers = if format.is_depth() { 1 } else { layers };
            Texture { format, size, mips, layers, backed, seed }
        },
    )
}

fn buffer() -> impl Strategy<Value = Buffer> {
    (1u8..=96, any::<bool>(), any::<u16>()).prop_map(|(words, backed, seed)| Buffer { words, backed, seed })
}

fn step(level: Level) -> BoxedStrategy<Step> {
    let draw = draw(level == Level::Wild).prop_map(|draw| Step::Draw(Box::new(draw)));
    let dispatch = dispatch().prop_map(Step::Dispatch);
    match level {
        Level::Clears => prop_oneof![4 => clear(), 1 => present(), 1 => submit()].boxed(),
        Level::Copies => prop_oneof![1 => clear(), 6 => copies()].boxed(),
        Level::Draw => prop_oneof![1 => clear(), 3 => draw].boxed(),
        Level::Compute => prop_oneof![12 => dispatch, 4 => copies(), 1 => bind()].boxed(),
        Level::Direct3d9 => prop_oneof![4 => clear(), 15 => draw9(), 1 => two_sources()].boxed(),
        Level::Beyond => beyond().boxed(),
        Level::Wild => prop_oneof![
            2 => clear(),
            3 => copies(),
            4 => draw,
            3 => draw9(),
            1 => bind(),
            1 => dispatch,
            1 => present(),
            1 => submit(),
        ]
        .boxed(),
    }
}

fn part() -> impl Strategy<Value = Part> {
    (0u8..4, 0u8..4, [0u8..16, 0u8..16]).prop_map(|(mip, layer, origin)| Part { mip, layer, origin })
}

fn outputs() -> impl Strategy<Value = Outputs> {
    let part = prop_oneof![2 => Just(Part::default()), 1 => part()];
    (vec(0u8..6, 1..=3), any::<bool>(), part, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        |(mut colors, depth, part, view, twin)| {
            // Texture 0 is always drawn to in the end, so that nothing is drawn in vain.
            colors.push(0);
            Outputs { colors, depth, part, view, twin }
        },
    )
}

fn bind() -> impl Strategy<Value = Step> {
    (0u8..6, any::<u16>()).prop_map(|(stage, seed)| Step::Bind { stage, seed })
}

/// A draw or dispatch that WebGPU does not have.
fn beyond() -> impl Strategy<Value = Step> {
    let topology = prop_oneof![
        1 => select(&TOPOLOGIES[..]),
        2 => (1u8..=32).prop_map(PrimitiveTopology::PatchList),
    ];
    let stages = (draw(false), topology, any::<u8>()).prop_map(|(draw, topology, seed)| Draw {
        topology,
        stages: Some(seed),
        index: None,
        ..draw
    });
    let outlined = draw(false)
        .prop_map(|draw| Draw { raster: Raster { fill: FillMode::Wireframe, ..draw.raster }, ..draw });
    let [all, common] = table::PIXEL_ROWS;
    let pixel = (draw(false), common..all).prop_map(|(draw, row)| Draw { pixel: Pixel::Table(row), ..draw });
    let stepped = (draw(false), prop_oneof![Just(0u8), Just(2u8)]).prop_map(|(draw, step_rate)| Draw {
        per_instance: true,
        step_rate,
        ..draw
    });
    let [all, common] = table::kernel_rows();
    let kernel = (dispatch(), common..all)
        .prop_map(|(dispatch, row)| Step::Dispatch(Dispatch { kernel: Kernel::Table(row), ..dispatch }));
    prop_oneof![
        5 => prop_oneof![3 => stages, 1 => outlined, 3 => pixel, 1 => stepped].prop_map(|draw| Step::Draw(Box::new(draw))),
        2 => kernel,
        1 => beyond9(),
    ]
}

/// A draw of Direct3D 9 that blends with both colours of its shader, which only one target allows.
fn two_sources() -> impl Strategy<Value = Step> {
    let factor = || 1u32..=17;
    let second = || 16u32..=17;
    let factors = prop_oneof![
        (second(), factor(), factor(), factor()),
        (factor(), second(), factor(), factor()),
        (factor(), factor(), second(), factor()),
        (factor(), factor(), factor(), second()),
    ];
    (draw9(), factors, [1u32..=5, 1u32..=5]).prop_map(|(step, (src, dst, src_alpha, dst_alpha), ops)| {
        let Step::Draw9(mut draw) = step else { return step };
        draw.outputs.colors = vec![0];
        draw.pixel = TWO_SOURCES;
        draw.states = vec![vec![
            (rs::ALPHABLENDENABLE, 1),
            (rs::SEPARATEALPHABLENDENABLE, 1),
            (rs::SRCBLEND, src),
            (rs::DESTBLEND, dst),
            (rs::BLENDOP, ops[0]),
            (rs::SRCBLENDALPHA, src_alpha),
            (rs::DESTBLENDALPHA, dst_alpha),
            (rs::BLENDOPALPHA, ops[1]),
        ]];
        Step::Draw9(draw)
    })
}

/// States of Direct3D 9 that WebGPU does not have.
fn beyond9() -> impl Strategy<Value = Step> {
    let one = 1.0f32.to_bits();
    let states = select(vec![
        vec![(rs::FILLMODE, 1)],
        vec![(rs::FILLMODE, 2)],
        vec![(rs::ZENABLE, 1), (rs::DEPTHBIAS, 0.125f32.to_bits())],
        vec![
            (rs::POINTSIZE, 4.0f32.to_bits()),
            (rs::POINTSIZE_MIN, one),
            (rs::POINTSIZE_MAX, 8.0f32.to_bits()),
        ],
        vec![(rs::POINTSPRITEENABLE, 1), (rs::POINTSIZE, 4.0f32.to_bits())],
        vec![
            (rs::POINTSCALEENABLE, 1),
            (rs::POINTSCALE_A, one),
            (rs::POINTSCALE_A + 1, one),
            (rs::POINTSCALE_A + 2, one),
        ],
    ]);
    let samplers = select(vec![
        vec![(ss::ADDRESSU, 4), (ss::BORDERCOLOR, 0x8040_20ff)],
        vec![(ss::ADDRESSU + 1, 4)],
        vec![(ss::ADDRESSU + 2, 4)],
        vec![(ss::ADDRESSU, 5)],
        vec![(ss::ADDRESSU + 1, 5)],
        vec![(ss::ADDRESSU + 2, 5)],
        vec![(ss::MAGFILTER, 3), (ss::MAXANISOTROPY, 4)],
        vec![(ss::MINFILTER, 3)],
        vec![(ss::MIPMAPLODBIAS, one)],
    ]);
    let topology = prop_oneof![Just(PrimitiveTopology::PointList), Just(PrimitiveTopology::TriangleList)];
    (draw9(), states, samplers, topology).prop_map(|(step, states, samplers, topology)| match step {
        Step::Draw9(draw) => {
            Step::Draw9(Box::new(Draw9 { states: vec![states], samplers, topology, ..*draw }))
        }
        other => other,
    })
}

fn draw9() -> impl Strategy<Value = Step> {
    let shape = (
        prop_oneof![30 => select(&TOPOLOGIES[..4]), 1 => select(&TOPOLOGIES[6..8])],
        vec([-160i16..160, -160i16..160], 3..=6),
        0u8..=18,
        prop_oneof![3 => Just(0u8), 1 => 0u8..4],
    );
    let vertices = (any::<u16>(), 0u8..17, prop::bool::weighted(0.1), any::<bool>());
    let shaders = (any::<u8>(), any::<u8>(), source());
    let states = (vec(states9(), 0..=4), vec(sampler9(), 0..=4), raster());
    (outputs(), shape, vertices, shaders, states).prop_map(|(outputs, shape, vertices, shaders, states)| {
        Step::Draw9(Box::new(Draw9 {
            outputs,
            topology: shape.0,
            positions: shape.1,
            depth: shape.2,
            w: shape.3,
            seed: vertices.0,
            declaration: vertices.1,
            transformed: vertices.2,
            indexed: vertices.3,
            vertex: shaders.0,
            pixel: shaders.1,
            source: shaders.2,
            states: states.0,
            samplers: states.1,
            raster: Raster { scissor: states.2.scissor.or(Some([3, 2, 12, 13])), ..states.2 },
        }))
    })
}

/// States that belong together.
fn states9() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let stencil = (vec(1u32..=8, 8), any::<[u8; 3]>(), 0u32..2).prop_map(|(v, masks, two_sided)| {
        let [reference, read, write] = masks.map(u32::from);
        let mut states = vec![
            (rs::STENCILENABLE, 1),
            (rs::STENCILREF, reference),
            (rs::STENCILMASK, read),
            (rs::STENCILWRITEMASK, write),
            (rs::TWOSIDEDSTENCILMODE, two_sided),
        ];
        states.extend((rs::STENCILFAIL..).zip(v[..4].iter().copied()));
        states.extend((rs::CCW_STENCILFAIL..).zip(v[4..].iter().copied()));
        states
    });
    let depth = (1u32..=8, 0u32..2)
        .prop_map(|(func, write)| vec![(rs::ZENABLE, 1), (rs::ZFUNC, func), (rs::ZWRITEENABLE, write)]);
    let blend = (vec(1u32..=15, 4), [1u32..=5, 1u32..=5], 0u32..2, any::<u32>()).prop_map(
        |(f, ops, apart, constant)| {
            vec![
                (rs::ALPHABLENDENABLE, 1),
                (rs::SRCBLEND, f[0]),
                (rs::DESTBLEND, f[1]),
                (rs::BLENDOP, ops[0]),
                (rs::SEPARATEALPHABLENDENABLE, apart),
                (rs::SRCBLENDALPHA, f[2]),
                (rs::DESTBLENDALPHA, f[3]),
                (rs::BLENDOPALPHA, ops[1]),
                (rs::BLENDFACTOR, constant),
            ]
        },
    );
    let masks = [0u32..16, 0u32..16, 0u32..16, 0u32..16].prop_map(|masks| {
        let first = [rs::COLORWRITEENABLE].into_iter().chain(rs::COLORWRITEENABLE1..);
        first.zip(masks).collect()
    });
    let fog = (0u32..4, 0u32..4, any::<u32>(), [0u8..16, 0u8..16, 0u8..16]).prop_map(
        |(table, vertex, color, v)| {
            let [start, end, density] = v.map(|v| (f32::from(v) / 4.0 + 0.125).to_bits());
            vec![
                (rs::FOGENABLE, 1),
                (rs::FOGTABLEMODE, table),
                (rs::FOGVERTEXMODE, vertex),
                (rs::FOGCOLOR, color),
                (rs::FOGSTART, start),
                // Never where it starts: the distance divides.
                (rs::FOGEND, if end == start { 8.0f32.to_bits() } else { end }),
                (rs::FOGDENSITY, density),
            ]
        },
    );
    let test = (1u32..=8, any::<u8>()).prop_map(|(func, reference)| {
        vec![(rs::ALPHATESTENABLE, 1), (rs::ALPHAFUNC, func), (rs::ALPHAREF, reference.into())]
    });
    prop_oneof![
        4 => stencil,
        3 => depth,
        4 => blend,
        1 => masks,
        2 => fog,
        2 => test,
        1 => (1u32..=3).prop_map(|cull| vec![(rs::CULLMODE, cull)]),
        1 => (1u32..=2).prop_map(|shade| vec![(rs::SHADEMODE, shade)]),
        1 => Just(vec![(rs::SCISSORTESTENABLE, 1)]),
        1 => Just(vec![(rs::SRGBWRITEENABLE, 1)]),
        1 => Just(vec![(rs::SLOPESCALEDEPTHBIAS, 2.0f32.to_bits())]),
    ]
}

fn sampler9() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![
        3 => (ss::ADDRESSU..=ss::ADDRESSU + 2, 1u32..=3),
        3 => (ss::MAGFILTER..=ss::MINFILTER, 1u32..=2),
        2 => (Just(ss::MIPFILTER), 0u32..=2),
        1 => (Just(ss::MAXMIPLEVEL), 0u32..=2),
        1 => (Just(ss::SRGBTEXTURE), 0u32..=1),
    ]
}

fn clear() -> impl Strategy<Value = Step> {
    (outputs(), 1u8..8, any::<[u8; 4]>(), 0u8..=16, any::<u8>()).prop_map(
        |(outputs, flags, color, depth, stencil)| Step::Clear { outputs, flags, color, depth, stencil },
    )
}

fn present() -> impl Strategy<Value = Step> {
    outputs().prop_map(|outputs| Step::Present { outputs })
}

fn submit() -> impl Strategy<Value = Step> {
    (0u8..2).prop_map(|context| Step::Submit { context })
}

fn copies() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..6, part(), any::<u16>()).prop_map(|(texture, part, seed)| Step::UploadTexture {
            texture,
            part,
            seed
        }),
        (0u8..4, 0u8..96, 0u8..96, any::<u16>()).prop_map(|(buffer, start, len, seed)| Step::UploadBuffer {
            buffer,
            start,
            len,
            seed
        }),
        (0u8..8, any::<u16>()).prop_map(|(resource, seed)| Step::GuestWrites { resource, seed }),
        (0u8..6, 0u8..6, part(), part(), [0u8..32, 0u8..32], any::<bool>()).prop_map(
            |(from, to, from_part, to_part, size, write_back)| Step::CopyTexture {
                from,
                to,
                from_part,
                to_part,
                size,
                write_back
            }
        ),
        (0u8..4, 0u8..4, 0u8..96, 0u8..96, 0u8..96, any::<bool>()).prop_map(
            |(from, to, from_start, to_start, len, write_back)| Step::CopyBuffer {
                from,
                to,
                from_start,
                to_start,
                len,
                write_back
            }
        ),
        (0u8..6).prop_map(|texture| Step::Share { texture }),
        submit(),
    ]
}

fn draw(wild: bool) -> impl Strategy<Value = Draw> {
    let shape = (
        prop_oneof![30 => select(&TOPOLOGIES[..6]), 1 => select(&TOPOLOGIES[6..])],
        vec([-160i16..160, -160i16..160], 3..=9),
        0u8..=18,
        prop_oneof![3 => Just(0u8), 1 => 0u8..4],
    );
    let vertices = (
        any::<u16>(),
        any::<u8>(),
        prop::bool::weighted(0.2),
        prop_oneof![3 => Just(1u8), 1 => 1u8..=3],
        0u8..3,
        option::weighted(0.3, index()),
        prop_oneof![4 => Just(0u8), 1 => 0u8..3],
    );
    let shaders = (vertex(wild), pixel(wild), source());
    let state = (
        option::weighted(0.4, blend()),
        prop_oneof![4 => Just(15u8), 1 => 0u8..16],
        option::weighted(0.4, depth()),
        option::weighted(0.1, any::<[u8; 2]>()),
        raster(),
    );
    (outputs(), shape, vertices, shaders, state).prop_map(|(outputs, shape, vertices, shaders, state)| Draw {
        outputs,
        topology: shape.0,
        positions: shape.1,
        depth: shape.2,
        w: shape.3,
        seed: vertices.0,
        color_format: vertices.1,
        per_instance: vertices.2,
        instances: vertices.3,
        first: vertices.4,
        index: vertices.5,
        vertex: shaders.0,
        pixel: shaders.1,
        source: shaders.2,
        blend: state.0,
        write_mask: state.1,
        test: state.2,
        stencil: state.3,
        raster: state.4,
        step_rate: 1,
        first_instance: vertices.6,
        stages: None,
    })
}

fn index() -> impl Strategy<Value = Index> {
    (any::<bool>(), 0u8..4, prop_oneof![2 => Just(0u8), 1 => 1u8..6]).prop_map(|(wide, base, cut)| Index {
        wide,
        base,
        cut,
    })
}

fn vertex(wild: bool) -> impl Strategy<Value = Vertex> {
    let random = u32::from(wild);
    prop_oneof![
        6 => Just(Vertex::Pass),
        2 => Just(Vertex::Instance),
        2 => Just(Vertex::Number),
        random => (any::<u16>(), 1u8..40).prop_map(|(seed, size)| Vertex::Random(seed, size)),
    ]
}

fn pixel(wild: bool) -> impl Strategy<Value = Pixel> {
    let random = if wild { 3 } else { 1 };
    prop_oneof![
        3 => Just(Pixel::Flat),
        2 => Just(Pixel::Smooth),
        1 => Just(Pixel::Linear),
        1 => Just(Pixel::Constant),
        2 => Just(Pixel::Position),
        1 => Just(Pixel::Discard),
        1 => Just(Pixel::OwnDepth),
        2 => (0u8..3).prop_map(Pixel::Fetch),
        2 => (0u8..3).prop_map(Pixel::Level),
        1 => Just(Pixel::Sample),
        2 => (any::<u8>(), [-32i8..32, -32i8..32, -32i8..32]).prop_map(|(op, values)| Pixel::Float(Float { op, values })),
        2 => (0..table::PIXEL_ROWS[1]).prop_map(Pixel::Table),
        random => (any::<u16>(), 1u8..60).prop_map(|(seed, size)| Pixel::Random(seed, size)),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    (
        0u8..6,
        option::of(part()),
        prop::bool::weighted(0.2),
        any::<bool>(),
        [0u8..3, 0u8..3],
        prop::bool::weighted(0.1),
    )
        .prop_map(|(texture, view, twin, linear, address, absent)| Source {
            texture,
            view,
            twin,
            linear,
            address,
            absent,
        })
}

fn blend() -> impl Strategy<Value = Blend> {
    use BlendFactor as F;
    let factor = || {
        select(
            &[
                F::One,
                F::Zero,
                F::SrcAlpha,
                F::InvSrcAlpha,
                F::DestAlpha,
                F::InvDestAlpha,
                F::Constant,
                F::InvConstant,
            ][..],
        )
    };
    let op =
        || select(&[BlendOp::Add, BlendOp::Subtract, BlendOp::RevSubtract, BlendOp::Min, BlendOp::Max][..]);
    ([factor(), factor(), factor(), factor()], [op(), op()], any::<[u8; 4]>())
        .prop_map(|(factors, ops, constant)| Blend { factors, ops, constant })
}

fn depth() -> impl Strategy<Value = Depth> {
    use CompareFunc as C;
    let func = select(
        &[C::Always, C::Less, C::LessEqual, C::Greater, C::GreaterEqual, C::Equal, C::NotEqual, C::Never][..],
    );
    (func, any::<bool>()).prop_map(|(func, write)| Depth { func, write })
}

fn raster() -> impl Strategy<Value = Raster> {
    (
        prop_oneof![3 => Just(CullMode::None), 1 => Just(CullMode::Back), 1 => Just(CullMode::Front)],
        any::<bool>(),
        option::weighted(0.3, any::<[u8; 4]>()),
        option::weighted(0.3, any::<[u8; 4]>()),
        prop_oneof![3 => Just([0u8, 16]), 1 => [0u8..17, 0u8..17]],
        prop::bool::weighted(0.2),
        prop_oneof![6 => Just(0i8), 1 => any::<i8>()],
    )
        .prop_map(|(cull, ccw, scissor, viewport, range, clamp, bias)| Raster {
            fill: FillMode::Solid,
            bias,
            cull,
            ccw,
            scissor,
            viewport,
            range,
            clamp,
        })
}

fn dispatch() -> impl Strategy<Value = Dispatch> {
    let kernel = prop_oneof![
        2 => Just(Kernel::Number),
        1 => Just(Kernel::Atomic),
        1 => Just(Kernel::Shared),
        4 => (0..table::kernel_rows()[1]).prop_map(Kernel::Table),
        4 => (any::<u16>(), 1u8..80).prop_map(|(seed, size)| Kernel::Random(seed, size)),
    ];
    (kernel, 0u8..4, 0u8..4, [0u8..3, 0u8..3]).prop_map(|(kernel, target, source, groups)| Dispatch {
        kernel,
        target,
        source,
        groups,
    })
}
