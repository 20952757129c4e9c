//! The value that is generated and shrunk.
//!
//! Numbers that choose among things of the scene are taken modulo how many there are; coordinates modulo the size.

use aerogpu_protocol::Format;
use aerogpu_protocol::packets::{BlendFactor, BlendOp, CompareFunc, CullMode, FillMode, PrimitiveTopology};

/// Resources, and what happens to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Created first; never empty.
    pub textures: Vec<Texture>,
    /// Created first; never empty.
    pub buffers: Vec<Buffer>,
    /// In order.
    pub steps: Vec<Step>,
}

/// A texture with made-up contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texture {
    /// Any but the depth formats have contents from `seed`.
    pub format: Format,
    /// Powers of two: width and height are `1 << size`. Compressed ones are 4 texels at least.
    pub size: [u8; 2],
    /// As far as the size has them.
    pub mips: u8,
    /// 1 or more.
    pub layers: u8,
    /// Lies in guest memory.
    pub backed: bool,
    /// Of the contents.
    pub seed: u16,
}

/// A buffer with made-up contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffer {
    /// Words of four bytes; 1 or more.
    pub words: u8,
    /// Lies in guest memory.
    pub backed: bool,
    /// Of the contents.
    pub seed: u16,
}

/// Which subresource, and which part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Mip level.
    pub mip: u8,
    /// Array layer.
    pub layer: u8,
    /// Left and top.
    pub origin: [u8; 2],
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Clears targets.
    Clear {
        /// What is bound.
        outputs: Outputs,
        /// `ClearFlags`.
        flags: u8,
        /// Of 255.
        color: [u8; 4],
        /// Of 16.
        depth: u8,
        /// As it is.
        stencil: u8,
    },
    /// Replaces rows of a texture that is not in guest memory.
    UploadTexture {
        /// Which.
        texture: u8,
        /// From its top on.
        part: Part,
        /// Of the contents.
        seed: u16,
    },
    /// Replaces words of a buffer that is not in guest memory.
    UploadBuffer {
        /// Which.
        buffer: u8,
        /// First word.
        start: u8,
        /// Words.
        len: u8,
        /// Of the contents.
        seed: u16,
    },
    /// The guest changes memory behind a resource and says so.
    GuestWrites {
        /// Among the resources in guest memory.
        resource: u8,
        /// Of the contents.
        seed: u16,
    },
    /// Copies a rectangle to a texture of the same format.
    CopyTexture {
        /// Source.
        from: u8,
        /// Destination.
        to: u8,
        /// Where from.
        from_part: Part,
        /// Where to.
        to_part: Part,
        /// Extent.
        size: [u8; 2],
        /// Into guest memory too, where there is some.
        write_back: bool,
    },
    /// Copies words.
    CopyBuffer {
        /// Source.
        from: u8,
        /// Destination.
        to: u8,
        /// First word of the source.
        from_start: u8,
        /// First word of the destination.
        to_start: u8,
        /// Words.
        len: u8,
        /// Into guest memory too, where there is some.
        write_back: bool,
    },
    /// Draws.
    Draw(Box<Draw>),
    /// Draws as Direct3D 9 does.
    Draw9(Box<Draw9>),
    /// Computes.
    Dispatch(Dispatch),
    /// Binds resources and constants to slots of a stage that nothing reads.
    Bind {
        /// Of 6.
        stage: u8,
        /// Of the contents.
        seed: u16,
    },
    /// Exports a texture and goes on under an imported handle.
    Share {
        /// Which.
        texture: u8,
    },
    /// Ends the submission; the next one is of this context.
    Submit {
        /// Of 2.
        context: u8,
    },
    /// Presents the targets that are bound.
    Present {
        /// The first is shown.
        outputs: Outputs,
    },
}

/// Render targets and a depth buffer, all of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// Textures to draw to; those that cannot be are left out.
    pub colors: Vec<u8>,
    /// A depth texture of the same size, if there is one.
    pub depth: bool,
    /// Which subresource of the first; the others follow.
    pub part: Part,
    /// Through a view even where the texture would do.
    pub view: bool,
    /// The view's format is the texture's twin with or without sRGB.
    pub twin: bool,
}

/// A draw with all of its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// Render targets.
    pub outputs: Outputs,
    /// How vertices form primitives.
    pub topology: PrimitiveTopology,
    /// Positions in sixteenths of a pixel from the middle of the viewport.
    pub positions: Vec<[i16; 2]>,
    /// Depth of the whole draw, of 16.
    pub depth: u8,
    /// Divides x, y, z and w alike: 1, 2, 4 and 8 by number.
    pub w: u8,
    /// Of colours and other attributes.
    pub seed: u16,
    /// DXGI format of the colour, by number among those that vertices may have.
    pub color_format: u8,
    /// The colour steps with instances.
    pub per_instance: bool,
    /// Instances a step.
    pub step_rate: u8,
    /// The first instance.
    pub first_instance: u8,
    /// Instances: 1 to 3.
    pub instances: u8,
    /// Vertices or indices that are not drawn.
    pub first: u8,
    /// Through an index buffer.
    pub index: Option<Index>,
    /// Where vertices go.
    pub vertex: Vertex,
    /// What pixels become.
    pub pixel: Pixel,
    /// The texture of `t0`.
    pub source: Source,
    /// Blending; off when absent.
    pub blend: Option<Blend>,
    /// Components that are written.
    pub write_mask: u8,
    /// Depth test; off when absent.
    pub test: Option<Depth>,
    /// Masks of reading and writing of a stencil test; off when absent. The packets have no operations.
    pub stencil: Option<[u8; 2]>,
    /// Rasterizer state.
    pub raster: Raster,
    /// Geometry or tessellation shaders, as the topology needs them, by number.
    pub stages: Option<u8>,
}

/// A draw with Direct3D 9's shaders and states.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw9 {
    /// Render targets.
    pub outputs: Outputs,
    /// How vertices form primitives.
    pub topology: PrimitiveTopology,
    /// Positions in sixteenths of a pixel from the middle of the viewport.
    pub positions: Vec<[i16; 2]>,
    /// Depth of the whole draw, of 16.
    pub depth: u8,
    /// Divides x, y, z and w alike: 1, 2, 4 and 8 by number.
    pub w: u8,
    /// Of colours and constants.
    pub seed: u16,
    /// `D3DDECLTYPE` of the colour.
    pub declaration: u8,
    /// The declaration says `POSITIONT`.
    pub transformed: bool,
    /// Through an index buffer, from the last vertex to the first.
    pub indexed: bool,
    /// Vertex shader, by number.
    pub vertex: u8,
    /// Pixel shader, by number.
    pub pixel: u8,
    /// The texture of stage 0.
    pub source: Source,
    /// Render states, set in this order after those that every draw begins with.
    pub states: Vec<Vec<(u32, u32)>>,
    /// Sampler states of stage 0.
    pub samplers: Vec<(u32, u32)>,
    /// Viewport, scissor rectangle and depth range; the rest of it is in the states.
    pub raster: Raster,
}

/// An index buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// 32 bits instead of 16.
    pub wide: bool,
    /// Added by the draw, subtracted from the indices.
    pub base: u8,
    /// After so many indices comes a cut; 0 for none.
    pub cut: u8,
}

/// What a vertex shader does; it passes a colour on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vertex {
    /// As it is.
    Pass,
    /// Each instance a pixel further right.
    Instance,
    /// The colour is the vertex's number.
    Number,
    /// A random program makes the colour.
    Random(u16, u8),
}

/// What a pixel shader does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixel {
    /// The leading vertex's colour.
    Flat,
    /// The interpolated colour.
    Smooth,
    /// The same without perspective.
    Linear,
    /// A constant.
    Constant,
    /// A pattern of the position.
    Position,
    /// A pattern, with every other pixel discarded.
    Discard,
    /// A pattern, with a depth of its own.
    OwnDepth,
    /// A texel of a mip level.
    Fetch(u8),
    /// A sample of a mip level.
    Level(u8),
    /// A sample of the mip level that follows from the derivatives.
    Sample,
    /// One instruction on constants.
    Float(Float),
    /// A row of the table of instructions that only pixels have.
    Table(u8),
    /// A random program on the flat colour.
    Random(u16, u8),
}

/// One instruction on constants of sixteenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float {
    /// By number in the table of such instructions.
    pub op: u8,
    /// Sixteenths.
    pub values: [i8; 3],
}

/// What `t0` and `s0` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Which texture.
    pub texture: u8,
    /// Through a view that begins there.
    pub view: Option<Part>,
    /// The view's format is the texture's twin.
    pub twin: bool,
    /// Linear instead of nearest.
    pub linear: bool,
    /// Address modes, by number.
    pub address: [u8; 2],
    /// Nothing is bound.
    pub absent: bool,
}

/// Blending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blend {
    /// Source and destination of colour, then of alpha.
    pub factors: [BlendFactor; 4],
    /// Of colour, then of alpha.
    pub ops: [BlendOp; 2],
    /// Of 255.
    pub constant: [u8; 4],
}

/// A depth test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Comparison.
    pub func: CompareFunc,
    /// Writes.
    pub write: bool,
}

/// Rasterizer state, viewport and scissor rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raster {
    /// Filled or outlined.
    pub fill: FillMode,
    /// Added to depth, in its least steps.
    pub bias: i8,
    /// Which faces are left out.
    pub cull: CullMode,
    /// Counter-clockwise is front.
    pub ccw: bool,
    /// Left, top, right, bottom, in pixels.
    pub scissor: Option<[u8; 4]>,
    /// Left and top, and width and height as powers of two; the target's when absent.
    pub viewport: Option<[u8; 4]>,
    /// Depth range, of 16.
    pub range: [u8; 2],
    /// Depth is clamped instead of clipped.
    pub clamp: bool,
}

impl Default for Raster {
    /// Everything is drawn, to all of the target.
    fn default() -> Self {
        Self {
            fill: FillMode::Solid,
            bias: 0,
            cull: CullMode::None,
            ccw: false,
            scissor: None,
            viewport: None,
            range: [0, 16],
            clamp: false,
        }
    }
}

/// A compute shader and how often it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatch {
    /// What it does.
    pub kernel: Kernel,
    /// Buffer that is written.
    pub target: u8,
    /// Buffer that is read.
    pub source: u8,
    /// Groups: 1 to 3.
    pub groups: [u8; 2],
}

/// What a compute shader does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// A number for each thread.
    Number,
    /// Adds atomically.
    Atomic,
    /// Copies through group-shared memory.
    Shared,
    /// A random program.
    Random(u16, u8),
    /// A row of the table of instructions.
    Table(u8),
}
