//! Text that is right, text that is wrong, and where.
