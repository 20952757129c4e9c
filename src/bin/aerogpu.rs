//! The `aerogpu` command line.
fn main() {}
