//! Textures, buffers, shared memory and atomics as an interpreter asks for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod scalar_support;

use aerogpu_dxbc::ir::ResourceDimension;
use aerogpu_dxbc::resources::{LoadRequest, Lod, ResourceInfo, SampleKind, Slot};
use aerogpu_dxbc::scalar;
use aerogpu_dxbc::{Io, NoResources};
use scalar_support::{World, f, run_group, run_pixels, run_vertices, shader};

#[test]
fn a_reduction_in_shared_memory_meets_its_barriers() {
    let shader = shader(
        "cs_5_0
         dcl_input vThreadIDInGroupFlattened
         dcl_uav_raw u0
         dcl_temps 2
         dcl_tgsm_structured g0, 4, 64
         dcl_thread_group 64, 1, 1
         iadd r0.x, vThreadIDInGroupFlattened.x, l(1)
         store_structured g0.x, vThreadIDInGroupFlattened.x, l(0), r0.x
         sync_g_t
         mov r0.y, l(32)
         loop
           breakc_z r0.y
           ult r0.z, vThreadIDInGroupFlattened.x, r0.y
           if_nz r0.z
             iadd r0.w, vThreadIDInGroupFlattened.x, r0.y
             ld_structured r1.x, r0.w, l(0), g0.xxxx
             ld_structured r1.y, vThreadIDInGroupFlattened.x, l(0), g0.xxxx
             iadd r1.x, r1.x, r1.y
             store_structured g0.x, vThreadIDInGroupFlattened.x, l(0), r1.x
           endif
           sync_g_t
           ushr r0.y, r0.y, l(1)
         endloop
         if_z vThreadIDInGroupFlattened.x
           ld_structured r0.x, l(0), l(0), g0.xxxx
           store_raw u0.x, l(8), r0.x
         endif
         ret",
    );
    let world = World::default();
    run_group(&shader, &world, [0; 3]);
    assert_eq!(world.words(0), [(8, 64 * 65 / 2)]);
}

#[test]
fn thread_ids() {
    let shader = shader(
        "cs_5_0
         dcl_input vThreadGroupID.xyz
         dcl_input vThreadIDInGroup.xyz
         dcl_input vThreadID.xyz
         dcl_input vThreadIDInGroupFlattened
         dcl_uav_raw u0
         dcl_temps 1
         dcl_thread_group 2, 3, 2
         ieq r0.x, vThreadIDInGroupFlattened.x, l(9)
         if_nz r0.x
           store_raw u0.xyz, l(0), vThreadIDInGroup.xyzx
           store_raw u0.xyz, l(12), vThreadID.xyzx
           store_raw u0.xyz, l(24), vThreadGroupID.xyzx
         endif
         ret",
    );
    let world = World::default();
    run_group(&shader, &world, [5, 6, 7]);
    // 9 = 1 * 6 + 1 * 2 + 1.
    let words: Vec<u32> = world.words(0).into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, [1, 1, 1, 5 * 2 + 1, 6 * 3 + 1, 7 * 2 + 1, 5, 6, 7]);
}

#[test]
fn shared_memory_ends_where_it_ends() {
    let shader = shader(
        "cs_5_0
         dcl_uav_raw u0
         dcl_temps 2
         dcl_tgsm_structured g0, 8, 2
         dcl_tgsm_raw g1, 8
         dcl_thread_group 1, 1, 1
         // The last word of g0, beyond its structures, beyond a structure.
         store_structured g0.x, l(1), l(4), l(11)
         store_structured g0.x, l(2), l(0), l(22)
         store_structured g0.xy, l(0), l(4), l(33, 44, 0, 0)
         store_raw g1.xyzw, l(4), l(55, 66, 77, 88)
         atomic_iadd g1, l(4), l(1)
         atomic_iadd g1, l(8), l(1)
         imm_atomic_exch r1.x, g0, l(1, 4, 0, 0), l(12)
         imm_atomic_cmp_exch r1.y, g0, l(1, 4, 0, 0), l(12), l(13)
         imm_atomic_umax r1.z, g0, l(9, 0, 0, 0), l(1)
         ld_raw r0.xy, l(0), g1.xyxx
         store_raw u0.xy, l(0), r0.xyxx
         ld_structured r0.xy, l(0), l(0), g0.xyxx
         store_raw u0.xy, l(8), r0.xyxx
         ld_structured r0.xy, l(1), l(0), g0.xyxx
         store_raw u0.xy, l(16), r0.xyxx
         store_raw u0.xyz, l(24), r1.xyzx
         ret",
    );
    let world = World::default();
    run_group(&shader, &world, [0; 3]);
    let words: Vec<u32> = world.words(0).into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, [0, 56, 0, 33, 0, 13, 11, 12, 0]);
}

#[test]
fn helpers_and_discarded_pixels_write_nothing() {
    let shader = shader(
        "ps_5_0
         dcl_input_ps constant v0.x
         dcl_uav_raw u1
         dcl_temps 1
         dcl_output o0.xyzw
         imm_atomic_iadd r0.x, u1, l(0), l(1)
         ieq r0.y, v0.x, l(2)
         discard_nz r0.y
         imm_atomic_iadd r0.z, u1, l(4), l(1)
         mov o0.xyzw, r0.xzxz
         ret",
    );
    let world = World::default();
    let mut io = Io::default();
    io.reset(4, shader.input_vectors(), 0, shader.output_registers());
    io.live[3] = false;
    for lane in 0..4 {
        io.inputs.set_vector(lane, 0, [lane as u32, 0, 0, 0]);
    }
    scalar::run(&shader, &world, &mut io, 1000).unwrap();
    assert_eq!(world.words(1), [(0, 3), (4, 2)]);
    assert_eq!(io.live, [true, true, false, false]);
    let old = [0, 1, 2, 3].map(|lane| io.outputs.vector(lane, 0)[..2].to_vec());
    assert_eq!(old, [[0, 0], [1, 1], [2, 0], [0, 0]]);
    assert!(shader.pixel().discards);
}

#[test]
fn counters() {
    let shader = shader(
        "ps_5_0
         dcl_uav_structured u2, 4
         dcl_temps 1
         dcl_output o0.xyzw
         imm_atomic_alloc r0.x, u2
         imm_atomic_alloc r0.y, u2
         imm_atomic_consume r0.z, u2
         mov o0.xyzw, r0.xyzx
         ret",
    );
    let world = World::default();
    let io = run_pixels(&shader, &world, &[]);
    // Four pixels allocate 0 to 3, then 4 to 7, then give back 7 to 4.
    assert_eq!(io.outputs.vector(0, 0), [0, 4, 7, 0]);
    assert_eq!(io.outputs.vector(3, 0), [3, 7, 4, 3]);
}

#[test]
fn samples_ask_with_coarse_derivatives() {
    let shader = shader(
        "ps_5_0
         dcl_input_ps linear v0.xy
         dcl_sampler s3, mode_default
         dcl_resource_texture2d (float,float,float,float) t5
         dcl_output o0.xyzw
         dcl_temps 1
         sample_b_indexable(texture2d)(float,float,float,float) r0.xyzw, v0.xyxx, t5.wzyx, s3, l(0.5)
         mov o0.xyzw, r0.xyzw
         ret",
    );
    let world = World { texel: [1, 2, 3, 4], ..World::default() };
    let coordinates = [[0.0, 0.0], [1.0, 0.25], [0.5, 2.0], [9.0, 9.0]];
    let inputs: Vec<_> = coordinates.iter().map(|&[x, y]| [f(x), f(y), 0, 0]).collect();
    let io = run_pixels(&shader, &world, &inputs);
    assert_eq!(io.outputs.vector(1, 0), [4, 3, 2, 1]);
    let requests = world.samples.borrow();
    assert_eq!(requests.len(), 4);
    let last = requests[3];
    assert_eq!((last.texture, last.sampler, last.dimension), (5, 3, ResourceDimension::Texture2D));
    assert_eq!(last.coordinate[..2], [9.0, 9.0]);
    assert_eq!(last.kind, SampleKind::Filter);
    let Lod::Derivatives { ddx, ddy, bias } = last.lod else { panic!("{last:?}") };
    assert_eq!((ddx[0], ddx[1], ddy[0], ddy[1], bias), (1.0, 0.25, 0.5, 2.0, 0.5));
    assert!(shader.pixel().derivatives);
}

#[test]
fn gathers_choose_components_and_offsets() {
    let shader = shader(
        "ps_5_0
         dcl_input_ps linear v0.xy
         dcl_sampler s0, mode_default
         dcl_sampler s1, mode_comparison
         dcl_resource_texture2d (float,float,float,float) t0
         dcl_output o0.xyzw
         dcl_temps 1
         gather4_aoffimmi_indexable(1,-8,0)(texture2d)(float,float,float,float) r0.xyzw, v0.xyxx, t0.xyzw, s0.y
         gather4_po_c_indexable(texture2d)(float,float,float,float) r0.xyzw, v0.xyxx, l(33, -1, 0, 0), t0.xyzw, s1.x, l(0.75)
         mov o0.xyzw, r0.xyzw
         ret",
    );
    let world = World::default();
    run_pixels(&shader, &world, &[]);
    let requests = world.samples.borrow();
    assert_eq!((requests[0].kind, requests[0].offset), (SampleKind::Gather(1), [1, -8, 0]));
    // 33 in six signed bits is -31.
    assert_eq!((requests[4].kind, requests[4].offset), (SampleKind::GatherCompare(0.75), [-31, -1, 0]));
}

#[test]
fn loads_wrap_their_offsets() {
    let shader = shader(
        "vs_5_0
         dcl_input v0.xyzw
         dcl_resource_texture2darray (uint,uint,uint,uint) t2
         dcl_output o0.xyzw
         ld_aoffimmi_indexable(-1,2,0)(texture2darray)(uint,uint,uint,uint) o0.xyzw, v0.xyzw, t2.yxzw
         ret",
    );
    let world = World { texel: [1, 2, 3, 4], ..World::default() };
    let io = run_vertices(&shader, &world, &[[0, 5, 6, 7]]);
    assert_eq!(io.outputs.vector(0, 0), [2, 1, 3, 4]);
    let expected = LoadRequest {
        slot: Slot::Resource(2),
        dimension: ResourceDimension::Texture2DArray,
        address: [u32::MAX, 7, 6],
        mip: 7,
        sample: 0,
    };
    assert_eq!(*world.loads.borrow(), [expected]);
}

#[test]
fn sizes() {
    let shader = shader(
        "ps_5_0
         dcl_resource_texture2darray (float,float,float,float) t0
         dcl_resource_texture2dms(4) (float,float,float,float) t1
         dcl_output o0.xyzw
         dcl_output o1.xyzw
         dcl_output o2.xyzw
         dcl_output o3.xyzw
         resinfo_indexable(texture2darray)(float,float,float,float) o0.xyzw, l(1), t0.xyzw
         resinfo_indexable(texture2darray)(float,float,float,float)_rcpFloat o1.xyzw, l(1), t0.xyzw
         resinfo_indexable(texture2darray)(float,float,float,float)_uint o2.xyzw, l(1), t0.wzyx
         sampleinfo_uint o3.xy, t1.xyxx
         ret",
    );
    let info = ResourceInfo {
        width: 8,
        height: 0,
        array_size: 3,
        mip_levels: 5,
        samples: 4,
        ..ResourceInfo::default()
    };
    let world = World { info, ..World::default() };
    let io = run_pixels(&shader, &world, &[]);
    assert_eq!(io.outputs.vector(0, 0), [f(8.0), 0, f(3.0), f(5.0)]);
    assert_eq!(io.outputs.vector(0, 1), [f(0.125), f(f32::INFINITY), f(3.0), f(5.0)]);
    assert_eq!(io.outputs.vector(0, 2), [5, 3, 0, 8]);
    assert_eq!(io.outputs.vector(0, 3), [4, 0, 0, 0]);
}

#[test]
fn constants_and_arrays_out_of_range() {
    let shader = shader(
        "vs_5_0
         dcl_constantbuffer CB1[2], dynamicIndexed
         dcl_immediateConstantBuffer { { 1, 2, 3, 4}, { 5, 6, 7, 8} }
         dcl_input v0.xyzw
         dcl_output o0.xyzw
         dcl_output o1.xyzw
         dcl_output o2.xyzw
         dcl_temps 1
         dcl_indexableTemp x0[2], 4
         mov r0.x, v0.x
         mov x0[0].xyzw, l(10, 11, 12, 13)
         mov x0[r0.x + 1].xyzw, l(20, 21, 22, 23)
         mov o0.xyzw, x0[r0.x + 0].xyzw
         mov o1.xyzw, cb1[r0.x + 1].xyzw
         mov o2.xyzw, icb[r0.x + 0].xyzw
         ret",
    );
    let world = World { constants: vec![vec![], vec![1, 2, 3, 4, 5, 6, 7, 8, 9]], ..World::default() };
    let io = run_vertices(&shader, &world, &[[0; 4], [1, 0, 0, 0], [u32::MAX, 0, 0, 0], [1 << 30, 0, 0, 0]]);
    let row = |register: usize| [0, 1, 2, 3].map(|lane| io.outputs.vector(lane, register));
    assert_eq!(row(0), [[10, 11, 12, 13], [0; 4], [0; 4], [0; 4]]);
    // The bound buffer ends inside vector 2; -1 + 1 is vector 0.
    assert_eq!(row(1), [[5, 6, 7, 8], [9, 0, 0, 0], [1, 2, 3, 4], [0; 4]]);
    assert_eq!(row(2), [[1, 2, 3, 4], [5, 6, 7, 8], [0; 4], [0; 4]]);
}

#[test]
fn derivatives() {
    let shader = shader(
        "ps_5_0
         dcl_input_ps linear v0.xy
         dcl_output o0.xyzw
         dcl_output o1.xy
         dcl_temps 1
         mov r0.x, v0.x
         deriv_rtx_coarse r0.x, r0.x
         deriv_rty_coarse r0.y, v0.x
         deriv_rtx_fine r0.z, v0.x
         deriv_rty_fine r0.w, v0.x
         mov o0.xyzw, r0.xyzw
         deriv_rtx o1.x, v0.x
         deriv_rty_sat o1.y, -v0.x
         ret",
    );
    let inputs = [1.0, 2.0, 4.0, 8.0].map(|x| [f(x), 0, 0, 0]);
    let io = run_pixels(&shader, &NoResources, &inputs);
    let rows = [0, 1, 2, 3].map(|lane| io.outputs.vector(lane, 0).map(f32::from_bits));
    assert_eq!(
        rows,
        [[1.0, 3.0, 1.0, 3.0], [1.0, 3.0, 1.0, 6.0], [1.0, 3.0, 4.0, 3.0], [1.0, 3.0, 4.0, 6.0]]
    );
    assert_eq!(io.outputs.vector(3, 1)[..2], [f(1.0), 0]);
}
