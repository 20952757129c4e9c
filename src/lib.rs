//! Reference renderer of the AeroGPU virtual GPU.
