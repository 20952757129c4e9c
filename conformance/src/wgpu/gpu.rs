//! The adapter: a device, its queue, and reading back from it.

use std::sync::Arc;

use parking_lot::Mutex;
use wgpu::{
    AdapterInfo, Backends, Buffer, BufferDescriptor, BufferUsages, CommandEncoder, Device, DeviceDescriptor,
    Extent3d, Features, Instance, InstanceDescriptor, MapMode, Origin3d, PollType, Queue, Texture,
    TextureAspect,
};

/// Why there is no device.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GpuError {
    /// No Vulkan adapter answers.
    #[error("no Vulkan adapter was found; install a driver (Debian: mesa-vulkan-drivers has lavapipe)")]
    NoAdapter,
    /// The adapter refused a device.
    #[error("the adapter {adapter} gave no device: {reason}")]
    NoDevice {
        /// Its name.
        adapter: String,
        /// What it said.
        reason: String,
    },
}

/// A device and what it said last.
pub struct Gpu {
    /// What it is.
    pub info: AdapterInfo,
    pub(super) device: Device,
    pub(super) queue: Queue,
    /// Validation errors since the last look.
    errors: Arc<Mutex<Vec<String>>>,
}

impl Gpu {
    /// The first Vulkan adapter whose name contains `wanted` (any case; empty for any).
    ///
    /// # Errors
    /// When there is none, or it gives no device.
    pub fn open(wanted: &str) -> Result<Self, GpuError> {
        let mut descriptor = InstanceDescriptor::new_without_display_handle();
        descriptor.backends = Backends::VULKAN;
        let instance = Instance::new(descriptor);
        let adapters = pollster::block_on(instance.enumerate_adapters(Backends::VULKAN));
        let wanted = wanted.to_lowercase();
        let adapter = adapters
            .into_iter()
            .find(|adapter| adapter.get_info().name.to_lowercase().contains(&wanted))
            .ok_or(GpuError::NoAdapter)?;
        let info = adapter.get_info();
        let useful = Features::TEXTURE_COMPRESSION_BC
            | Features::DUAL_SOURCE_BLENDING
            | Features::DEPTH_CLIP_CONTROL
            | Features::FLOAT32_FILTERABLE
            | Features::POLYGON_MODE_LINE;
        let device = adapter.request_device(&DeviceDescriptor {
            required_features: adapter.features() & useful,
            required_limits: adapter.limits(),
            ..Default::default()
        });
        let (device, queue) = pollster::block_on(device)
            .map_err(|error| GpuError::NoDevice { adapter: info.name.clone(), reason: error.to_string() })?;
        let errors = Arc::new(Mutex::new(Vec::new()));
        let sink = errors.clone();
        device.on_uncaptured_error(Arc::new(move |error| sink.lock().push(error.to_string())));
        Ok(Self { info, device, queue, errors })
    }

    /// What the device complained about since the last call.
    pub(super) fn complaints(&self) -> Option<String> {
        let errors = std::mem::take(&mut *self.errors.lock());
        (!errors.is_empty()).then(|| errors.join("; "))
    }

    /// Records and submits commands.
    pub(super) fn submit(&self, record: impl FnOnce(&mut CommandEncoder)) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        record(&mut encoder);
        self.queue.submit([encoder.finish()]);
    }

    /// A buffer with these contents, padded with zeros to 16 bytes and to the least binding size.
    pub(super) fn buffer(&self, contents: &[u8], usage: BufferUsages) -> Buffer {
        let mut bytes = contents.to_vec();
        bytes.resize(bytes.len().max(1).next_multiple_of(16), 0);
        let buffer = self.device.create_buffer(&BufferDescriptor {
            label: None,
            size: bytes.len() as u64,
            usage: usage | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.queue.write_buffer(&buffer, 0, &bytes);
        buffer
    }

    /// The first `len` bytes of a buffer, from `offset` on; both multiples of 4.
    pub(super) fn read_buffer(&self, source: &Buffer, offset: u64, len: u64) -> Vec<u8> {
        let staging = self.staging(len);
        self.submit(|encoder| encoder.copy_buffer_to_buffer(source, offset, &staging, 0, len));
        self.map(&staging)
    }

    /// One layer of a mip level, rows of `row_bytes` bytes behind each other.
    pub(super) fn read_texture(
        &self,
        texture: &Texture,
        (mip, layer): (u32, u32),
        aspect: TextureAspect,
        (extent, row_bytes, rows): (Extent3d, u32, u32),
    ) -> Vec<u8> {
        let pitch = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let staging = self.staging(u64::from(pitch) * u64::from(rows));
        self.submit(|encoder| {
            encoder.copy_texture_to_buffer(
                place(texture, mip, [0, 0, layer], aspect),
                wgpu::TexelCopyBufferInfo { buffer: &staging, layout: layout(pitch, rows) },
                extent,
            );
        });
        let padded = self.map(&staging);
        padded.chunks(pitch as usize).flat_map(|row| &row[..row_bytes as usize]).copied().collect()
    }

    /// Replaces one layer of a mip level.
    pub(super) fn write_texture(
        &self,
        texture: &Texture,
        (mip, layer): (u32, u32),
        bytes: &[u8],
        (extent, row_bytes, rows): (Extent3d, u32, u32),
    ) {
        let target = place(texture, mip, [0, 0, layer], TextureAspect::All);
        self.queue.write_texture(target, bytes, layout(row_bytes, rows), extent);
        self.submit(|_| {});
    }

    fn staging(&self, len: u64) -> Buffer {
        self.device.create_buffer(&BufferDescriptor {
            label: None,
            size: len.max(4).next_multiple_of(4),
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    fn map(&self, staging: &Buffer) -> Vec<u8> {
        staging.map_async(MapMode::Read, .., |_| {});
        if let Err(error) = self.device.poll(PollType::wait_indefinitely()) {
            self.errors.lock().push(error.to_string());
            return vec![0; staging.size() as usize];
        }
        match staging.get_mapped_range(..) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) => {
                self.errors.lock().push(error.to_string());
                vec![0; staging.size() as usize]
            }
        }
    }
}

/// Where a copy begins.
pub(super) fn place(
    texture: &Texture,
    mip_level: u32,
    [x, y, z]: [u32; 3],
    aspect: TextureAspect,
) -> wgpu::TexelCopyTextureInfo<'_> {
    wgpu::TexelCopyTextureInfo { texture, mip_level, origin: Origin3d { x, y, z }, aspect }
}

fn layout(pitch: u32, rows: u32) -> wgpu::TexelCopyBufferLayout {
    wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch), rows_per_image: Some(rows) }
}
