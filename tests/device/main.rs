//! The device as a guest's driver sees it. Expected values are those of device.md; the words in quotes are the names of the
//! behaviours in its §18 and §20.1.
//!
//! # The behaviours of §18
//!
//! 112 in the order of its tables: 95 are tests, 17 are left out. A test stands in the file of its module here, in
//! `src/device`, `src/backend`, `src/resources` or `tests`; [`the_tables_name_tests_that_exist`] looks.
//!
//! | number | behaviour | tests |
//! |---|---|---|
//! | 1 | a presented picture is shown without a scanout | `renderer::what_is_presented_is_shown` |
//! | 2 | MAGIC through the BAR; a blank's interrupt reaches the line | `registers::buses_route_addresses_to_bars`, `interrupts::masking_forgets_a_blank` |
//! | 3 | DISPI with 16 and 32 bits: offsets, virtual width, giants | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 4 | DISPI with 8 bits: palette | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 5 | DISPI publishes a scanout | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 6 | a host's completion counts for a bridge alone, and waits for bus mastering | `fences::completions_wait_for_bus_mastering` |
//! | 7 | configurations of a machine are validated | left out: the machine's |
//! | 8 | the cursor is over the scanout | `display::the_scanout_shows_guest_memory_with_the_cursor_over_it` |
//! | 9 | half an address changes nothing visible | `display::a_flip_takes_effect_whole`, `registers::addresses_of_surfaces_do_not_tear` |
//! | 10 | giants are blank, giant cursors absent, without memory | `display::giant_surfaces_are_blank_and_giant_cursors_absent` |
//! | 11 | the cursor's state has whole addresses | `registers::addresses_of_surfaces_do_not_tear` |
//! | 12 | changing to a bridge frees fences that are stuck | left out: a device has one back end for life |
//! | 13 | FEATURES is what is implemented | `registers::constants_and_reset_values`, `registers::without_blanks_the_feature_is_missing` |
//! | 14 | a submission completes in register, page and line | `ring::a_submission_completes_in_registers_memory_and_interrupt` |
//! | 15 | the line rises at the next poll, not inside the write | `interrupts::the_line_is_a_level` |
//! | 16 | delivery by PIC and IOAPIC, waking the CPU, again after EOI | left out: the embedder's interrupt controller, which reads the level (15) |
//! | 17 | INTx disable gates the line only | `interrupts::intx_disable_gates_the_line_only` |
//! | 18 | bank window and linear frame buffer are the same memory | `registers::the_legacy_window_aliases_video_memory_both_ways`, `registers::buses_route_addresses_to_bars` |
//! | 19 | VGA ports | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 20 | the legacy window is the start of video memory | `registers::the_legacy_window_aliases_video_memory_both_ways` |
//! | 21 | ring and fence page at wrapping addresses | `ring::addresses_never_wrap`, `fences::the_fence_page_is_written_for_every_doorbell_and_at_no_address_that_overflows` |
//! | 22 | scanout descriptor: published, sticky, disabled when unsupported | `display::the_display_is_legacy_until_a_valid_scanout_and_never_again` |
//! | 23 | a mode of 8 bits falls back to text | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 24 | scanout and cursor, BGRA and RGBA, of RAM and of BAR1 | `display::the_scanout_shows_guest_memory_with_the_cursor_over_it`, `display::video_memory_is_shown_too` |
//! | 25 | mode 13h | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 26 | identity, BARs and their sizes (assigning them is firmware's) | `pci::the_identity_is_that_of_the_function`, `pci::sizing_gives_masks_and_addresses_are_aligned` |
//! | 27 | bus mastering gates ring and scanout at any time | `ring::a_doorbell_waits_for_bus_mastering`, `display::the_picture_needs_bus_mastering` |
//! | 28 | no-op: completes and interrupts, NO_IRQ, duplicates, fence 0 | `fences::no_irq_completes_silently` |
//! | 29 | a reset's memory half waits for bus mastering | `ring::a_reset_forgets_at_once_and_writes_memory_when_it_may` |
//! | 30 | the scanout reads guest memory; a presented picture goes first | `renderer::what_is_presented_is_shown` |
//! | 31 | the display is claimed with the whole address, enabled before or after | `display::the_display_is_legacy_until_a_valid_scanout_and_never_again` |
//! | 32 | nonsense does not claim it: pitch, overflow | `display::what_cannot_be_shown_does_not_take_the_display_over` |
//! | 33 | disabling publishes nothing, and stays the driver's | `display::the_display_is_legacy_until_a_valid_scanout_and_never_again` |
//! | 34 | enabling does not make up for blanks | `clock::blanks_come_while_the_scanout_is_enabled` |
//! | 35 | a mode set of the BIOS does not take the display back | `display::what_cannot_be_shown_does_not_take_the_display_over` |
//! | 36 | the display is blank without bus mastering | `display::the_picture_needs_bus_mastering` |
//! | 37 | surfaces in BAR1 are read directly (panning is VBE's) | `scanout::surfaces_in_video_memory_are_read_there` |
//! | 38 | a snapshot's chunk without a device is tolerated | left out: the machine's container |
//! | 39 | snapshots keep the doorbell | `snapshots::work_that_the_back_end_forgets_fails` |
//! | 40 | snapshots keep a bridge's work: here it fails, for nobody would finish it | `snapshots::work_that_the_back_end_forgets_fails` |
//! | 41 | snapshots keep completions that wait for bus mastering | `snapshots::what_waits_for_bus_mastering_survives` |
//! | 42 | snapshots keep halves of addresses | `snapshots::a_restored_device_goes_on_as_if_nothing_had_happened` |
//! | 43 | snapshots keep presents that wait | `snapshots::a_restored_device_goes_on_as_if_nothing_had_happened` |
//! | 44 | snapshots keep blanks and fences | `snapshots::a_restored_device_goes_on_as_if_nothing_had_happened` |
//! | 45 | snapshots keep who owns the display, disabled too | `snapshots::a_restored_device_goes_on_as_if_nothing_had_happened` |
//! | 46 | snapshots keep VGA, DAC and DISPI registers | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 47 | snapshots keep registers, video memory, the timeline, the line | `snapshots::a_restored_device_goes_on_as_if_nothing_had_happened` |
//! | 48 | older snapshots load (upstream's formats are not read) | `snapshots::the_version_of_the_format_is_kept` |
//! | 49 | pages that a snapshot lacks are 0; pages of 0 are left out | `snapshots::a_restored_device_goes_on_as_if_nothing_had_happened`, `snapshots::a_snapshot_is_the_same_after_a_round_trip_and_small` |
//! | 50 | bridge: drained with its payload, completed by the host | `fences::work_done_out_of_order_shows_in_order` |
//! | 51 | bridge: a full queue never blocks; what is dropped fails and completes | `fences::a_full_queue_fails_its_oldest_entry_and_completes_it` |
//! | 52 | bridge: fence 0 drains, one word completes duplicates | `bridge::one_word_from_the_host_completes_all_submissions_of_a_fence` |
//! | 53 | bridge: presents wait for the next blank, duplicates block nothing | `fences::a_duplicate_does_not_block_later_fences` |
//! | 54 | streams and tables beyond their caps | `malformed::lenient_decoding_hands_on_what_can_be_read` |
//! | 55 | text modes | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 56 | the linear frame buffer follows BAR1 (palette, clearing, size are VBE's) | `registers::buses_route_addresses_to_bars` |
//! | 57 | blanks follow the platform's time | `clock::blanks_come_while_the_scanout_is_enabled`, `clock::blanks_do_not_drift` |
//! | 58 | the same calls, the same blanks, over a snapshot too | `clock::the_same_calls_give_the_same_registers`, `snapshots::lockstep_goes_on_to_the_nanosecond` |
//! | 59 | no interrupt of a blank before it was enabled | `interrupts::a_blank_before_the_enabling_write_raises_nothing` |
//! | 60 | one present a blank | `fences::one_present_completes_a_blank` |
//! | 61 | several blanks, as many presents | `fences::several_elapsed_blanks_release_as_many_presents` |
//! | 62 | a present waits for a blank after it | `fences::a_present_waits_for_a_blank_after_it` |
//! | 63 | what waits: the packet's flag, not the descriptor's | `fences::only_presents_with_the_flag_wait` |
//! | 64 | without bus mastering blanks release nothing | `fences::blanks_without_bus_mastering_release_nothing` |
//! | 65 | without blanks nothing waits but for unfinished work | `fences::without_blanks_presents_do_not_wait`, `fences::an_unfinished_present_blocks_what_is_behind_it` |
//! | 66 | duplicates wait when one does | `fences::duplicates_take_the_slower_pace` |
//! | 67 | a renderer in the process executes and is shown (upstream's wgpu) | `renderer::what_is_presented_is_shown` |
//! | 68 | boot sectors with INT 10h | left out: ports, INT 10h and text are the embedder's (§9.4) |
//! | 69 | queue caps by count and by bytes | `bridge::the_oldest_of_too_many_completes_as_failed`, `bridge::too_many_bytes_drop_the_oldest_too` |
//! | 70 | saved work that cannot be | `snapshots::what_cannot_be_is_refused_by_name` |
//! | 71 | what is captured of malformed submissions | `malformed::lenient_decoding_hands_on_what_can_be_read` |
//! | 72 | tables of another version, or too large | `malformed::strict_decoding_reports_each_and_completes_it` |
//! | 73 | every format to RGBA, padded rows | `scanout::every_format_gives_rgba`, `scanout::rows_are_a_pitch_apart_and_missing_memory_reads_as_ones` |
//! | 74 | overflowing surfaces touch no memory | `scanout::nonsense_is_not_read` |
//! | 75 | cursor: opaque, transparent, half, cut off | `cursor::alpha_is_straight_and_the_result_opaque`, `cursor::the_cursor_is_cut_off_on_every_side` |
//! | 76 | entries at wrapping addresses | `ring::addresses_never_wrap` |
//! | 77 | every decode error: code, fence, head | `malformed::strict_decoding_reports_each_and_completes_it`, `ring::malformed_headers_leave_the_ring_alone`, `ring::more_entries_than_the_ring_has_are_dropped`, `ring::an_unprogrammed_ring_is_an_error` |
//! | 78 | newer minor versions, longer slots | `ring::newer_minor_versions_and_reserved_words_are_accepted`, `ring::longer_slots_and_descriptors_are_read_as_far_as_known` |
//! | 79 | the history of submissions is bounded | `renderer::reports_that_nobody_takes_are_bounded` |
//! | 80 | failed work completes, error first | `malformed::what_cannot_be_decoded_at_all_is_an_error_even_when_lenient`, `malformed::errors_come_before_their_fence_and_never_wait_for_a_blank`, `clock::work_beyond_its_budget_times_out` |
//! | 81 | presents wait with work done at once and later | `fences::one_present_completes_a_blank`, `fences::an_unfinished_present_blocks_what_is_behind_it` |
//! | 82 | presents are written back, with 16 bits too | `renderer::presents_are_stored_where_the_scanout_shows_them` |
//! | 83 | work done out of order shows in order | `fences::work_done_out_of_order_shows_in_order` |
//! | 84 | a completion before its submission: here the host is told that it was for nothing | `fences::a_completion_before_its_submission_is_for_nothing` |
//! | 85 | memory enable gates BARs, bus mastering everything else | `registers::memory_accesses_are_gated_by_the_command_register`, `ring::a_doorbell_waits_for_bus_mastering` |
//! | 86 | what a bus reset keeps | `registers::a_bus_reset_restores_reset_values_and_keeps_bars` |
//! | 87 | what a ring reset forgets | `ring::a_reset_forgets_at_once_and_writes_memory_when_it_may`, `ring::a_doorbell_after_a_reset_counts`, `ring::a_reset_resets_the_back_end_and_forgets_its_completions` |
//! | 88 | masking and disabling forget blanks | `interrupts::masking_forgets_a_blank`, `interrupts::disabling_the_scanout_forgets_a_blank` |
//! | 89 | error registers: the last, counted, kept | `interrupts::errors_survive_everything_but_a_reset`, `interrupts::an_error_shows_once_unmasked_and_stays_after_the_acknowledgement` |
//! | 90 | completions from outside | `fences::completions_wait_for_bus_mastering`, `fences::old_fences_are_executed_and_ignored` |
//! | 91 | snapshots: round trip | `snapshots::a_snapshot_is_the_same_after_a_round_trip_and_small` |
//! | 92 | snapshots: what is refused | `snapshots::what_cannot_be_is_refused_by_name`, `snapshots::damaged_snapshots_are_refused_and_change_nothing` |
//! | 93 | registers in accesses of every size | `registers::registers_are_read_in_any_part` |
//! | 94 | parts of registers merge; acknowledging by lanes | `registers::parts_of_registers_are_merged` |
//! | 95 | formats, flags, signed cursors, RING_CONTROL as they are stored | `registers::values_are_normalised_as_they_are_stored` |
//! | 96 | addresses do not tear | `registers::addresses_of_surfaces_do_not_tear` |
//! | 97 | a doorbell while disabled is dropped | `ring::a_disabled_ring_takes_no_notice` |
//! | 98 | a blank before the doorbell does not count | `fences::a_present_waits_for_a_blank_after_it` |
//! | 99 | a fence that completes while masked is not replayed | `interrupts::a_fence_that_completes_while_masked_is_not_replayed` |
//! | 100 | missed blanks are one interrupt | `clock::several_missed_blanks_are_one_interrupt` |
//! | 101 | drain and complete | `fences::work_done_out_of_order_shows_in_order` |
//! | 102 | from the ring to the picture, whole traces (wgpu is the conformance crate's) | `snapshots::the_desktop_goes_on_behind_a_device` |
//! | 103 | BAR1: alias, bounds, sizes beyond 8 | `registers::buses_route_addresses_to_bars`, `vram::bytes_that_do_not_exist_read_0`, `vram::the_legacy_window_is_the_start_of_video_memory_or_a_bank` |
//! | 104 | draws: scissor, culling, clipping, blending, masks, depth, sampling | left out: the renderer's: `tests/executor` and the conformance cases |
//! | 105 | copies write back, before the fence | `resources::copies_may_overlap_and_write_back_at_the_end`, `resources::write_backs_need_memory_that_may_be_written`, `renderer::results_then_the_fence_page_and_the_head_before_it` |
//! | 106 | targets in guest memory are written back without a copy | left out: one upstream model alone does so; the protocol has WRITEBACK_DST |
//! | 107 | shared surfaces count references, retire tokens | `sharing::an_alias_shows_the_same_texture`, `mod::an_alias_keeps_its_resource_alive_and_its_number_taken`, `mod::a_token_names_one_resource`, `mod::releasing_an_unknown_token_leaves_it_usable` |
//! | 108 | scanout state and hand-off | `display::the_display_is_legacy_until_a_valid_scanout_and_never_again` |
//! | 109 | the cursor is over a presented picture | `renderer::what_is_presented_is_shown` |
//! | 110 | the legacy function 1AED:0001 | left out: optional (§12.1); no guest of ours has its driver |
//! | 111 | Direct3D 9 from the ring: constants by context, failed work completes | `d3d9_contexts::constants_belong_to_their_stage_and_context`, `malformed::what_is_unknown_or_unsupported_is_skipped_and_reported_to_the_embedder` |
//! | 112 | constants and layouts are the ABI's | left out: the protocol crate's: `protocol/tests/abi.rs` |
//!
//! # The directed numbers of §20.1
//!
//! | number | what | tests |
//! |---|---|---|
//! | D1 | 256 entries, tail from 0xFFFF_FFF0 to 0x10 | `ring::the_tail_wraps` |
//! | D2 | 257 pending of 256 | `ring::more_entries_than_the_ring_has_are_dropped` |
//! | D3 | stride 128; stride 32 | `ring::longer_slots_and_descriptors_are_read_as_far_as_known`, `ring::malformed_headers_leave_the_ring_alone` |
//! | D4 | ring at 0xFFFF_FFFF_FFFF_FFE0 | `ring::addresses_never_wrap` |
//! | D5 | masking a pending blank | `interrupts::masking_forgets_a_blank` |
//! | D6 | blanks at 16,666,666 and 16,666,667; +100 s | `clock::the_first_blank_and_the_cap_on_catching_up` |
//! | D7 | three presents and one that does not wait | `fences::one_present_completes_a_blank` |
//! | D8 | 0xFFFF as 565, 0x7FFF as 1555 | `scanout::every_format_gives_rgba` |
//! | D9 | white at alpha 128 over black | `cursor::alpha_is_straight_and_the_result_opaque` |
//! | D10 | 16385x1024 and 4096x4096 | `display::giant_surfaces_are_blank_and_giant_cursors_absent` |
//! | D11 | half an address, then ENABLE 1, 0, 1 | `registers::addresses_of_surfaces_do_not_tear` |
//! | D12 | 8 bytes at 0x414 and of 0x314 | `display::a_flip_takes_effect_whole`, `registers::registers_are_read_in_any_part` |

mod clock;
mod display;
mod fences;
mod hosts;
mod interrupts;
mod malformed;
mod properties;
mod registers;
mod renderer;
mod ring;
mod snapshots;

use std::cell::Cell;

use aerogpu::backend::{Bridge, Noop};
use aerogpu::device::{Decoding, DeviceConfig, Pacing};
use aerogpu::memory::{GuestMemory, MemoryError, SparseMemory};
use aerogpu::mock::{Machine, Submit};
use aerogpu_protocol::StreamWriter;
use aerogpu_protocol::registers::mmio;

/// A vertical blank at 60 Hz, the first one's time.
const BLANK: u64 = 16_666_667;

fn noop() -> Machine<Noop> {
    Machine::started(Noop::default(), DeviceConfig::default())
}

fn strict() -> Machine<Noop> {
    let config = DeviceConfig { decoding: Decoding::Strict, ..DeviceConfig::default() };
    Machine::started(Noop::default(), config)
}

fn bridge() -> Machine<Bridge> {
    Machine::started(Bridge::default(), DeviceConfig::default())
}

fn paced(pacing: Pacing) -> Machine<aerogpu::SoftwareRenderer> {
    let config = DeviceConfig { pacing, ..DeviceConfig::default() };
    Machine::started(aerogpu::SoftwareRenderer::default(), config)
}

/// A stream that does nothing.
fn nothing() -> Vec<u8> {
    StreamWriter::new().flush().finish_clone()
}

/// A stream that presents with the vertical blank.
fn vsync() -> Vec<u8> {
    StreamWriter::new().present(0, true).finish_clone()
}

trait FinishClone {
    fn finish_clone(&self) -> Vec<u8>;
}

impl FinishClone for StreamWriter {
    fn finish_clone(&self) -> Vec<u8> {
        self.clone().finish()
    }
}

fn fence(stream: &[u8], fence: u64) -> Submit<'_> {
    Submit { stream, fence, ..Submit::default() }
}

/// Code, fence and count of the error registers.
fn error<B: aerogpu::Backend, M: GuestMemory>(machine: &Machine<B, M>) -> (u32, u64, u32) {
    (machine.read(mmio::ERROR_CODE), machine.read64(mmio::ERROR_FENCE_LO), machine.read(mmio::ERROR_COUNT))
}

fn completed<B: aerogpu::Backend, M: GuestMemory>(machine: &Machine<B, M>) -> u64 {
    machine.read64(mmio::COMPLETED_FENCE_LO)
}

/// Guest memory that counts accesses, and those below 4 GiB from its start, where overflowing addresses would wrap to.
#[derive(Default)]
struct Watched {
    memory: SparseMemory,
    accesses: Cell<u64>,
    low: Cell<u64>,
}

impl Watched {
    fn note(&self, address: u64) {
        self.accesses.set(self.accesses.get() + 1);
        self.low.set(self.low.get() + u64::from(address < 0x1000));
    }
}

impl GuestMemory for Watched {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), MemoryError> {
        self.note(address);
        self.memory.read(address, out)
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), MemoryError> {
        self.note(address);
        self.memory.write(address, data)
    }
}

/// A started machine whose accesses to memory are counted from here on.
fn watched() -> Machine<Noop, Watched> {
    let mut machine = Machine::new(Noop::default(), DeviceConfig::default(), Watched::default());
    machine.start();
    machine.memory.accesses.set(0);
    machine
}

#[test]
fn the_tables_name_tests_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/device", "tests/executor", "tests", "src/device", "src/backend", "src/resources"];
    let rows: Vec<&str> = include_str!("main.rs").lines().filter(|line| line.starts_with("//! | ")).collect();
    let mut named = 0;
    for name in rows.iter().flat_map(|row| row.split('`')).filter(|name| name.contains("::")) {
        let (module, test) = name.rsplit_once("::").expect("it has two colons");
        let files = folders.map(|folder| root.join(folder).join(module).with_extension("rs"));
        let found = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
        assert!(found.into_iter().any(|text| text.contains(&format!("fn {test}()"))), "{name}");
        named += 1;
    }
    let numbered = rows.iter().filter(|row| !row.contains("| number |")).count();
    println!("device: {numbered} behaviours, {named} tests");
    assert_eq!(numbered, 112 + 12);
}
