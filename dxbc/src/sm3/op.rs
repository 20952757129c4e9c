//! The one table of Direct3D 9 instructions.

use crate::ir::{Model, Stage};

macro_rules! ops {
    ($($number:literal $name:ident $mnemonic:literal $destination:literal $sources:literal,)*) => {
        /// An instruction; the value is the number in its token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op {
            $(
                #[doc = concat!("`", $mnemonic, "`")]
                $name = $number,
            )*
        }

        impl Op {
            /// Every instruction, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The instruction with this number.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Name, whether it has a destination, and how many sources; those that change with the shader model as in 3.0.
            const fn row(self) -> (&'static str, bool, usize) {
                match self {
                    $(Self::$name => ($mnemonic, $destination == 1, $sources),)*
                }
            }
        }
    };
}

// Number, name, mnemonic, destinations, sources. `dcl` and `def` have operands of their own and are no instructions here.
ops! {
    0 Nop "nop" 0 0,
    1 Mov "mov" 1 1,
    2 Add "add" 1 2,
    3 Sub "sub" 1 2,
    4 Mad "mad" 1 3,
    5 Mul "mul" 1 2,
    6 Rcp "rcp" 1 1,
    7 Rsq "rsq" 1 1,
    8 Dp3 "dp3" 1 2,
    9 Dp4 "dp4" 1 2,
    10 Min "min" 1 2,
    11 Max "max" 1 2,
    12 Slt "slt" 1 2,
    13 Sge "sge" 1 2,
    14 Exp "exp" 1 1,
    15 Log "log" 1 1,
    16 Lit "lit" 1 1,
    17 Dst "dst" 1 2,
    18 Lrp "lrp" 1 3,
    19 Frc "frc" 1 1,
    20 M4x4 "m4x4" 1 2,
    21 M4x3 "m4x3" 1 2,
    22 M3x4 "m3x4" 1 2,
    23 M3x3 "m3x3" 1 2,
    24 M3x2 "m3x2" 1 2,
    25 Call "call" 0 1,
    26 Callnz "callnz" 0 2,
    27 Loop "loop" 0 2,
    28 Ret "ret" 0 0,
    29 Endloop "endloop" 0 0,
    30 Label "label" 0 1,
    32 Pow "pow" 1 2,
    33 Crs "crs" 1 2,
    34 Sgn "sgn" 1 1,
    35 Abs "abs" 1 1,
    36 Nrm "nrm" 1 1,
    37 Sincos "sincos" 1 1,
    38 Rep "rep" 0 1,
    39 Endrep "endrep" 0 0,
    40 If "if" 0 1,
    41 Ifc "if" 0 2,
    42 Else "else" 0 0,
    43 Endif "endif" 0 0,
    44 Break "break" 0 0,
    45 Breakc "break" 0 2,
    46 Mova "mova" 1 1,
    64 Texcoord "texcrd" 1 1,
    65 Texkill "texkill" 1 0,
    66 Tex "texld" 1 2,
    67 Texbem "texbem" 1 1,
    68 Texbeml "texbeml" 1 1,
    69 Texreg2ar "texreg2ar" 1 1,
    70 Texreg2gb "texreg2gb" 1 1,
    71 Texm3x2pad "texm3x2pad" 1 1,
    72 Texm3x2tex "texm3x2tex" 1 1,
    73 Texm3x3pad "texm3x3pad" 1 1,
    74 Texm3x3tex "texm3x3tex" 1 1,
    75 Texm3x3diff "texm3x3diff" 1 1,
    76 Texm3x3spec "texm3x3spec" 1 2,
    77 Texm3x3vspec "texm3x3vspec" 1 1,
    78 Expp "expp" 1 1,
    79 Logp "logp" 1 1,
    80 Cnd "cnd" 1 3,
    82 Texreg2rgb "texreg2rgb" 1 1,
    83 Texdp3tex "texdp3tex" 1 1,
    84 Texm3x2depth "texm3x2depth" 1 1,
    85 Texdp3 "texdp3" 1 1,
    86 Texm3x3 "texm3x3" 1 1,
    87 Texdepth "texdepth" 1 0,
    88 Cmp "cmp" 1 3,
    89 Bem "bem" 1 2,
    90 Dp2add "dp2add" 1 3,
    91 Dsx "dsx" 1 1,
    92 Dsy "dsy" 1 1,
    93 Texldd "texldd" 1 4,
    94 Setp "setp" 1 2,
    95 Texldl "texldl" 1 2,
    96 Breakp "breakp" 0 1,
    0xfffd Phase "phase" 0 0,
}

impl Op {
    /// Whether it has a destination, and how many sources, in this shader model.
    pub fn operands(self, stage: Stage, model: Model) -> (bool, usize) {
        let (_, destination, sources) = self.row();
        let version = (model.major, model.minor);
        let sources = match self {
            Self::Sincos | Self::Sgn if model.major < 3 => 3,
            Self::Texcoord | Self::Tex if stage == Stage::Pixel && version < (1, 4) => 0,
            Self::Tex if version < (2, 0) => 1,
            _ => sources,
        };
        (destination, sources)
    }

    /// Its name in this shader model, without what the control bits add.
    pub fn mnemonic(self, model: Model) -> &'static str {
        match self {
            Self::Texcoord if (model.major, model.minor) < (1, 4) => "texcoord",
            Self::Tex if (model.major, model.minor) < (1, 4) => "tex",
            _ => self.row().0,
        }
    }

    /// True when the control bits hold a comparison.
    pub const fn compares(self) -> bool {
        matches!(self, Self::Ifc | Self::Breakc | Self::Setp)
    }
}
