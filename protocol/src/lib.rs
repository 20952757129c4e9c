//! AeroGPU wire protocol: packets, registers, rings, traces; bytes and nothing else.
