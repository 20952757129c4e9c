//! The text form: assembly as Direct3D 9's tools print it.

use std::fmt;

use super::*;
use crate::ir::Stage;

const COMPONENTS: [char; 4] = ['x', 'y', 'z', 'w'];

/// Direct3D 9 code as text, with the slots (`VGPU-1`) of what it is lowered to. Code that would be refused says why.
pub fn listing(tokens: &[u32]) -> String {
    let program = match decode(tokens) {
        Ok(program) => program,
        Err(error) => return format!("// cannot be decoded: {error}\n"),
    };
    match Shader::with_variant(&program, &Variant::default()) {
        Ok(shader) => {
            let slots = shader.program.instruction_slots();
            format!("// slots, every instruction once: {slots}\n{program}")
        }
        Err(error) => format!("// refused: {error}\n{program}"),
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.profile())?;
        let mut depth = 1_usize;
        for statement in &self.statements {
            if let Statement::Instruction(i) = statement
                && matches!(i.op, Op::Else | Op::Endif | Op::Endloop | Op::Endrep)
            {
                depth = depth.saturating_sub(1).max(1);
            }
            write!(f, "{:1$}", "", depth * 4)?;
            self.statement(f, statement)?;
            writeln!(f)?;
            if let Statement::Instruction(i) = statement
                && matches!(i.op, Op::If | Op::Ifc | Op::Else | Op::Loop | Op::Rep)
            {
                depth += 1;
            }
        }
        Ok(())
    }
}

impl Program {
    fn statement(&self, f: &mut fmt::Formatter<'_>, statement: &Statement) -> fmt::Result {
        match statement {
            Statement::Declare(declaration) => self.declaration(f, declaration),
            Statement::Define(number, values) => {
                write!(f, "def c{number}")?;
                values.iter().try_for_each(|&bits| {
                    let value = f32::from_bits(bits);
                    if value.is_finite() { write!(f, ", {value:?}") } else { write!(f, ", {bits:#010x}") }
                })
            }
            Statement::DefineInteger(number, values) => {
                write!(f, "defi i{number}")?;
                values.iter().try_for_each(|&bits| write!(f, ", {}", bits as i32))
            }
            Statement::DefineBool(number, value) => write!(f, "defb b{number}, {value}"),
            Statement::Instruction(instruction) => self.instruction(f, instruction),
        }
    }

    /// True where a declaration has no usage: pixel shader inputs before 3.0 and `vPos`, `vFace`.
    pub(super) fn declares_without_usage(&self, file: File) -> bool {
        self.stage == Stage::Pixel && (file != File::Input || self.model.major < 3)
    }

    fn declaration(&self, f: &mut fmt::Formatter<'_>, d: &Declaration) -> fmt::Result {
        let file = d.register.register.file;
        f.write_str("dcl")?;
        if file == File::Sampler {
            f.write_str(["", "_1d", "_2d", "_cube", "_volume"][d.texture as usize])?;
        }
        let implied = file == File::Sampler || self.declares_without_usage(file);
        if !implied || (d.usage, d.index) != (Usage::Position, 0) {
            write!(f, "_{}", d.usage.name().to_ascii_lowercase())?;
            if d.index != 0 {
                write!(f, "{}", d.index)?;
            }
        }
        modifiers(f, &d.register)?;
        f.write_str(" ")?;
        self.destination(f, &d.register)
    }

    fn instruction(&self, f: &mut fmt::Formatter<'_>, i: &Instruction) -> fmt::Result {
        if i.coissue {
            f.write_str("+")?;
        }
        if let Some(predicate) = &i.predicate {
            f.write_str("(")?;
            self.source(f, predicate)?;
            f.write_str(") ")?;
        }
        f.write_str(i.op.mnemonic(self.model))?;
        match (i.op, Comparison::from_number(i.control)) {
            (op, Some(comparison)) if op.compares() => write!(f, "_{}", comparison.name())?,
            (Op::Tex, _) => f.write_str(["", "p", "b"][usize::from(i.control.min(2))])?,
            _ => {}
        }
        let mut separator = " ";
        if let Some(destination) = &i.destination {
            modifiers(f, destination)?;
            f.write_str(separator)?;
            self.destination(f, destination)?;
            separator = ", ";
        }
        for source in &i.sources {
            f.write_str(separator)?;
            self.source(f, source)?;
            separator = ", ";
        }
        Ok(())
    }

    fn destination(&self, f: &mut fmt::Formatter<'_>, d: &Destination) -> fmt::Result {
        register(f, d.register, d.relative)?;
        if d.mask != 0xf && d.register.file != File::Sampler {
            f.write_str(".")?;
            (0..4).filter(|c| d.mask >> c & 1 == 1).try_for_each(|c| write!(f, "{}", COMPONENTS[c]))?;
        }
        Ok(())
    }

    fn source(&self, f: &mut fmt::Formatter<'_>, s: &Source) -> fmt::Result {
        use Modifier as M;
        f.write_str(match s.modifier {
            M::Neg | M::BiasNeg | M::SignNeg | M::X2Neg | M::AbsNeg => "-",
            M::Complement => "1-",
            M::Not => "!",
            _ => "",
        })?;
        register(f, s.register, s.relative)?;
        f.write_str(match s.modifier {
            M::Bias | M::BiasNeg => "_bias",
            M::Sign | M::SignNeg => "_bx2",
            M::X2 | M::X2Neg => "_x2",
            M::Dz => "_dz",
            M::Dw => "_dw",
            M::Abs | M::AbsNeg => "_abs",
            _ => "",
        })?;
        let [x, y, z, w] = s.swizzle.map(|c| COMPONENTS[usize::from(c & 3)]);
        match s.swizzle {
            IDENTITY => Ok(()),
            _ if x == y && y == z && z == w => write!(f, ".{x}"),
            _ => write!(f, ".{x}{y}{z}{w}"),
        }
    }
}

fn modifiers(f: &mut fmt::Formatter<'_>, d: &Destination) -> fmt::Result {
    f.write_str(match d.shift {
        1 => "_x2",
        2 => "_x4",
        3 => "_x8",
        -1 => "_d2",
        -2 => "_d4",
        -3 => "_d8",
        _ => "",
    })?;
    let flags = [(d.saturate, "_sat"), (d.partial_precision, "_pp"), (d.centroid, "_centroid")];
    flags.iter().filter(|flag| flag.0).try_for_each(|flag| f.write_str(flag.1))
}

/// Files of numbered registers and their letters.
pub(super) const LETTERS: [(File, &str); 13] = [
    (File::Temp, "r"),
    (File::Input, "v"),
    (File::Constant, "c"),
    (File::Address, "a"),
    (File::Texture, "t"),
    (File::ColorVarying, "oD"),
    (File::TexcoordVarying, "oT"),
    (File::Output, "o"),
    (File::Integer, "i"),
    (File::ColorOut, "oC"),
    (File::Sampler, "s"),
    (File::Bool, "b"),
    (File::Label, "l"),
];

/// Registers with names.
pub(super) const NAMED: [(Register, &str); 8] = [
    (Register::new(File::RasterOut, 0), "oPos"),
    (Register::new(File::RasterOut, 1), "oFog"),
    (Register::new(File::RasterOut, 2), "oPts"),
    (Register::new(File::DepthOut, 0), "oDepth"),
    (Register::new(File::Misc, 0), "vPos"),
    (Register::new(File::Misc, 1), "vFace"),
    (Register::new(File::LoopCounter, 0), "aL"),
    (Register::new(File::Predicate, 0), "p0"),
];

fn register(f: &mut fmt::Formatter<'_>, r: Register, relative: Option<Relative>) -> fmt::Result {
    if let Some((_, name)) = NAMED.iter().find(|named| named.0 == r) {
        return f.write_str(name);
    }
    let letters = LETTERS.iter().find(|row| row.0 == r.file).map_or("", |row| row.1);
    match relative {
        None => write!(f, "{letters}{}", r.number),
        Some(Relative { register: Register { file: File::LoopCounter, .. }, .. }) => {
            write!(f, "{letters}[aL + {}]", r.number)
        }
        Some(Relative { component, .. }) => {
            write!(f, "{letters}[a0.{} + {}]", COMPONENTS[usize::from(component & 3)], r.number)
        }
    }
}
