//! `aerogpu info`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aerogpu::inspect::packets;
use aerogpu::replay::Recording;
use aerogpu_protocol::trace::{Frame, Record};
use aerogpu_protocol::{Stream, Trace};

use super::{Failure, read};

#[derive(clap::Args)]
pub struct Args {
    /// A trace (.aerogputrace) or a bare command stream (.acmd)
    #[arg(value_name = "TRACE")]
    recording: PathBuf,
    /// Only this frame
    #[arg(long, value_name = "N")]
    frame: Option<u32>,
    /// List every packet of every submission
    #[arg(long)]
    packets: bool,
}

pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let path: &Path = &args.recording;
    let bytes = read(path)?;
    let recording = Recording::parse(&bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    match &recording {
        Recording::Trace(trace) => show_trace(args, trace).map_err(|e| format!("{}: {e}", path.display()))?,
        Recording::Stream(stream) => show_stream(stream, true, ""),
    }
    Ok(ExitCode::SUCCESS)
}

fn show_trace(args: &Args, trace: &Trace<'_>) -> Result<(), aerogpu_protocol::TraceError> {
    let abi = trace.command_abi_version();
    println!("trace: container version {}, ABI {}.{}", trace.container_version(), abi >> 16, abi & 0xffff);
    println!("meta:  {}", trace.meta());
    println!("{} frames", trace.frames().len());
    for frame in trace.frames().filter(|f| args.frame.is_none_or(|only| only == f.index())) {
        println!("\nframe {}", frame.index());
        show_frame(args, trace, &frame)?;
    }
    Ok(())
}

/// The command stream of a blob, which may stand in any frame up to this one.
fn stream_blob<'a>(trace: &Trace<'a>, blob: u64) -> Option<&'a [u8]> {
    let records = trace.frames().flat_map(|frame| frame.records());
    records.filter_map(Result::ok).find_map(|record| match record {
        Record::Blob { id, bytes, .. } if id == blob => Some(bytes),
        _ => None,
    })
}

fn show_frame(args: &Args, trace: &Trace<'_>, frame: &Frame<'_>) -> Result<(), aerogpu_protocol::TraceError> {
    for record in frame.records() {
        match record? {
            Record::BeginFrame { .. } => {}
            Record::Present { .. } => println!("  present"),
            Record::Blob { id, kind, bytes } => println!("  blob {id}: {kind:?}, {} bytes", bytes.len()),
            Record::Packet(bytes) => {
                println!("  packet record, {} bytes", bytes.len());
                show_bytes(args, bytes);
            }
            Record::Submission(submission) => {
                let header = &submission.header;
                println!(
                    "  submission: context {}, engine {}, flags {:#x}, fence {}, stream in blob {}",
                    header.context_id,
                    header.engine_id,
                    header.submit_flags,
                    header.signal_fence,
                    header.cmd_stream_blob
                );
                for range in submission.ranges.iter() {
                    println!(
                        "    allocation {}: {} bytes at {:#x}, flags {:#x}, contents in blob {}",
                        range.alloc_id, range.size_bytes, range.gpa, range.flags, range.blob_id
                    );
                }
                if let Some(bytes) = stream_blob(trace, header.cmd_stream_blob) {
                    show_bytes(args, bytes);
                }
            }
        }
    }
    Ok(())
}

fn show_bytes(args: &Args, bytes: &[u8]) {
    match Stream::parse(bytes) {
        Ok(stream) => show_stream(&stream, args.packets, "    "),
        Err(error) => println!("    {error}"),
    }
}

fn show_stream(stream: &Stream<'_>, list: bool, indent: &str) {
    let count = stream.packets().count();
    println!("{indent}stream: ABI 1.{}, {} bytes, {count} packets", stream.minor(), stream.as_bytes().len());
    if list {
        packets::list(stream).iter().for_each(|line| println!("{indent}{line}"));
    }
}
