//! AeroGPU conformance: cases, comparison, reports.
