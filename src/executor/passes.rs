//! The pass that is open: queued draws and clears to one set of targets.
//!
//! A pass is flushed when the targets change, when something reads or overwrites one of them, at a present, and at the end
//! of the submission. What queued draws *read* needs no flush: they hold the contents that they were recorded with.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aerogpu_raster::format::Format;
use aerogpu_raster::front::{Front, SetUp};
use aerogpu_raster::pass::{Pass, PassOptions, TargetLayout, Targets};
use aerogpu_raster::primitive::{PrimitiveBatch, VertexBatch};
use aerogpu_raster::state::Rect;
use aerogpu_raster::surface::Image;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::{Execution, Failure, Options};
use crate::backend::CommandError;
use crate::budget::{Budget, Spent};
use crate::limits;
use crate::pipeline::bindings::Held;
use crate::pipeline::draw::Draw;
use crate::resources::{ResourceError, ResourceId, ResourceTable, Subresources, raster_format};
use crate::state::Bound;

/// A subresource that is drawn to: one mip level, and as many layers as its view has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attachment {
    pub(super) texture: ResourceId,
    pub(super) format: Format,
    mip: u32,
    layer: u32,
    layers: u32,
    width: u32,
    height: u32,
}

impl Attachment {
    /// What is drawn to.
    pub(super) fn subresources(&self) -> Subresources {
        Subresources {
            texture: self.texture,
            mips: self.mip..self.mip + 1,
            layers: self.layer..self.layer + self.layers,
        }
    }

    /// True when nothing of it lies outside `rect`.
    pub(super) fn is_inside(&self, rect: &Rect) -> bool {
        rect.left <= 0
            && rect.top <= 0
            && i64::from(rect.right) >= i64::from(self.width)
            && i64::from(rect.bottom) >= i64::from(self.height)
    }
}

/// The targets that a context has bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attachments {
    pub(super) colors: [Option<Attachment>; 8],
    pub(super) depth_stencil: Option<Attachment>,
}

impl Attachments {
    pub(super) fn all(&self) -> impl Iterator<Item = &Attachment> {
        self.colors.iter().flatten().chain(&self.depth_stencil)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// Pixels that lie in every target.
    pub(super) fn extent(&self) -> (u32, u32) {
        self.all().fold((u32::MAX, u32::MAX), |(w, h), a| (w.min(a.width), h.min(a.height)))
    }

    /// The targets as one set, or each by itself when their sizes differ: a pass covers what lies in all of its targets, but
    /// a clear covers each whole.
    pub(super) fn by_size(&self) -> Vec<Self> {
        let extent = |a: &Attachment| (a.width, a.height, a.layers);
        let mut sizes = self.all().map(extent);
        let first = sizes.next();
        if sizes.all(|size| Some(size) == first) {
            return vec![*self];
        }
        let color = |i: usize| Self {
            colors: std::array::from_fn(|j| self.colors[j].filter(|_| i == j)),
            ..Self::default()
        };
        let depth = Self { depth_stencil: self.depth_stencil, ..Self::default() };
        (0..8).map(color).chain([depth]).filter(|part| !part.is_empty()).collect()
    }

    /// Tiles of one layer of the targets.
    fn tiles(&self, size: u32) -> u64 {
        let (width, height) = self.extent();
        u64::from(width.div_ceil(size)) * u64::from(height.div_ceil(size))
    }

    /// Takes what it costs to put a clear of each target into the lists of all tiles.
    pub(super) fn spend_clears(&self, budget: &Budget, tile_size: u32) -> Result<(), Spent> {
        let layers: u64 = self.all().map(|a| u64::from(a.layers)).sum();
        budget.spend(self.tiles(tile_size) * layers)
    }

    /// Bytes of all targets.
    fn bytes(&self) -> u64 {
        let bytes = |a: &Attachment| {
            let texels = u64::from(a.width) * u64::from(a.height) * u64::from(a.layers);
            texels * a.format.block_bytes() as u64
        };
        self.all().map(bytes).sum()
    }

    /// Primitives in parts that are queued one after the other: one may be in the list of every tile.
    fn parts(&self, range: Range<usize>, tile_size: u32) -> impl Iterator<Item = Range<usize>> + use<> {
        let most = (limits::TILE_ENTRIES as u64 / self.tiles(tile_size).max(1)).max(1) as usize;
        range.clone().step_by(most).map(move |first| first..(first + most).min(range.end))
    }

    fn layout(&self) -> TargetLayout {
        let (width, height) = self.extent();
        TargetLayout {
            colors: self.colors.map(|a| a.map(|a| a.format)),
            depth_stencil: self.depth_stencil.map(|a| a.format),
            width,
            height,
            layers: self.all().map(|a| a.layers).min().unwrap_or(1),
            samples: 1,
        }
    }
}

/// Queued work and where it goes.
pub(super) struct OpenPass {
    pub(super) attachments: Attachments,
    pub(super) pass: Pass,
    /// The number of each queued draw among the commands that are counted.
    draws: Vec<usize>,
    /// Byte offset and name of the packet that opened it, and of the first draw.
    opened: (usize, &'static str),
    first_draw: Option<(usize, &'static str)>,
    /// Addresses of the contents that queued draws hold on to, and their bytes.
    held: FxHashSet<usize>,
    held_bytes: usize,
}

impl Execution<'_, '_> {
    /// The targets that the context has bound, checked.
    pub(super) fn attachments(&mut self) -> Result<Attachments, Failure> {
        let context = self.context();
        let (colors, depth_stencil) = (context.colors, context.depth_stencil);
        let mut attachments = Attachments::default();
        for (slot, bound) in attachments.colors.iter_mut().zip(colors) {
            *slot = self.attachment(bound)?;
            if let Some(a) = slot.filter(|a| a.format.is_depth() || a.format.is_block_compressed()) {
                return Err(format_use(a.format, "a colour target"));
            }
        }
        attachments.depth_stencil = self.attachment(depth_stencil)?;
        if let Some(a) = attachments.depth_stencil.filter(|a| !a.format.is_depth()) {
            return Err(format_use(a.format, "a depth-stencil target"));
        }
        let all: Vec<&Attachment> = attachments.all().collect();
        for (i, a) in all.iter().enumerate() {
            if all[..i].iter().any(|b| a.subresources().overlaps(&b.subresources())) {
                return Err(Failure::NotBound("a subresource is bound as two render targets"));
            }
        }
        Ok(attachments)
    }

    fn attachment(&self, bound: Bound) -> Result<Option<Attachment>, Failure> {
        let resources = &self.renderer.resources;
        let unknown = |handle| Failure::from(ResourceError::Unknown { kind: "render target", handle });
        match self.at_use(bound)? {
            Bound::None => Ok(None),
            Bound::Unknown(handle) => Err(unknown(handle)),
            Bound::Resource(id) => {
                let desc = &resources.texture(id).ok_or_else(|| unknown(id.0))?.desc;
                let (width, height) = (desc.width, desc.height);
                let format = raster_format(desc.format);
                Ok(Some(Attachment {
                    texture: id,
                    format,
                    mip: 0,
                    layer: 0,
                    layers: desc.array_layers,
                    width,
                    height,
                }))
            }
            Bound::View(handle) => {
                let view = resources.view(handle).ok_or_else(|| unknown(handle))?;
                let desc = &resources.texture(view.texture).ok_or_else(|| unknown(handle))?.desc;
                let (width, height) = desc.mip_size(view.base_mip);
                Ok(Some(Attachment {
                    texture: view.texture,
                    format: raster_format(view.format),
                    mip: view.base_mip,
                    layer: view.base_layer,
                    layers: view.array_layers,
                    width,
                    height,
                }))
            }
        }
    }

    /// The pass for these targets: the open one, or a new one after the open one is flushed.
    pub(super) fn pass_for(&mut self, attachments: Attachments) -> Result<&mut Pass, Failure> {
        self.flush_unless_to(&attachments);
        for attachment in attachments.all() {
            self.refresh_texture(&attachment.subresources())?;
        }
        let options = pass_options(&self.renderer.options);
        let renderer = &mut *self.renderer;
        let open = renderer.pass.get_or_insert_with(|| OpenPass {
            attachments,
            pass: {
                let layout = attachments.layout();
                let spare = renderer.spare_pass.take().filter(|pass| *pass.layout() == layout);
                spare.unwrap_or_else(|| Pass::new(layout, options))
            },
            draws: Vec::new(),
            opened: self.packet,
            first_draw: None,
            held: FxHashSet::default(),
            held_bytes: 0,
        });
        Ok(&mut open.pass)
    }

    /// Flushes when queued work draws to other targets.
    pub(super) fn flush_unless_to(&mut self, attachments: &Attachments) {
        if self.renderer.pass.as_ref().is_some_and(|open| open.attachments != *attachments) {
            self.flush_pass();
        }
    }

    /// Queues some primitives of a batch, and draws what is queued when it is much: memory does not grow with the work.
    pub(super) fn queue(
        &mut self,
        attachments: Attachments,
        number: usize,
        draw: &Draw,
        (vertices, primitives): (&Arc<VertexBatch>, &Arc<PrimitiveBatch>),
        range: Range<usize>,
        set_up: &mut [Option<SetUp>],
    ) -> Result<(), Failure> {
        let mut set_up = set_up.iter_mut();
        for part in attachments.parts(range, self.renderer.options.tile_size) {
            let pass = self.pass_for(attachments)?;
            let before = pass.queueing_cost();
            pass.draw_range(&draw.state, vertices, primitives, part, set_up.next().and_then(Option::as_mut));
            let (cost, draws) = (pass.queueing_cost() - before, pass.draws());
            if let Some(open) = &mut self.renderer.pass {
                open.draws.resize(draws, number);
            }
            self.budget.spend(cost)?;
            self.hold(&draw.held)?;
            self.flush_if_large();
        }
        Ok(())
    }

    /// Notes that a draw is queued, and what it shares with the resources that it reads.
    fn hold(&mut self, held: &[Held]) -> Result<(), Failure> {
        let Some(open) = &mut self.renderer.pass else { return Ok(()) };
        open.first_draw.get_or_insert(self.packet);
        for held in held {
            if open.held.insert(held.address) {
                open.held_bytes = open.held_bytes.saturating_add(held.bytes);
                // Perhaps it is copied because it is held.
                self.budget.spend_bytes(held.bytes as u64 / 4)?;
            }
        }
        Ok(())
    }

    /// Draws what is queued when it is much.
    pub(super) fn flush_if_large(&mut self) {
        let large = |open: &OpenPass| {
            open.pass.queued_bytes() > limits::MAX_QUEUED_BYTES || open.held_bytes > limits::MAX_HELD_BYTES
        };
        if self.renderer.pass.as_ref().is_some_and(large) {
            self.flush_pass();
        }
    }

    /// Flushes when queued work draws to `texture`.
    pub(super) fn flush_if_target(&mut self, texture: ResourceId) {
        if let Some(open) = &self.renderer.pass
            && open.attachments.all().any(|a| a.texture == texture)
        {
            self.flush_pass();
        }
    }

    /// Flushes when queued work draws to any of these subresources.
    pub(super) fn flush_if_drawn(&mut self, touched: &Subresources) {
        if let Some(open) = &self.renderer.pass
            && open.attachments.all().any(|a| a.subresources().overlaps(touched))
        {
            self.flush_pass();
        }
    }

    /// Draws all queued work. When time runs out, that is a failure of the first draw in the queue, and not of the command
    /// that happened to ask for the flush.
    pub(super) fn flush_pass(&mut self) {
        let Some(mut open) = self.renderer.pass.take() else { return };
        if open.pass.is_empty() {
            return;
        }
        let queued_bytes = open.pass.queued_bytes();
        // Without any budget left the pass notices by itself.
        self.budget.spend_bytes(open.attachments.bytes()).ok();
        let mut borrowed = Borrowed::take(&mut self.renderer.resources, &open.attachments);
        let flushed = open.pass.flush_within(&mut borrowed.targets(), self.budget.left());
        borrowed.give_back(&mut self.renderer.resources, &open.attachments);
        self.budget.spend(flushed.spent).ok();
        if flushed.timed_out {
            let (offset, packet) = open.first_draw.unwrap_or(open.opened);
            self.report.fail(CommandError { offset, packet, reason: Failure::Timeout });
        }
        self.counts.flushed(&open.draws, &flushed);
        if queued_bytes <= limits::MAX_SPARE_BYTES {
            self.renderer.spare_pass = Some(open.pass);
        }
    }
}

fn pass_options(options: &Options) -> PassOptions {
    PassOptions {
        tile_size: options.tile_size,
        level: options.level,
        #[cfg(feature = "test-utils")]
        broken_blend: options.broken_blend,
    }
}

/// What is made of the parts of a batch before they are queued.
pub(super) type Parts = SmallVec<[Option<SetUp>; 1]>;

/// A batch that is ready for the queue.
pub(super) type Ready = (Arc<VertexBatch>, Arc<PrimitiveBatch>, Parts);

/// Makes a draw's primitives ready for the queue, on any thread.
pub(super) struct Preparation<'a> {
    draw: &'a Draw,
    attachments: Attachments,
    options: PassOptions,
    /// Made when there is something that is worth it.
    front: OnceLock<Front>,
}

impl<'a> Preparation<'a> {
    pub(super) fn new(draw: &'a Draw, attachments: Attachments, options: &Options) -> Self {
        Self { draw, attachments, options: pass_options(options), front: OnceLock::new() }
    }

    /// Primitives as the queue takes them.
    pub(super) fn run(&self, mut vertices: VertexBatch, mut primitives: PrimitiveBatch) -> Ready {
        if let Some(rules) = &self.draw.direct3d9 {
            (vertices, primitives) = rules.apply(vertices, primitives);
        }
        let (vertices, primitives) = (Arc::new(vertices), Arc::new(primitives));
        let mut parts = Parts::new();
        if primitives.count() > Front::FEW {
            let new = || Front::new(self.attachments.layout(), &self.options, &self.draw.state);
            let front = self.front.get_or_init(new);
            let ranges = self.attachments.parts(0..primitives.count(), self.options.tile_size);
            parts.extend(ranges.map(|range| front.set_up(&vertices, &primitives, range)));
        }
        (vertices, primitives, parts)
    }

    /// Takes back what is queued, for its memory.
    pub(super) fn reuse(&self, parts: Parts) {
        if let Some(front) = self.front.get() {
            parts.into_iter().flatten().for_each(|set_up| front.reuse(set_up));
        }
    }
}

fn format_use(format: Format, what: &'static str) -> Failure {
    ResourceError::FormatUse { format: format.name(), what }.into()
}

/// The images of a pass's targets, taken out of their textures while it is flushed.
struct Borrowed {
    colors: [Vec<Image>; 8],
    depth_stencil: Vec<Image>,
}

impl Borrowed {
    fn take(resources: &mut ResourceTable, attachments: &Attachments) -> Self {
        let mut take = |attachment: &Option<Attachment>| -> Vec<Image> {
            let Some(a) = attachment else { return Vec::new() };
            let Some(texture) = resources.texture_mut(a.texture) else { return Vec::new() };
            (a.layer..a.layer + a.layers).map(|layer| texture.take_target(a.mip, layer, a.format)).collect()
        };
        let colors = std::array::from_fn(|i| take(&attachments.colors[i]));
        Self { colors, depth_stencil: take(&attachments.depth_stencil) }
    }

    fn targets(&mut self) -> Targets<'_> {
        Targets {
            colors: self.colors.each_mut().map(|images| images.iter_mut().collect()),
            depth_stencil: self.depth_stencil.iter_mut().collect(),
        }
    }

    fn give_back(self, resources: &mut ResourceTable, attachments: &Attachments) {
        let lists = self.colors.into_iter().chain([self.depth_stencil]);
        let slots = attachments.colors.iter().chain([&attachments.depth_stencil]);
        for (images, attachment) in lists.zip(slots) {
            let Some(a) = attachment else { continue };
            let Some(texture) = resources.texture_mut(a.texture) else { continue };
            for (layer, image) in (a.layer..).zip(images) {
                texture.put_target(a.mip, layer, image);
            }
        }
    }
}
