//! From work to cycles: a pure function of integers.

use super::{CostTable, GpuCycles, Work};

macro_rules! stages {
    ($( $(#[$doc:meta])* $variant:ident $field:ident $name:literal; )*) => {
        /// A stage of the modelled GPU, in pipeline order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Stage { $( $(#[$doc])* $variant, )* }

        impl Stage {
            /// Every stage, in pipeline order.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// As the counter `<stage>.busy_cycles` spells it.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }
        }

        /// Cycles for which each stage is busy.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct StageCycles {
            $( $(#[$doc])* pub $field: u64, )*
            /// Latency until the first result of a draw; no stage is busy with it.
            pub fill: u64,
        }

        impl StageCycles {
            /// The cycles of one stage.
            pub const fn of(&self, stage: Stage) -> u64 {
                match stage { $( Stage::$variant => self.$field, )* }
            }
        }
    };
}

stages! {
    /// The front end: packets and state.
    Fe fe "fe";
    /// Input assembler.
    Ia ia "ia";
    /// Vertex, hull, domain and geometry shaders.
    Vs vs "vs";
    /// Clipper.
    Clip clip "clip";
    /// Triangle set-up.
    Setup setup "setup";
    /// Coverage.
    Raster raster "raster";
    /// Depth and stencil.
    Z z "z";
    /// Pixel shader.
    Ps ps "ps";
    /// Output merger.
    Rop rop "rop";
    /// Memory.
    Mem mem "mem";
    /// Clears.
    Clear clear "clear";
    /// Copies, uploads and write-backs.
    Copy copy "copy";
    /// Compute shader.
    Cs cs "cs";
}

impl StageCycles {
    /// How long it all takes. The stages of a draw overlap, so that the slowest counts; the front end, clears, copies and
    /// compute do not overlap with it.
    pub fn total(&self) -> GpuCycles {
        let clip_and_setup = self.clip.saturating_add(self.setup);
        let pipeline = [self.ia, self.vs, clip_and_setup, self.raster, self.z, self.ps, self.rop, self.mem];
        let slowest = pipeline.into_iter().fold(0, u64::max);
        let serial = [self.fe, slowest, self.fill, self.clear, self.copy, self.cs];
        GpuCycles(serial.into_iter().fold(0, u64::saturating_add))
    }

    /// The stage that is busy longest; of equals, the first in pipeline order.
    pub fn bound_by(&self) -> Stage {
        let later = |best: Stage, &stage: &Stage| if self.of(stage) > self.of(best) { stage } else { best };
        Stage::ALL.iter().fold(Stage::Fe, later)
    }
}

/// What the work of one draw (or clear, copy, dispatch) costs.
///
/// For a whole submission sum the totals of its draws: they do not overlap, a documented pessimism of the model.
pub fn cost(work: &Work, table: &CostTable) -> StageCycles {
    let times = |count: u64, cycles: u64| count.saturating_mul(cycles);
    let add = u64::saturating_add;
    let culled = add(work.setup_culled_backface, work.setup_culled_zero_area);
    StageCycles {
        fe: add(
            add(times(work.fe_packets, table.packet), times(work.fe_state_groups, table.state_group)),
            work.fe_bytes.div_ceil(table.packet_bytes.get()),
        ),
        ia: add(
            work.ia_indices.div_ceil(table.indices.get()),
            work.ia_vertex_bytes.div_ceil(table.vertex_bytes.get()),
        ),
        vs: work.vs_alu_slots.div_ceil(table.vertex_units.get()),
        clip: add(
            work.c_invocations.div_ceil(table.accepted.get()),
            times(work.clip_planes, table.clip_plane),
        ),
        // A culled triangle has left the clipper too; the set-up only looks at it.
        setup: add(
            add(times(work.c_primitives.saturating_sub(culled), table.triangle), times(culled, table.culled)),
            times(work.draws, table.setup_latency),
        ),
        raster: add(times(work.raster_tiles, table.tile), work.raster_quads.div_ceil(table.quad_pipes.get())),
        z: work.z_quads.div_ceil(table.quad_pipes.get()),
        ps: work.ps_slots.div_ceil(table.quad_pipes.get()),
        rop: add(work.rop_quads, work.rop_blended_quads).div_ceil(table.quad_pipes.get()),
        mem: add(times(work.mem_lines, table.line), times(work.draws, table.memory_latency)),
        clear: work.clear_bytes.div_ceil(table.clear_bytes.get()),
        copy: add(
            work.copy_bytes_read.div_ceil(table.copy_bytes.get()),
            work.copy_bytes_written.div_ceil(table.copy_bytes.get()),
        ),
        cs: work.cs_slots,
        fill: times(work.draws, table.fill_latency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: &CostTable = &CostTable::VGPU_1;

    fn any_work(most: u64) -> impl Strategy<Value = Work> {
        prop::collection::vec(0..=most, Work::COUNTERS.len()).prop_map(|values| {
            let mut work = Work::default();
            for (counter, value) in Work::COUNTERS.iter().zip(values) {
                *(counter.field)(&mut work) = value;
            }
            // Whoever counts culled triangles has counted them as primitives.
            work.c_primitives += work.setup_culled_backface + work.setup_culled_zero_area;
            work
        })
    }

    #[test]
    fn a_triangle_by_hand() {
        // One packet of 32 bytes; 3 indices, 96 bytes; 12 slots; a triangle over 4 tiles and 60 quads of 10 slots; 80 lines.
        let work = Work {
            fe_packets: 1,
            fe_bytes: 32,
            draws: 1,
            ia_indices: 3,
            ia_vertex_bytes: 96,
            vs_alu_slots: 12,
            c_invocations: 1,
            c_primitives: 1,
            raster_tiles: 4,
            raster_quads: 60,
            ps_slots: 600,
            rop_quads: 60,
            rop_blended_quads: 60,
            mem_lines: 80,
            ..Work::default()
        };
        let cycles = cost(&work, TABLE);
        let expected = StageCycles {
            fe: 10,
            ia: 5,
            vs: 3,
            clip: 1,
            setup: 12,
            raster: 19,
            ps: 150,
            rop: 30,
            mem: 100,
            fill: 40,
            ..StageCycles::default()
        };
        assert_eq!(cycles, expected);
        assert_eq!(cycles.total(), GpuCycles(10 + 150 + 40));
        assert_eq!(cycles.bound_by(), Stage::Ps);
    }

    #[test]
    fn ties_go_to_the_earlier_stage() {
        let cycles = StageCycles { raster: 7, z: 7, ..StageCycles::default() };
        assert_eq!(cycles.bound_by(), Stage::Raster);
        assert_eq!(StageCycles::default().bound_by(), Stage::Fe);
    }

    proptest! {
        #[test]
        fn no_work_costs_the_front_end_only(packets in 0..1u64 << 32, bytes in 0..1u64 << 32) {
            let work = Work { fe_packets: packets, fe_bytes: bytes, ..Work::default() };
            let cycles = cost(&work, TABLE);
            prop_assert_eq!(cycles.total(), GpuCycles(cycles.fe));
        }

        #[test]
        fn more_never_costs_less(work in any_work(1 << 40), more in any_work(1 << 40)) {
            let (less, all) = (cost(&work, TABLE), cost(&work.merged(more), TABLE));
            for &stage in Stage::ALL {
                prop_assert!(less.of(stage) <= all.of(stage), "{stage:?}");
            }
            prop_assert!(less.total() <= all.total());
        }

        #[test]
        fn counts_add_up_and_cycles_do_but_for_rounding(a in any_work(1 << 40), b in any_work(1 << 40)) {
            prop_assert_eq!(a.merged(b), b.merged(a));
            let (both, one, other) = (cost(&a.merged(b), TABLE), cost(&a, TABLE), cost(&b, TABLE));
            for &stage in Stage::ALL {
                let sum = one.of(stage) + other.of(stage);
                prop_assert!(both.of(stage) <= sum && sum <= both.of(stage) + 2, "{stage:?}");
            }
            prop_assert!(both.total() <= one.total() + other.total());
        }

        #[test]
        fn no_counts_overflow(work in any_work(u64::MAX / 4)) {
            let _ = cost(&work, TABLE).total();
        }
    }
}
