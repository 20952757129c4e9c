//! Traces from arbitrary bytes: no panic, and every record lies inside the file.

#![no_main]

use aerogpu_protocol::Trace;
use aerogpu_protocol::trace::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(trace) = Trace::parse(bytes) else { return };
    let mut held = 0;
    for frame in trace.frames() {
        let mut records = frame.records();
        held += records
            .by_ref()
            .map_while(Result::ok)
            .map(|record| match record {
                Record::Packet(bytes) | Record::Blob { bytes, .. } => bytes.len(),
                Record::Submission(submission) => submission.ranges.as_bytes().len(),
                Record::BeginFrame { .. } | Record::Present { .. } => 4,
            })
            .sum::<usize>();
        assert!(
            held <= bytes.len() && records.next().is_none(),
            "frames do not overlap, and nothing follows an error"
        );
    }
});
