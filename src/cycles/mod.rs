//! The virtual clock, and the cost model VGPU-1 that moves it (design notes: `cycles.md`).
//!
//! The model is cycle-*aware*: it counts the work that a documented, imaginary GPU would do and prices it. It is not the
//! timing of any real GPU. Counts and prices are integers and depend on the stream alone, never on the host.
//!
//! | file | what |
//! |---|---|
//! | `units.rs` | cycles, nanoseconds, vblanks, rates: types that do not mix |
//! | `work.rs` | the counters, as one table |
//! | `table.rs` | the prices, and the version of the model |
//! | `cost.rs` | from work to cycles, and what bounds it |
//! | `timeline.rs` | events in the order in which they happen |

mod cost;
mod table;
mod timeline;
mod units;
mod work;

pub use cost::{Stage, StageCycles, cost};
pub use table::{COST_MODEL_VERSION, CostTable};
pub use timeline::{Timed, Timeline};
pub use units::{GpuCycles, Nanoseconds, Rate, VblankNo};
pub use work::{Counter, Work};
