//! The shaders between the vertex shader and the rasterizer, and whether they fit together.

use std::borrow::Cow;

use aerogpu_dxbc::shader::{Domain, InputPrimitive};
use aerogpu_dxbc::signature::Signature;
use aerogpu_protocol::packets::PrimitiveTopology;
use aerogpu_raster::primitive::{PrimitiveBatch, VertexBatch};

use super::geometry::{GeometryStage, rasterized_outputs};
use super::primitives::{Primitives, RasterLink};
use super::shader::BoundShader;
use super::tessellation::{TessellationStage, output_shape};
use crate::budget::Budget;
use crate::cycles::Work;
use crate::executor::Failure;

/// The optional shaders of a draw.
#[derive(Debug, Default)]
pub struct OptionalShaders {
    /// Hull shader; bound with the domain shader or not at all.
    pub hull: Option<BoundShader>,
    /// Domain shader.
    pub domain: Option<BoundShader>,
    /// Geometry shader.
    pub geometry: Option<BoundShader>,
}

/// Why the bound shaders and the topology cannot draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// A shader of another stage, or one of Direct3D 9 after the vertex shader, is bound.
    #[error("what is bound as {0} is none")]
    Kind(&'static str),
    /// One of the two is missing.
    #[error("hull and domain shaders must be bound together")]
    HalfTessellation,
    /// Hull shaders take patches and nothing else.
    #[error("a hull shader of {shader} control points cannot take {topology:?}")]
    HullInput {
        /// Control points that the shader takes.
        shader: usize,
        /// What is drawn.
        topology: PrimitiveTopology,
    },
    /// The domain shader was made for another hull shader.
    #[error(
        "a domain shader of {domain_points} points in {domain:?} cannot follow a hull shader of {hull_points} in {hull:?}"
    )]
    DomainInput {
        /// Control points that the hull shader gives.
        hull_points: usize,
        /// The hull shader's domain.
        hull: Domain,
        /// Control points that the domain shader takes.
        domain_points: usize,
        /// The domain shader's domain.
        domain: Domain,
    },
    /// The geometry shader takes other primitives than it is given.
    #[error("a geometry shader of {shader:?} cannot take {given:?}")]
    GeometryInput {
        /// What the shader takes.
        shader: InputPrimitive,
        /// What it would get.
        given: InputPrimitive,
    },
    /// The rasterizer does not take patches.
    #[error("patch lists need hull and domain shaders, or a geometry shader that takes them")]
    Patches,
}

impl OptionalShaders {
    /// Checks that the shaders fit each other and `topology` (d3d-rules §4.10).
    pub fn check(&self, topology: PrimitiveTopology) -> Result<(), StageError> {
        let given = match (&self.hull, &self.domain) {
            (None, None) => topology_primitive(topology),
            (Some(hull), Some(domain)) => tessellated_primitive(topology, hull, domain)?,
            _ => return Err(StageError::HalfTessellation),
        };
        match &self.geometry {
            Some(bound) => {
                let info = bound.program().geometry();
                let shader = info.ok_or(StageError::Kind("geometry shader"))?.input;
                if shader == given { Ok(()) } else { Err(StageError::GeometryInput { shader, given }) }
            }
            None if matches!(given, InputPrimitive::Patch(_)) => Err(StageError::Patches),
            None => Ok(()),
        }
    }

    /// The outputs that reach the rasterizer when the vertex shader's are `vertex`.
    pub fn rasterized<'a>(&'a self, vertex: &'a Signature) -> Cow<'a, Signature> {
        let program = |bound: &'a Option<BoundShader>| bound.as_ref().map(BoundShader::program);
        match (program(&self.geometry), program(&self.domain)) {
            (Some(geometry), _) => Cow::Owned(rasterized_outputs(geometry)),
            (None, Some(domain)) => Cow::Borrowed(&domain.signatures().outputs),
            (None, None) => Cow::Borrowed(vertex),
        }
    }
}

/// The primitives of a topology as a geometry shader declares them.
fn topology_primitive(topology: PrimitiveTopology) -> InputPrimitive {
    use PrimitiveTopology as T;
    match topology {
        T::PointList => InputPrimitive::Point,
        T::LineList | T::LineStrip => InputPrimitive::Line,
        T::TriangleList | T::TriangleStrip | T::TriangleFan => InputPrimitive::Triangle,
        T::LineListAdj | T::LineStripAdj => InputPrimitive::LineAdjacency,
        T::TriangleListAdj | T::TriangleStripAdj => InputPrimitive::TriangleAdjacency,
        T::PatchList(points) => InputPrimitive::Patch(points),
    }
}

/// What comes out of a tessellator, if its shaders fit.
fn tessellated_primitive(
    topology: PrimitiveTopology,
    hull: &BoundShader,
    domain: &BoundShader,
) -> Result<InputPrimitive, StageError> {
    let hull = hull.program().hull().ok_or(StageError::Kind("hull shader"))?;
    let domain = domain.program().domain().ok_or(StageError::Kind("domain shader"))?;
    if !matches!(topology, PrimitiveTopology::PatchList(points) if usize::from(points) == hull.input_points) {
        return Err(StageError::HullInput { shader: hull.input_points, topology });
    }
    if (hull.output_points, hull.domain) != (domain.input_points, domain.domain) {
        return Err(StageError::DomainInput {
            hull_points: hull.output_points,
            hull: hull.domain,
            domain_points: domain.input_points,
            domain: domain.domain,
        });
    }
    Ok(match output_shape(hull).vertices {
        1 => InputPrimitive::Point,
        2 => InputPrimitive::Line,
        _ => InputPrimitive::Triangle,
    })
}

/// Where the draw's primitives go.
pub type Queue<'a> = dyn FnMut(VertexBatch, PrimitiveBatch) -> Result<(), Failure> + 'a;

/// The stages after the vertex shader, wired for one draw.
#[derive(Debug)]
pub struct Stages<'a> {
    tessellation: Option<TessellationStage<'a>>,
    geometry: Option<GeometryStage<'a>>,
    raster: RasterLink,
}

impl<'a> Stages<'a> {
    /// Wires shaders that [fit](OptionalShaders::check) to a vertex shader's outputs. What they do is taken from `budget`.
    pub fn new(shaders: &'a OptionalShaders, vertex: &Signature, budget: &'a Budget) -> Self {
        let (hull, domain) = (shaders.hull.as_ref(), shaders.domain.as_ref());
        let tessellation = hull.zip(domain).and_then(|(h, d)| TessellationStage::new(h, d, vertex, budget));
        let domain = domain.map(BoundShader::program);
        let producer = domain.map_or(vertex, |domain| &domain.signatures().outputs);
        let geometry = shaders.geometry.as_ref();
        let geometry = geometry.and_then(|bound| GeometryStage::new(bound, producer, budget));
        Self { tessellation, geometry, raster: RasterLink::new(&shaders.rasterized(vertex)) }
    }

    /// The way to the rasterizer, when no stage lies between it and the vertex shader.
    pub fn link(&self) -> Option<&RasterLink> {
        (self.tessellation.is_none() && self.geometry.is_none()).then_some(&self.raster)
    }

    /// Runs the stages over primitives; what is left reaches `queue`.
    pub fn run(&self, primitives: Primitives, work: &mut Work, queue: &mut Queue<'_>) -> Result<(), Failure> {
        let mut after_tessellation = |primitives: Primitives, work: &mut Work| {
            let mut rasterize = |primitives: Primitives, _: &mut Work| match self.raster.batches(primitives) {
                Some((vertices, primitives)) => queue(vertices, primitives),
                None => Ok(()),
            };
            match &self.geometry {
                Some(geometry) => geometry.run(&primitives, work, &mut rasterize),
                None => rasterize(primitives, work),
            }
        };
        match &self.tessellation {
            Some(tessellation) => tessellation.run(&primitives, work, &mut after_tessellation),
            None => after_tessellation(primitives, work),
        }
    }
}
