//! Placeholder
/// x
#[derive(Debug)]
pub struct SnapshotError;
