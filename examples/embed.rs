//! The smallest machine with an AeroGPU device in it: guest memory, a bus master, a driver that draws, a display that shows.
//!
//! `cargo run --release --example embed` renders a turning triangle and writes its frames to `out/embed-0000.png` and so on.
//!
//! The first half is what an emulator does; the second half plays the guest. `aerogpu::mock` has more of a guest, for tests.

use aerogpu::device::{Bar, COMMAND_BUS_MASTER, COMMAND_MEMORY, Display, Pacing};
use aerogpu::inspect::Picture;
use aerogpu::memory::{GuestMemory, SparseMemory};
use aerogpu::{Device, DeviceConfig, SoftwareRenderer};
use aerogpu_dxbc::assembler::assemble;
use aerogpu_protocol::input_layout::{semantic_name_hash, write_ilay};
use aerogpu_protocol::packets::*;
use aerogpu_protocol::registers::{Irq, RingControl, mmio};
use aerogpu_protocol::ring::{RING_MAGIC, RingHeader, SubmitDesc, SubmitFlags};
use aerogpu_protocol::{ABI_VERSION, Format, StreamWriter};

type Failure = Box<dyn std::error::Error>;

const FRAMES: u64 = 8;
const SIZE: u32 = 256;

fn main() -> Result<(), Failure> {
    let mut machine = Machine::power_on();
    let mut driver = Driver::start(&mut machine)?;
    std::fs::create_dir_all("out")?;
    for frame in 0..FRAMES {
        driver.draw(&mut machine, frame)?;
        machine.run_until_interrupt();
        driver.interrupt(&mut machine)?;
        let Some(picture) = machine.display() else { return Err("the display is blank".into()) };
        let file = format!("out/embed-{frame:04}.png");
        image::save_buffer(&file, &picture.rgba, SIZE, SIZE, image::ColorType::Rgba8)?;
        println!(
            "{file} at {:.3} ms, blank {}",
            machine.device.now().0 as f64 / 1e6,
            machine.device.vblank().0
        );
    }
    Ok(())
}

/// What an emulator has.
struct Machine {
    device: Device<SoftwareRenderer>,
    /// Guest memory. An emulator implements [`GuestMemory`] for its own.
    memory: SparseMemory,
}

impl Machine {
    fn power_on() -> Self {
        // In lockstep, the guest sees the time of the modelled GPU: every run of this program is the same, on every host.
        let config = DeviceConfig { pacing: Pacing::Lockstep, ..DeviceConfig::default() };
        let mut device = Device::new(SoftwareRenderer::default(), config);
        // What firmware does: BARs get addresses, and the function may be accessed and access memory itself.
        device.config_write(0x10, 4, 0xE000_0000);
        device.config_write(0x14, 4, 0xE400_0000);
        device.config_write(0x04, 2, u32::from(COMMAND_MEMORY | COMMAND_BUS_MASTER));
        Self { device, memory: SparseMemory::new() }
    }

    /// A guest's store to a register of BAR0. An emulator gets here from its bus (see `Device::memory_write`).
    fn write(&mut self, register: u32, size: usize, value: u64) {
        self.device.bar_write(Bar::Registers, register.into(), size, value);
        // The write itself only changes registers. What follows from it happens when the clock is asked, so it is asked soon.
        self.device.process(&mut self.memory);
    }

    fn read(&self, register: u32, size: usize) -> u64 {
        self.device.bar_read(Bar::Registers, register.into(), size)
    }

    /// The guest waits. Nothing but the device moves, so time may jump to whatever happens next: work that ends, or a
    /// vertical blank. An emulator that runs its guest's CPU would advance by the time which that took.
    fn run_until_interrupt(&mut self) {
        while !self.device.interrupt() {
            let Some(next) = self.device.next_event() else { return };
            self.device.advance_to(next, &mut self.memory);
        }
    }

    /// What a window would show.
    fn display(&mut self) -> Option<Picture> {
        match self.device.present(&self.memory) {
            Display::Picture(picture) => Some(picture),
            // Text and VGA modes are the emulator's to show.
            Display::Legacy | Display::Blank => None,
        }
    }
}

/// Where the guest's driver keeps things in guest memory.
const RING: u64 = 0x10_0000;
const FENCE_PAGE: u64 = 0x11_0000;
const STREAM: u64 = 0x20_0000;
const ENTRIES: u32 = 16;

/// Handles are the driver's to choose.
const TARGET: u32 = 1;
const VERTICES: u32 = 2;
const VS: u32 = 3;
const PS: u32 = 4;
const LAYOUT: u32 = 5;

/// The guest's side: a driver and its one application.
struct Driver {
    /// Submissions so far: the ring's tail, and the last fence.
    submitted: u32,
}

impl Driver {
    /// Sets up a ring and a fence page, and creates what the frames need.
    fn start(machine: &mut Machine) -> Result<Self, Failure> {
        let stride = size_of::<SubmitDesc>() as u32;
        let header = RingHeader {
            magic: RING_MAGIC,
            abi_version: ABI_VERSION,
            size_bytes: size_of::<RingHeader>() as u32 + ENTRIES * stride,
            entry_count: ENTRIES,
            entry_stride_bytes: stride,
            ..RingHeader::default()
        };
        machine.memory.write(RING, bytemuck::bytes_of(&header))?;
        machine.write(mmio::RING_GPA_LO, 8, RING);
        machine.write(mmio::RING_SIZE_BYTES, 4, header.size_bytes.into());
        machine.write(mmio::FENCE_GPA_LO, 8, FENCE_PAGE);
        machine.write(mmio::RING_CONTROL, 4, RingControl::ENABLE.bits().into());
        machine.write(mmio::IRQ_ENABLE, 4, (Irq::FENCE | Irq::ERROR).bits().into());
        // With the scanout enabled, vertical blanks come, and presents wait for them.
        machine.write(mmio::SCANOUT0_ENABLE, 4, 1);
        let mut driver = Self { submitted: 0 };
        driver.submit(machine, create()?, SubmitFlags::empty())?;
        machine.run_until_interrupt();
        driver.interrupt(machine)?;
        Ok(driver)
    }

    /// Draws a frame and presents it at the next vertical blank.
    fn draw(&mut self, machine: &mut Machine, frame: u64) -> Result<(), Failure> {
        let [c, s] = TURNS[frame as usize % TURNS.len()];
        let corner = |x: f32, y: f32, color: [f32; 3]| {
            [x * c - y * s, x * s + y * c, 0.5, 1.0, color[0], color[1], color[2], 1.0]
        };
        let vertices = [
            corner(0.0, 0.8, [1.0, 0.0, 0.0]),
            corner(0.7, -0.4, [0.0, 1.0, 0.0]),
            corner(-0.7, -0.4, [0.0, 0.0, 1.0]),
        ];
        let mut stream = StreamWriter::new();
        stream
            .upload_resource(VERTICES, 0, bytemuck::cast_slice(vertices.as_flattened()))
            .set_render_targets(&[TARGET], 0)
            .clear(ClearFlags::COLOR, [0.1, 0.1, 0.15, 1.0], 1.0, 0)
            .set_viewport([0.0, 0.0, SIZE as f32, SIZE as f32], [0.0, 1.0])
            .bind_shaders(VS, PS)
            .set_input_layout(LAYOUT)
            .set_vertex_buffers(
                0,
                &[VertexBufferBinding { buffer: VERTICES, stride_bytes: 32, ..Default::default() }],
            )
            .set_primitive_topology(PrimitiveTopology::TriangleList)
            .set_rasterizer_state(RasterizerState {
                cull_mode: CullMode::None.to_u32(),
                ..Default::default()
            })
            .draw(Draw { vertex_count: 3, instance_count: 1, ..Default::default() })
            .present(0, true);
        self.submit(machine, stream.finish(), SubmitFlags::PRESENT)
    }

    /// Puts a stream into guest memory and a descriptor of it into the ring, and rings the doorbell.
    fn submit(&mut self, machine: &mut Machine, stream: Vec<u8>, flags: SubmitFlags) -> Result<(), Failure> {
        machine.memory.write(STREAM, &stream)?;
        let slot = u64::from(self.submitted % ENTRIES);
        self.submitted += 1;
        let desc = SubmitDesc {
            desc_size_bytes: size_of::<SubmitDesc>() as u32,
            flags: flags.bits(),
            cmd_gpa: STREAM,
            cmd_size_bytes: stream.len() as u32,
            signal_fence: self.submitted.into(),
            ..SubmitDesc::default()
        };
        let entry = RING + (size_of::<RingHeader>() + slot as usize * size_of::<SubmitDesc>()) as u64;
        machine.memory.write(entry, bytemuck::bytes_of(&desc))?;
        let tail = RING + std::mem::offset_of!(RingHeader, tail) as u64;
        machine.memory.write(tail, &self.submitted.to_le_bytes())?;
        machine.write(mmio::DOORBELL, 4, 1);
        Ok(())
    }

    /// The interrupt routine: acknowledges, and looks at the fence page for what has completed.
    fn interrupt(&mut self, machine: &mut Machine) -> Result<(), Failure> {
        let pending = machine.read(mmio::IRQ_STATUS, 4);
        machine.write(mmio::IRQ_ACK, 4, pending);
        if pending & u64::from(Irq::ERROR.bits()) != 0 {
            return Err(format!("the device reports error {}", machine.read(mmio::ERROR_CODE, 4)).into());
        }
        let mut completed = [0; 8];
        machine.memory.read(FENCE_PAGE + 8, &mut completed)?;
        let (completed, expected) = (u64::from_le_bytes(completed), u64::from(self.submitted));
        // What the renderer skipped never reaches the guest; the embedder logs it.
        let reports = machine.device.take_reports();
        for error in reports.iter().flat_map(|done| &done.report.errors) {
            eprintln!("{error}");
        }
        if completed == expected { Ok(()) } else { Err(format!("fence {completed}, not {expected}").into()) }
    }
}

/// The stream that creates the target, the vertices, the shaders and their layout.
fn create() -> Result<Vec<u8>, Failure> {
    let element = |name, offset| InputLayoutElementDxgi {
        semantic_name_hash: semantic_name_hash(name),
        dxgi_format: 2, // R32G32B32A32_FLOAT
        aligned_byte_offset: offset,
        ..Default::default()
    };
    let mut stream = StreamWriter::new();
    stream
        .create_simple_texture(TARGET, Format::B8G8R8A8Unorm, SIZE, SIZE, ResourceUsage::RENDER_TARGET)
        .create_buffer(CreateBuffer {
            buffer_handle: VERTICES,
            usage_flags: ResourceUsage::VERTEX_BUFFER.bits(),
            size_bytes: 96,
            ..Default::default()
        })
        .create_shader_dxbc(VS, ShaderStage::Vertex, &assemble(VERTEX_SHADER)?.to_dxbc())
        .create_shader_dxbc(PS, ShaderStage::Pixel, &assemble(PIXEL_SHADER)?.to_dxbc())
        .create_input_layout(LAYOUT, &write_ilay(&[element("POSITION", 0), element("COLOR", 16)]));
    Ok(stream.finish())
}

/// Cosine and sine of eighths of a turn.
const TURNS: [[f32; 2]; 8] = {
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    [[1.0, 0.0], [H, H], [0.0, 1.0], [-H, H], [-1.0, 0.0], [-H, -H], [0.0, -1.0], [H, -H]]
};

const VERTEX_SHADER: &str = "
.input POSITION 0 v0.xyzw float
.input COLOR 0 v1.xyzw float
.output SV_Position 0 o0.xyzw float position
.output COLOR 0 o1.xyzw float
vs_4_0
dcl_input v0.xyzw
dcl_input v1.xyzw
dcl_output_siv o0.xyzw, position
dcl_output o1.xyzw
mov o0.xyzw, v0.xyzw
mov o1.xyzw, v1.xyzw
ret
";

const PIXEL_SHADER: &str = "
.input SV_Position 0 v0.xyzw float position
.input COLOR 0 v1.xyzw float
.output SV_Target 0 o0.xyzw float
ps_4_0
dcl_input_ps linear v1.xyzw
dcl_output o0.xyzw
mov o0.xyzw, v1.xyzw
ret
";
