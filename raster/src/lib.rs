//! Direct3D fixed-function rasterization: formats, textures, sampling, triangles to pixels.
