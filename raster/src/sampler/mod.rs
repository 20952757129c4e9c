//! Texture sampling and loads (d3d-rules §12).

mod texels;

pub(crate) use texels::Texels;
