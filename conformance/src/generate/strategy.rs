//! How scenes are drawn by lot, from simple to wild, and made smaller.

use aerogpu_protocol::Format;
use aerogpu_protocol::packets::{BlendFactor, BlendOp, CompareFunc, CullMode, PrimitiveTopology};
use proptest::prelude::*;
use proptest::{collection::vec, option, sample::select};

use super::scene::*;

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
        5 => scene(Level::Wild),
    ]
}

/// Scenes of one level.
pub fn scene(level: Level) -> impl Strategy<Value = Scene> {
    let (textures, steps) = match level {
        Level::Clears | Level::Draw => (1..=3, 1..=3),
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
        Level::Compute => prop_oneof![3 => dispatch, 1 => copies()].boxed(),
        Level::Wild => prop_oneof![
            2 => clear(),
            3 => copies(),
            4 => draw,
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
    );
    let shaders = (vertex(wild), pixel(wild), source());
    let state = (
        option::weighted(0.4, blend()),
        prop_oneof![4 => Just(15u8), 1 => 0u8..16],
        option::weighted(0.4, depth()),
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
        raster: state.3,
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
    )
        .prop_map(|(cull, ccw, scissor, viewport, range, clamp)| Raster {
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
        4 => (any::<u16>(), 1u8..80).prop_map(|(seed, size)| Kernel::Random(seed, size)),
    ];
    (kernel, 0u8..4, 0u8..4, [0u8..3, 0u8..3]).prop_map(|(kernel, target, source, groups)| Dispatch {
        kernel,
        target,
        source,
        groups,
    })
}
