//! The one table of Direct3D 10/11 instructions.
//!
//! Decoder, encoder, assembler, listing, validation and cost model all read [`for_each_op!`](crate::for_each_op):
//! an instruction that is added here and forgotten elsewhere does not compile. Declarations have operands of their
//! own shapes and live in [`super::declaration`].
//!
//! A row reads: token number, variant, mnemonic, destination types, source types, flags, first shader model, cost
//! class. Numbers from 2048 on have no token: they are Direct3D 9's arithmetic, which [`sm3`](crate::sm3) lowers to. Types: `F` float, `I` signed, `U` unsigned or plain bits, `D` double (a pair of components), `R` resource,
//! sampler, UAV, group-shared or stream register, `L` label or function.

/// Calls the macro `$m` with every row of the instruction table.
#[macro_export]
macro_rules! for_each_op {
    ($m:ident) => {
        $m! {
            0 Add "add" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            1 And "and" [U] [U U] (PRECISE) (4, 0) Full,
            2 Break "break" [] [] (NONE) (4, 0) Flow,
            3 Breakc "breakc" [] [U] (TEST) (4, 0) Flow,
            4 Call "call" [] [L] (NONE) (4, 0) Flow,
            5 Callc "callc" [] [U L] (TEST) (4, 0) Flow,
            6 Case "case" [] [U] (NONE) (4, 0) Flow,
            7 Continue "continue" [] [] (NONE) (4, 0) Flow,
            8 Continuec "continuec" [] [U] (TEST) (4, 0) Flow,
            9 Cut "cut" [] [] (NONE) (4, 0) Flow,
            10 Default "default" [] [] (NONE) (4, 0) Flow,
            11 DerivRtx "deriv_rtx" [F] [F] (SAT | PRECISE) (4, 0) Full,
            12 DerivRty "deriv_rty" [F] [F] (SAT | PRECISE) (4, 0) Full,
            13 Discard "discard" [] [U] (TEST) (4, 0) Discard,
            14 Div "div" [F] [F F] (SAT | PRECISE) (4, 0) Quarter,
            15 Dp2 "dp2" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            16 Dp3 "dp3" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            17 Dp4 "dp4" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            18 Else "else" [] [] (NONE) (4, 0) Flow,
            19 Emit "emit" [] [] (NONE) (4, 0) Flow,
            20 EmitThenCut "emit_then_cut" [] [] (NONE) (4, 0) Flow,
            21 Endif "endif" [] [] (NONE) (4, 0) Flow,
            22 Endloop "endloop" [] [] (NONE) (4, 0) Flow,
            23 Endswitch "endswitch" [] [] (NONE) (4, 0) Flow,
            24 Eq "eq" [U] [F F] (NONE) (4, 0) Full,
            25 Exp "exp" [F] [F] (SAT | PRECISE) (4, 0) Quarter,
            26 Frc "frc" [F] [F] (SAT | PRECISE) (4, 0) Full,
            27 Ftoi "ftoi" [I] [F] (NONE) (4, 0) Full,
            28 Ftou "ftou" [U] [F] (NONE) (4, 0) Full,
            29 Ge "ge" [U] [F F] (NONE) (4, 0) Full,
            30 Iadd "iadd" [I] [I I] (PRECISE) (4, 0) Full,
            31 If "if" [] [U] (TEST) (4, 0) Flow,
            32 Ieq "ieq" [U] [I I] (NONE) (4, 0) Full,
            33 Ige "ige" [U] [I I] (NONE) (4, 0) Full,
            34 Ilt "ilt" [U] [I I] (NONE) (4, 0) Full,
            35 Imad "imad" [I] [I I I] (PRECISE) (4, 0) IntegerMultiply,
            36 Imax "imax" [I] [I I] (PRECISE) (4, 0) Full,
            37 Imin "imin" [I] [I I] (PRECISE) (4, 0) Full,
            38 Imul "imul" [I I] [I I] (PRECISE) (4, 0) IntegerMultiply,
            39 Ine "ine" [U] [I I] (NONE) (4, 0) Full,
            40 Ineg "ineg" [I] [I] (PRECISE) (4, 0) Full,
            41 Ishl "ishl" [I] [I I] (PRECISE) (4, 0) Full,
            42 Ishr "ishr" [I] [I I] (PRECISE) (4, 0) Full,
            43 Itof "itof" [F] [I] (NONE) (4, 0) Full,
            44 Label "label" [] [L] (NONE) (4, 0) Flow,
            45 Ld "ld" [U] [I R] (EXT) (4, 0) Texture,
            46 Ldms "ldms" [U] [I R I] (EXT) (4, 0) Texture,
            47 Log "log" [F] [F] (SAT | PRECISE) (4, 0) Quarter,
            48 Loop "loop" [] [] (NONE) (4, 0) Flow,
            49 Lt "lt" [U] [F F] (NONE) (4, 0) Full,
            50 Mad "mad" [F] [F F F] (SAT | PRECISE) (4, 0) Full,
            51 Min "min" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            52 Max "max" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            54 Mov "mov" [F] [F] (SAT | PRECISE) (4, 0) Full,
            55 Movc "movc" [F] [U F F] (SAT | PRECISE) (4, 0) Full,
            56 Mul "mul" [F] [F F] (SAT | PRECISE) (4, 0) Full,
            57 Ne "ne" [U] [F F] (NONE) (4, 0) Full,
            58 Nop "nop" [] [] (NONE) (4, 0) Flow,
            59 Not "not" [U] [U] (PRECISE) (4, 0) Full,
            60 Or "or" [U] [U U] (PRECISE) (4, 0) Full,
            61 Resinfo "resinfo" [F] [I R] (RETURN2 | EXT) (4, 0) Full,
            62 Ret "ret" [] [] (NONE) (4, 0) Flow,
            63 Retc "retc" [] [U] (TEST) (4, 0) Flow,
            64 RoundNe "round_ne" [F] [F] (SAT | PRECISE) (4, 0) Full,
            65 RoundNi "round_ni" [F] [F] (SAT | PRECISE) (4, 0) Full,
            66 RoundPi "round_pi" [F] [F] (SAT | PRECISE) (4, 0) Full,
            67 RoundZ "round_z" [F] [F] (SAT | PRECISE) (4, 0) Full,
            68 Rsq "rsq" [F] [F] (SAT | PRECISE) (4, 0) Quarter,
            69 Sample "sample" [U] [F R R] (EXT) (4, 0) Texture,
            70 SampleC "sample_c" [F] [F R R F] (EXT) (4, 0) Texture,
            71 SampleCLz "sample_c_lz" [F] [F R R F] (EXT) (4, 0) Texture,
            72 SampleL "sample_l" [U] [F R R F] (EXT) (4, 0) Texture,
            73 SampleD "sample_d" [U] [F R R F F] (EXT) (4, 0) Texture,
            74 SampleB "sample_b" [U] [F R R F] (EXT) (4, 0) Texture,
            75 Sqrt "sqrt" [F] [F] (SAT | PRECISE) (4, 0) Quarter,
            76 Switch "switch" [] [I] (NONE) (4, 0) Flow,
            77 Sincos "sincos" [F F] [F] (SAT | PRECISE) (4, 0) Quarter,
            78 Udiv "udiv" [U U] [U U] (PRECISE) (4, 0) IntegerDivide,
            79 Ult "ult" [U] [U U] (NONE) (4, 0) Full,
            80 Uge "uge" [U] [U U] (NONE) (4, 0) Full,
            81 Umul "umul" [U U] [U U] (PRECISE) (4, 0) IntegerMultiply,
            82 Umad "umad" [U] [U U U] (PRECISE) (4, 0) IntegerMultiply,
            83 Umax "umax" [U] [U U] (PRECISE) (4, 0) Full,
            84 Umin "umin" [U] [U U] (PRECISE) (4, 0) Full,
            85 Ushr "ushr" [U] [U U] (PRECISE) (4, 0) Full,
            86 Utof "utof" [F] [U] (NONE) (4, 0) Full,
            87 Xor "xor" [U] [U U] (PRECISE) (4, 0) Full,
            107 Jmp "jmp" [] [] (NONE) (4, 0) Flow,
            108 Lod "lod" [F] [F R R] (EXT) (4, 1) Texture,
            109 Gather4 "gather4" [U] [F R R] (EXT) (4, 1) Texture,
            110 Samplepos "samplepos" [F] [R U] (EXT) (4, 1) Full,
            111 Sampleinfo "sampleinfo" [F] [R] (RETURN1 | EXT) (4, 1) Full,
            117 EmitStream "emit_stream" [] [R] (NONE) (5, 0) Flow,
            118 CutStream "cut_stream" [] [R] (NONE) (5, 0) Flow,
            119 EmitThenCutStream "emit_then_cut_stream" [] [R] (NONE) (5, 0) Flow,
            120 Fcall "fcall" [] [L] (NONE) (5, 0) Flow,
            121 Bufinfo "bufinfo" [I] [R] (EXT) (5, 0) Full,
            122 DerivRtxCoarse "deriv_rtx_coarse" [F] [F] (SAT | PRECISE) (5, 0) Full,
            123 DerivRtxFine "deriv_rtx_fine" [F] [F] (SAT | PRECISE) (5, 0) Full,
            124 DerivRtyCoarse "deriv_rty_coarse" [F] [F] (SAT | PRECISE) (5, 0) Full,
            125 DerivRtyFine "deriv_rty_fine" [F] [F] (SAT | PRECISE) (5, 0) Full,
            126 Gather4C "gather4_c" [F] [F R R F] (EXT) (5, 0) Texture,
            127 Gather4Po "gather4_po" [F] [F I R R] (EXT) (5, 0) Texture,
            128 Gather4PoC "gather4_po_c" [F] [F I R R F] (EXT) (5, 0) Texture,
            129 Rcp "rcp" [F] [F] (SAT | PRECISE) (5, 0) Quarter,
            130 F32tof16 "f32tof16" [U] [F] (NONE) (5, 0) Full,
            131 F16tof32 "f16tof32" [F] [U] (NONE) (5, 0) Full,
            132 Uaddc "uaddc" [U U] [U U] (PRECISE) (5, 0) Full,
            133 Usubb "usubb" [U U] [U U] (PRECISE) (5, 0) Full,
            134 Countbits "countbits" [U] [U] (PRECISE) (5, 0) Full,
            135 FirstbitHi "firstbit_hi" [U] [U] (PRECISE) (5, 0) Full,
            136 FirstbitLo "firstbit_lo" [U] [U] (PRECISE) (5, 0) Full,
            137 FirstbitShi "firstbit_shi" [U] [I] (PRECISE) (5, 0) Full,
            138 Ubfe "ubfe" [U] [I I U] (PRECISE) (5, 0) Full,
            139 Ibfe "ibfe" [I] [I I I] (PRECISE) (5, 0) Full,
            140 Bfi "bfi" [U] [I I U U] (PRECISE) (5, 0) Full,
            141 Bfrev "bfrev" [U] [U] (PRECISE) (5, 0) Full,
            142 Swapc "swapc" [F F] [U F F] (PRECISE) (5, 0) Full,
            163 LdUavTyped "ld_uav_typed" [U] [I R] (EXT) (5, 0) Memory,
            164 StoreUavTyped "store_uav_typed" [R] [I U] (EXT) (5, 0) Memory,
            165 LdRaw "ld_raw" [U] [I R] (EXT) (5, 0) Memory,
            166 StoreRaw "store_raw" [R] [U U] (EXT) (5, 0) Memory,
            167 LdStructured "ld_structured" [U] [I I R] (EXT) (5, 0) Memory,
            168 StoreStructured "store_structured" [R] [I I U] (EXT) (5, 0) Memory,
            169 AtomicAnd "atomic_and" [R] [I U] (NONE) (5, 0) Memory,
            170 AtomicOr "atomic_or" [R] [I U] (NONE) (5, 0) Memory,
            171 AtomicXor "atomic_xor" [R] [I U] (NONE) (5, 0) Memory,
            172 AtomicCmpStore "atomic_cmp_store" [R] [I U U] (NONE) (5, 0) Memory,
            173 AtomicIadd "atomic_iadd" [R] [I I] (NONE) (5, 0) Memory,
            174 AtomicImax "atomic_imax" [R] [I I] (NONE) (5, 0) Memory,
            175 AtomicImin "atomic_imin" [R] [I I] (NONE) (5, 0) Memory,
            176 AtomicUmax "atomic_umax" [R] [I U] (NONE) (5, 0) Memory,
            177 AtomicUmin "atomic_umin" [R] [I U] (NONE) (5, 0) Memory,
            178 ImmAtomicAlloc "imm_atomic_alloc" [U] [R] (NONE) (5, 0) Memory,
            179 ImmAtomicConsume "imm_atomic_consume" [U] [R] (NONE) (5, 0) Memory,
            180 ImmAtomicIadd "imm_atomic_iadd" [U R] [I I] (NONE) (5, 0) Memory,
            181 ImmAtomicAnd "imm_atomic_and" [U R] [I U] (NONE) (5, 0) Memory,
            182 ImmAtomicOr "imm_atomic_or" [U R] [I U] (NONE) (5, 0) Memory,
            183 ImmAtomicXor "imm_atomic_xor" [U R] [I U] (NONE) (5, 0) Memory,
            184 ImmAtomicExch "imm_atomic_exch" [U R] [I U] (NONE) (5, 0) Memory,
            185 ImmAtomicCmpExch "imm_atomic_cmp_exch" [U R] [I U U] (NONE) (5, 0) Memory,
            186 ImmAtomicImax "imm_atomic_imax" [I R] [I I] (NONE) (5, 0) Memory,
            187 ImmAtomicImin "imm_atomic_imin" [I R] [I I] (NONE) (5, 0) Memory,
            188 ImmAtomicUmax "imm_atomic_umax" [U R] [I U] (NONE) (5, 0) Memory,
            189 ImmAtomicUmin "imm_atomic_umin" [U R] [I U] (NONE) (5, 0) Memory,
            190 Sync "sync" [] [] (SYNC) (5, 0) Flow,
            191 Dadd "dadd" [D] [D D] (SAT | PRECISE) (5, 0) Full,
            192 Dmax "dmax" [D] [D D] (SAT | PRECISE) (5, 0) Full,
            193 Dmin "dmin" [D] [D D] (SAT | PRECISE) (5, 0) Full,
            194 Dmul "dmul" [D] [D D] (SAT | PRECISE) (5, 0) Full,
            195 Deq "deq" [U] [D D] (NONE) (5, 0) Full,
            196 Dge "dge" [U] [D D] (NONE) (5, 0) Full,
            197 Dlt "dlt" [U] [D D] (NONE) (5, 0) Full,
            198 Dne "dne" [U] [D D] (NONE) (5, 0) Full,
            199 Dmov "dmov" [D] [D] (SAT | PRECISE) (5, 0) Full,
            200 Dmovc "dmovc" [D] [U D D] (SAT | PRECISE) (5, 0) Full,
            201 Dtof "dtof" [F] [D] (SAT | PRECISE) (5, 0) Full,
            202 Ftod "ftod" [D] [F] (SAT) (5, 0) Full,
            203 EvalSnapped "eval_snapped" [F] [F I] (SAT | PRECISE) (5, 0) Full,
            204 EvalSampleIndex "eval_sample_index" [F] [F I] (SAT | PRECISE) (5, 0) Full,
            205 EvalCentroid "eval_centroid" [F] [F] (SAT | PRECISE) (5, 0) Full,
            207 Abort "abort" [] [] (NONE) (5, 0) Flow,
            208 DebugBreak "debug_break" [] [] (NONE) (5, 0) Flow,
            210 Ddiv "ddiv" [D] [D D] (SAT | PRECISE | D11_1) (5, 0) Quarter,
            211 Dfma "dfma" [D] [D D D] (SAT | PRECISE | D11_1) (5, 0) Full,
            212 Drcp "drcp" [D] [D] (SAT | PRECISE | D11_1) (5, 0) Quarter,
            213 Msad "msad" [U] [U U U] (PRECISE | D11_1) (5, 0) Full,
            214 Dtoi "dtoi" [I] [D] (D11_1) (5, 0) Full,
            215 Dtou "dtou" [U] [D] (D11_1) (5, 0) Full,
            216 Itod "itod" [D] [I] (D11_1) (5, 0) Full,
            217 Utod "utod" [D] [U] (D11_1) (5, 0) Full,
            219 Gather4S "gather4_s" [U U] [F R R] (EXT | TILED) (5, 0) Texture,
            220 Gather4CS "gather4_c_s" [F U] [F R R F] (EXT | TILED) (5, 0) Texture,
            221 Gather4PoS "gather4_po_s" [F U] [F I R R] (EXT | TILED) (5, 0) Texture,
            222 Gather4PoCS "gather4_po_c_s" [F U] [F I R R F] (EXT | TILED) (5, 0) Texture,
            223 LdS "ld_s" [U U] [I R] (EXT | TILED) (5, 0) Texture,
            224 LdmsS "ldms_s" [U U] [I R I] (EXT | TILED) (5, 0) Texture,
            225 LdUavTypedS "ld_uav_typed_s" [U U] [I R] (EXT | TILED) (5, 0) Memory,
            226 LdRawS "ld_raw_s" [U U] [I R] (EXT | TILED) (5, 0) Memory,
            227 LdStructuredS "ld_structured_s" [U U] [I I R] (EXT | TILED) (5, 0) Memory,
            228 SampleLS "sample_l_s" [U U] [F R R F] (EXT | TILED) (5, 0) Texture,
            229 SampleCLzS "sample_c_lz_s" [F U] [F R R F] (EXT | TILED) (5, 0) Texture,
            230 SampleClS "sample_cl_s" [U U] [F R R F] (EXT | TILED) (5, 0) Texture,
            231 SampleBClS "sample_b_cl_s" [U U] [F R R F F] (EXT | TILED) (5, 0) Texture,
            232 SampleDClS "sample_d_cl_s" [U U] [F R R F F F] (EXT | TILED) (5, 0) Texture,
            233 SampleCClS "sample_c_cl_s" [F U] [F R R F F] (EXT | TILED) (5, 0) Texture,
            234 CheckAccessFullyMapped "check_access_fully_mapped" [U] [U] (EXT | TILED) (5, 0) Full,
            2048 MulLegacy "mul_legacy" [F] [F F] (SAT | D9) (1, 0) Full,
            2049 MadLegacy "mad_legacy" [F] [F F F] (SAT | D9) (1, 0) Full,
            2050 Dp3Legacy "dp3_legacy" [F] [F F] (SAT | D9) (1, 0) Full,
            2051 Dp4Legacy "dp4_legacy" [F] [F F] (SAT | D9) (1, 0) Full,
            2052 Pow "pow" [F] [F F] (SAT | D9) (1, 0) Quarter,
        }
    };
}

/// The type of one operand, as the table gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperandType {
    /// 32-bit float.
    F,
    /// Signed 32-bit integer.
    I,
    /// Unsigned 32-bit integer, or bits without a type.
    U,
    /// 64-bit float in a pair of components, low half first.
    D,
    /// Resource, sampler, UAV, group-shared memory or stream.
    R,
    /// Label, function body or interface slot.
    L,
}

/// What an instruction costs (`VGPU-1`, slots a vector of four).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CostClass {
    /// One slot: moves, additions, multiplications, comparisons, logic.
    Full,
    /// Four slots: reciprocals, roots, exponentials, logarithms, sines, divisions.
    Quarter,
    /// Two slots: integer multiplications.
    IntegerMultiply,
    /// Eight slots: integer divisions.
    IntegerDivide,
    /// One slot: flow control, synchronisation and emitted vertices.
    Flow,
    /// One slot: `discard`.
    Discard,
    /// Texture slots: samples, gathers and texel loads.
    Texture,
    /// Buffer, UAV and group-shared accesses, atomics.
    Memory,
}

/// What bits of an opcode token mean for an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpFlags(u16);

impl OpFlags {
    /// No control bit is used.
    pub const NONE: Self = Self(0);
    /// `_sat` is legal (bit 13).
    pub const SAT: Self = Self(1);
    /// The `precise` mask is legal (bits 19-22).
    pub const PRECISE: Self = Self(1 << 1);
    /// `_z` or `_nz` is chosen by bit 18.
    pub const TEST: Self = Self(1 << 2);
    /// Extended opcode tokens (offsets, dimension, return type) may follow.
    pub const EXT: Self = Self(1 << 3);
    /// `resinfo`: bits 11-12 choose float, rcpFloat or uint.
    pub const RETURN2: Self = Self(1 << 4);
    /// `sampleinfo`: bit 11 chooses float or uint.
    pub const RETURN1: Self = Self(1 << 5);
    /// `sync`: bits 11-14 are the fence flags.
    pub const SYNC: Self = Self(1 << 6);
    /// Needs the Direct3D 11.1 double or shader extensions.
    pub const D11_1: Self = Self(1 << 7);
    /// Needs tiled resources (status-returning forms).
    pub const TILED: Self = Self(1 << 8);
    /// Direct3D 9 alone: shader models 1 to 3, without a token.
    pub const D9: Self = Self(1 << 9);

    /// Both sets together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The row of one instruction.
#[derive(Debug, Clone, Copy)]
pub struct OpInfo {
    /// Lower-case name, as listings print it.
    pub mnemonic: &'static str,
    /// Types of the destinations, which come first in the stream.
    pub dst: &'static [OperandType],
    /// Types of the sources.
    pub src: &'static [OperandType],
    /// Legal control bits.
    pub flags: OpFlags,
    /// First shader model, major and minor.
    pub since: (u8, u8),
    /// Cost class.
    pub cost: CostClass,
}

macro_rules! define_ops {
    ($($number:literal $name:ident $mnemonic:literal [$($dst:ident)*] [$($src:ident)*] ($($flag:ident)|+) $since:tt $cost:ident,)*) => {
        /// An instruction; the value is the number in the opcode token of shader models 4.0 to 5.1.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op {
            $(
                #[doc = concat!("`", $mnemonic, "`")]
                $name = $number,
            )*
        }

        impl Op {
            /// Every instruction, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The instruction with this number in the opcode token.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The instruction's row.
            pub const fn info(self) -> &'static OpInfo {
                match self {
                    $(Self::$name => const { &OpInfo {
                        mnemonic: $mnemonic,
                        dst: &[$(OperandType::$dst,)*],
                        src: &[$(OperandType::$src,)*],
                        flags: OpFlags::NONE$(.union(OpFlags::$flag))+,
                        since: $since,
                        cost: CostClass::$cost,
                    } },)*
                }
            }
        }
    };
}

for_each_op!(define_ops);
