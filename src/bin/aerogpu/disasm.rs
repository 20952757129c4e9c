//! `aerogpu disasm`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aerogpu::replay::Recording;
use aerogpu_dxbc::container::ShaderBlob;
use aerogpu_protocol::trace::Record;
use aerogpu_protocol::{Packet, Stream};

use super::{Failure, read};

#[derive(clap::Args)]
pub struct Args {
    /// A shader (DXBC container or Direct3D 9 tokens), a trace or a command stream
    #[arg(value_name = "SHADER|TRACE")]
    file: PathBuf,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let path: &Path = &args.file;
    let bytes = read(path)?;
    let mut streams = Vec::new();
    match Recording::parse(&bytes) {
        Ok(Recording::Stream(stream)) => streams.push(stream),
        Ok(Recording::Trace(trace)) => {
            for frame in trace.frames() {
                for record in frame.records() {
                    let bytes = match record.map_err(|e| format!("{}: {e}", path.display()))? {
                        Record::Blob { bytes, .. } | Record::Packet(bytes) => bytes,
                        _ => continue,
                    };
                    streams.extend(Stream::parse(bytes));
                }
            }
        }
        Err(_) => {
            println!("{}", listing(&bytes).map_err(|e| format!("{}: {e}", path.display()))?);
            return Ok(ExitCode::SUCCESS);
        }
    }
    let mut failed = false;
    let mut seen = BTreeSet::new();
    for stream in &streams {
        for at in stream.packets().map_while(Result::ok) {
            let Packet::CreateShaderDxbc(p, code) = at.packet else { continue };
            if !seen.insert(code) {
                continue;
            }
            println!("// shader {}, {} bytes", p.shader_handle, code.len());
            match listing(code) {
                Ok(text) => println!("{text}"),
                Err(error) => {
                    failed = true;
                    println!("// {error}\n");
                }
            }
        }
    }
    if seen.is_empty() {
        println!("// no shader is created in {}", path.display());
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn listing(code: &[u8]) -> Result<String, String> {
    let blob = ShaderBlob::parse(code).map_err(|e| e.to_string())?;
    Ok(aerogpu_dxbc::ir::text::listing(&blob))
}
