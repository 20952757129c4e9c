//! Every shader of the public corpus validates, and executes on made-up inputs without trouble.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_dxbc::ir::{Instruction, Op, Program, Stage, Statement};
use aerogpu_dxbc::resources::{AtomicOp, BufferAddress, LoadRequest, ResourceInfo, SampleRequest, Slot};
use aerogpu_dxbc::scalar::{self, ExecutionError};
use aerogpu_dxbc::signature::Signatures;
use aerogpu_dxbc::{HullIo, Io, NoResources, Resources, ValidatedShader, sm4};

/// Corpus files that use what cannot be executed.
const REFUSED: [&str; 2] = ["abort", "the cycle counter"];

/// Enough for every shader of the corpus on sensible constants; some loop forever on made-up ones.
const BUDGET: u64 = 50_000;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("AEROGPU_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let corpus = shared.join("corpus/dxbc");
    corpus.is_dir().then_some(corpus)
}

/// A well-mixed word from a few others.
fn hash(words: &[u32]) -> u32 {
    words.iter().fold(0x9e37_79b9, |state, &word| {
        let mixed = (state ^ word).wrapping_mul(0x85eb_ca6b);
        (mixed ^ mixed >> 13).wrapping_mul(0xc2b2_ae35) ^ mixed >> 16
    })
}

/// A float between -2 and 2, or a small integer, or anything.
fn value(seed: &[u32]) -> u32 {
    let bits = hash(seed);
    match bits & 7 {
        0 => bits >> 28,
        1 => bits,
        _ => (bits as i32 as f32 / 1_073_741_824.0).to_bits(),
    }
}

/// A world whose every answer is a function of the question.
struct HashWorld {
    constants: Vec<u32>,
}

impl HashWorld {
    fn new() -> Self {
        Self { constants: (0..1024).map(|i| value(&[i, 1])).collect() }
    }
}

impl Resources for HashWorld {
    fn constants(&self, slot: u32) -> &[u32] {
        &self.constants[(slot as usize % 8) * 16..]
    }
    fn sample(&self, request: &SampleRequest) -> [u32; 4] {
        let [x, y, ..] = request.coordinate.map(f32::to_bits);
        [0, 1, 2, 3].map(|c| value(&[request.texture, x, y, c]))
    }
    fn load(&self, request: &LoadRequest) -> [u32; 4] {
        let [x, y, z] = request.address;
        [0, 1, 2, 3].map(|c| value(&[x, y, z, request.mip, c]))
    }
    fn load_word(&self, _: Slot, address: BufferAddress) -> u32 {
        match address {
            BufferAddress::Raw(offset) => value(&[offset]),
            BufferAddress::Structured(index, offset) => value(&[index, offset]),
            BufferAddress::Typed([x, y, z]) => value(&[x, y, z]),
        }
    }
    fn info(&self, _: Slot, _: u32) -> ResourceInfo {
        ResourceInfo { width: 16, height: 8, depth: 4, array_size: 3, mip_levels: 2, samples: 4 }
    }
    fn sample_position(&self, _: Option<u32>, index: u32) -> [f32; 2] {
        [index as f32 / 16.0, 0.25]
    }
    fn render_target_samples(&self) -> u32 {
        4
    }
    fn atomic(&self, slot: u32, _: BufferAddress, op: AtomicOp, value: u32) -> u32 {
        op.apply(slot, value)
    }
    fn counter_increment(&self, _: u32) -> u32 {
        3
    }
    fn counter_decrement(&self, _: u32) -> u32 {
        3
    }
}

/// All outputs of one run, as words.
fn execute(
    shader: &ValidatedShader,
    resources: &dyn Resources,
    budget: u64,
) -> Result<Vec<u32>, ExecutionError> {
    if shader.stage() == Stage::Hull {
        let vectors = 0..shader.input_vectors() as u32;
        let inputs = vectors.map(|v| [0, 1, 2, 3].map(|c| value(&[v, c]))).collect();
        let mut io = HullIo { patches: 1, inputs, primitive_id: vec![5], ..HullIo::default() };
        scalar::run_hull(shader, resources, &mut io, budget)?;
        return Ok([io.control_points, io.patch_constants].concat().into_flattened());
    }
    let lanes = if shader.stage() == Stage::Compute {
        shader.thread_group().iter().product::<u32>() as usize
    } else {
        8
    };
    let mut io = Io::default();
    io.reset(lanes, shader.input_vectors(), shader.patch_registers(), shader.output_registers());
    for row in 0..io.inputs.len() {
        for (lane, word) in io.inputs.row_mut(row).iter_mut().enumerate() {
            *word = value(&[row as u32, lane as u32]);
        }
    }
    scalar::run(shader, resources, &mut io, budget)?;
    let outputs = (0..io.outputs.len()).flat_map(|row| io.outputs.row(row).to_vec());
    Ok(outputs.chain(io.depth.iter().copied()).collect())
}

/// The corpus in the order of its names, decoded; `None` when it is not there.
fn programs() -> Option<Vec<(String, Program, Signatures)>> {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no corpus under AEROGPU_SHARED or ../shared");
        return None;
    };
    let mut files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "dxbc"));
    files.sort();
    let decode = |file: PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        match ShaderBlob::parse(&std::fs::read(file).unwrap()).unwrap() {
            ShaderBlob::Sm4(blob) => (name, sm4::decode(&blob.tokens).unwrap(), blob.signatures),
            ShaderBlob::Sm3 { .. } => panic!("{name} is no shader of model 4 or 5"),
        }
    };
    Some(files.into_iter().map(decode).collect())
}

#[test]
fn every_corpus_shader_validates_and_runs() {
    let Some(programs) = programs() else { return };
    let (mut runs, mut timeouts, mut refused, mut failures) = (0, 0, 0, Vec::new());
    let mut stages = BTreeMap::new();
    let count = programs.len();
    for (name, program, signatures) in programs {
        let shader = match ValidatedShader::new(program, signatures) {
            Ok(shader) => shader,
            Err(e) if REFUSED.iter().any(|r| e.to_string().contains(r)) => {
                println!("refused {name}: {e}");
                refused += 1;
                continue;
            }
            Err(e) => {
                failures.push(format!("{name}: {e}"));
                continue;
            }
        };
        *stages.entry(shader.program().profile()).or_insert(0) += 1;
        for resources in [&NoResources as &dyn Resources, &HashWorld::new()] {
            let first = execute(&shader, resources, BUDGET);
            assert_eq!(first, execute(&shader, resources, BUDGET), "{name} gives two results");
            match first {
                Ok(_) => runs += 1,
                Err(ExecutionError::TimeOut) => timeouts += 1,
                Err(e) => failures.push(format!("{name}: {e}")),
            }
        }
    }
    println!("{count} shaders, {runs} runs, {timeouts} out of budget, {refused} refused: {stages:?}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Outputs of lanes `first..first + lanes` of a pixel or vertex shader, lane by lane.
fn outputs(
    shader: &ValidatedShader,
    first: usize,
    lanes: usize,
) -> Result<Vec<Vec<[u32; 4]>>, ExecutionError> {
    let mut io = Io::default();
    io.reset(lanes, shader.input_vectors(), 0, shader.output_registers());
    for row in 0..io.inputs.len() {
        for (lane, word) in io.inputs.row_mut(row).iter_mut().enumerate() {
            *word = value(&[row as u32, (first + lane) as u32]);
        }
    }
    scalar::run(shader, &HashWorld::new(), &mut io, BUDGET)?;
    let registers =
        |lane: usize| (0..shader.output_registers()).map(|r| io.outputs.vector(lane, r)).collect();
    Ok((0..lanes).map(registers).collect())
}

#[test]
fn lanes_compute_the_same_in_any_company() {
    let Some(programs) = programs() else { return };
    let mut compared = 0;
    for (name, program, signatures) in programs {
        let alone = match program.stage {
            Stage::Vertex => 1,
            Stage::Pixel => 4,
            _ => continue,
        };
        let Ok(shader) = ValidatedShader::new(program, signatures) else { continue };
        // Lanes of a divergent block share the budget, so a block may run out of it where single lanes do not.
        let Ok(together) = outputs(&shader, 0, 16) else { continue };
        for first in (0..16).step_by(alone) {
            assert_eq!(outputs(&shader, first, alone).unwrap(), together[first..first + alone], "{name}");
        }
        compared += 1;
    }
    println!("{compared} shaders give the same outputs alone and in blocks of 16 lanes");
    assert!(compared > 500);
}

/// Changes one statement: another instruction, another operand, another place, or gone.
fn mutate(program: &mut Program, seed: u32) {
    let random = |salt: u32, below: usize| hash(&[seed, salt]) as usize % below.max(1);
    let donors: Vec<Instruction> = program.instructions().cloned().collect();
    let at = random(0, program.statements.len());
    let (Some(donor), false) = (donors.get(random(1, donors.len())), program.statements.is_empty()) else {
        return;
    };
    match (&mut program.statements[at], random(2, 5)) {
        (_, 0) => drop(program.statements.remove(at)),
        (_, 1) => program.statements.insert(at, Statement::Instruction(donor.clone())),
        (Statement::Instruction(instruction), 2) => instruction.op = Op::ALL[random(3, Op::ALL.len())],
        (Statement::Instruction(instruction), _) if !instruction.operands.is_empty() => {
            let operand = random(4, instruction.operands.len());
            let operand = &mut instruction.operands[operand];
            match (operand.indices.last_mut(), donor.operands.last()) {
                (Some(index), _) if random(5, 2) == 0 => index.base = value(&[seed, 6]).into(),
                (_, Some(other)) => *operand = other.clone(),
                _ => {}
            }
        }
        _ => {}
    }
}

#[test]
fn broken_programs_are_refused_or_run() {
    let Some(programs) = programs() else { return };
    let (mut accepted, mut refused) = (0, 0);
    for (number, (_, program, signatures)) in programs.into_iter().enumerate() {
        if program.statements.len() > 300 {
            continue;
        }
        for round in 0..16 {
            let mut broken = program.clone();
            for step in 0..=round % 3 {
                mutate(&mut broken, hash(&[number as u32, round, step]));
            }
            match ValidatedShader::new(broken, signatures.clone()) {
                Err(_) => refused += 1,
                Ok(shader) => {
                    accepted += 1;
                    // Whatever it computes: it returns.
                    drop(execute(&shader, &HashWorld::new(), 2_000));
                }
            }
        }
    }
    println!("{accepted} broken programs ran, {refused} were refused");
    assert!(accepted > 1000 && refused > 1000);
}
