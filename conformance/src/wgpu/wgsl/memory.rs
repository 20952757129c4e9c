//! Texels, buffers, group-shared memory and atomics in WGSL.

use aerogpu_dxbc::ir::{
    Declaration, Instruction, Op, Operand, OperandType, RegisterFile, ResourceDimension, ReturnKind,
};

use super::body::{Body, is_atomic, is_memory, memory_name};
use super::operand::{number, scalar, source};
use super::{SampleType, Unsupported, component, dimension};

/// The WGSL type of a texture register.
pub(super) fn texture_type(dimension: ResourceDimension, sample: SampleType) -> Result<String, Unsupported> {
    use ResourceDimension as D;
    let shape = match dimension {
        D::Texture2D => "2d",
        D::Texture2DArray => "2d_array",
        D::TextureCube => "cube",
        D::TextureCubeArray => "cube_array",
        D::Texture3D => "3d",
        D::Texture2DMs => "multisampled_2d",
        other => return Err(Unsupported::new(format!("{other:?} as a texture"))),
    };
    Ok(match sample {
        SampleType::Depth => format!("texture_depth_{shape}"),
        SampleType::Float | SampleType::Opaque => format!("texture_{shape}<f32>"),
        SampleType::Sint => format!("texture_{shape}<i32>"),
        SampleType::Uint => format!("texture_{shape}<u32>"),
    })
}

impl Body<'_> {
    /// Instructions that touch memory; false for others.
    pub(super) fn memory(&mut self, i: &Instruction) -> Result<bool, Unsupported> {
        match i.op {
            Op::Sample | Op::SampleB | Op::SampleL | Op::SampleD | Op::SampleC | Op::SampleCLz => {
                self.sample(i)?;
            }
            Op::Gather4 | Op::Gather4C => self.gather(i)?,
            Op::Ld => self.load_texel(i)?,
            Op::Resinfo => self.resinfo(i)?,
            Op::Bufinfo => self.bufinfo(i)?,
            Op::LdRaw | Op::LdStructured => self.load_words(i)?,
            Op::StoreRaw | Op::StoreStructured => self.store_words(i)?,
            Op::ImmAtomicAlloc => self.counter(i, "atomicAdd(&N, 1u)")?,
            Op::ImmAtomicConsume => self.counter(i, "(atomicSub(&N, 1u) - 1u)")?,
            op if is_atomic(op) => self.atomic(i)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn dimension(&self, texture: &Operand) -> Result<ResourceDimension, Unsupported> {
        let slot = number(texture)?;
        let declared = self.shader.resources().iter().find(|r| r.first == slot);
        declared
            .map(|r| dimension(&self.wiring.cubes, slot, r.dimension))
            .ok_or_else(|| Unsupported::new("an undeclared texture"))
    }

    /// The vector type of a dimension's coordinates, and the swizzle that takes them.
    fn coordinates(dimension: ResourceDimension, value: &str) -> String {
        let spatial = ["x", "x", "xy", "xyz"][dimension.spatial()];
        let array = component(dimension.spatial());
        if dimension.is_array() {
            // The nearest layer; the built-in clamps it.
            format!("{value}.{spatial}, i32(round({value}.{array}))")
        } else {
            format!("{value}.{spatial}")
        }
    }

    fn sample(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let [destination, coordinate, texture, sampler, rest @ ..] = &i.operands[..] else {
            return Err(Unsupported::new("a sample without operands"));
        };
        let dimension = self.dimension(texture)?;
        let value = format!("f4({})", source(coordinate, OperandType::F)?);
        let value = self.temporary(&value);
        let coordinates = Self::coordinates(dimension, &value);
        let (t, s) = (memory_name(texture)?, number(sampler)?);
        let argument = |n: usize| -> Result<String, Unsupported> {
            Ok(format!("f4({})", source(&rest[n], OperandType::F)?))
        };
        let spatial = ["x", "x", "xy", "xyz"][dimension.spatial()];
        let offset = offset(i, dimension);
        let depth = self.is_depth(texture)?;
        let compares = matches!(i.op, Op::SampleC | Op::SampleCLz);
        if depth && !compares && i.op != Op::Sample {
            return Err(Unsupported::new(format!("{} of a depth texture", i.op.info().mnemonic)));
        }
        if compares && !depth {
            return Err(Unsupported::new("comparison sampling of a colour format"));
        }
        let texel = match i.op {
            Op::Sample => format!("textureSample({t}, s{s}, {coordinates}{offset})"),
            Op::SampleB => format!("textureSampleBias({t}, s{s}, {coordinates}, {}.x{offset})", argument(0)?),
            Op::SampleL => {
                format!("textureSampleLevel({t}, s{s}, {coordinates}, {}.x{offset})", argument(0)?)
            }
            Op::SampleD => format!(
                "textureSampleGrad({t}, s{s}, {coordinates}, {}.{spatial}, {}.{spatial}{offset})",
                argument(0)?,
                argument(1)?
            ),
            Op::SampleC => {
                format!("textureSampleCompare({t}, s{s}, {coordinates}, {}.x{offset})", argument(0)?)
            }
            _ => format!("textureSampleCompareLevel({t}, s{s}, {coordinates}, {}.x{offset})", argument(0)?),
        };
        let words = if compares { format!("vec4u(bitcast<u32>({texel}))") } else { words(&texel, depth) };
        self.texel(destination, texture, &words, i.saturate)
    }

    fn is_depth(&self, texture: &Operand) -> Result<bool, Unsupported> {
        Ok(self.wiring.textures.get(&number(texture)?) == Some(&SampleType::Depth))
    }

    /// Writes what was read, by the resource operand's swizzle.
    fn texel(
        &mut self,
        destination: &Operand,
        memory: &Operand,
        words: &str,
        saturate: bool,
    ) -> Result<(), Unsupported> {
        let swizzle: String = (0..4).map(|c| component(memory.swizzle(c))).collect();
        self.assign(destination, saturate, &format!("({words}).{swizzle}"))
    }

    fn gather(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let [destination, coordinate, texture, sampler, rest @ ..] = &i.operands[..] else {
            return Err(Unsupported::new("a gather without operands"));
        };
        let dimension = self.dimension(texture)?;
        let value = format!("f4({})", source(coordinate, OperandType::F)?);
        let value = self.temporary(&value);
        let coordinates = Self::coordinates(dimension, &value);
        let (t, s) = (memory_name(texture)?, number(sampler)?);
        let offset = offset(i, dimension);
        let words = match rest.first() {
            Some(_) if !self.is_depth(texture)? => {
                return Err(Unsupported::new("comparison sampling of a colour format"));
            }
            Some(reference) => {
                let reference = format!("f4({}).x", source(reference, OperandType::F)?);
                format!("bitcast<vec4u>(textureGatherCompare({t}, s{s}, {coordinates}, {reference}{offset}))")
            }
            None => {
                if self.is_depth(texture)? {
                    return Err(Unsupported::new("gather4 of a depth texture"));
                }
                let channel = sampler.swizzle(0);
                format!("bitcast<vec4u>(textureGather({channel}, {t}, s{s}, {coordinates}{offset}))")
            }
        };
        self.texel(destination, texture, &words, i.saturate)
    }

    /// `ld`: outside of the level, of the levels and of the layers 0, and 1 for an alpha that the format does not have.
    fn load_texel(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let (destination, coordinate, texture) = (&i.operands[0], &i.operands[1], &i.operands[2]);
        let dimension = self.dimension(texture)?;
        if !matches!(
            dimension,
            ResourceDimension::Texture2D | ResourceDimension::Texture2DArray | ResourceDimension::Texture3D
        ) {
            return Err(Unsupported::new(format!("ld of {dimension:?}")));
        }
        let t = memory_name(texture)?;
        let at = source(coordinate, OperandType::I)?;
        let [x, y, z] = i.texel_offset();
        let at = self.temporary(&format!("bi(i4({at}) + vec4i({x}, {y}, {z}, 0))"));
        let level = format!("min({at}.w, textureNumLevels({t}) - 1u)");
        let level = self.temporary(&level);
        let size = self.temporary(&format!("textureDimensions({t}, {level})"));
        let spatial = ["x", "x", "xy", "xyz"][dimension.spatial()];
        let mut inside = format!("{at}.w < textureNumLevels({t}) && all({at}.{spatial} < {size})");
        let mut arguments = format!("{at}.{spatial}");
        if dimension.is_array() {
            inside += &format!(" && {at}.z < textureNumLayers({t})");
            arguments += &format!(", {at}.z");
        }
        let texel = words(&format!("textureLoad({t}, {arguments}, {level})"), self.is_depth(texture)?);
        let opaque = matches!(
            self.wiring.textures.get(&number(texture)?),
            Some(SampleType::Opaque | SampleType::Depth)
        );
        let outside = if opaque { "vec4u(0u, 0u, 0u, 0x3f800000u)" } else { "vec4u(0u)" };
        let words = format!("select({outside}, {texel}, {inside})");
        self.texel(destination, texture, &words, i.saturate)
    }

    fn resinfo(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let (destination, level, texture) = (&i.operands[0], &i.operands[1], &i.operands[2]);
        let dimension = self.dimension(texture)?;
        let t = memory_name(texture)?;
        let level = self.temporary(&scalar(level, OperandType::I)?);
        let levels = format!("textureNumLevels({t})");
        let size = self.temporary(&format!("textureDimensions({t}, min({level}, {levels} - 1u))"));
        let [y, z] = match dimension {
            ResourceDimension::Texture3D => [format!("{size}.y"), format!("{size}.z")],
            d if d.is_array() => [format!("{size}.y"), format!("textureNumLayers({t})")],
            _ => [format!("{size}.y"), "0u".into()],
        };
        // A level that does not exist has no size; the number of levels and layers stays.
        let value =
            format!("vec4u(select(vec3u(0u), vec3u({size}.x, {y}, {z}), {level} < {levels}), {levels})");
        let value = self.temporary(&value);
        let words = match i.return_kind {
            ReturnKind::Uint => value,
            ReturnKind::Float => format!("bf(vec4f({value}))"),
            ReturnKind::RcpFloat => return Err(Unsupported::new("resinfo_rcpfloat")),
        };
        self.texel(destination, texture, &words, i.saturate)
    }

    fn bufinfo(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let (destination, buffer) = (&i.operands[0], &i.operands[1]);
        let words = format!("arrayLength(&{})", memory_name(buffer)?);
        let width = match self.stride(buffer) {
            Some(stride) => format!("{words} / {}u", (stride / 4).max(1)),
            None => format!("{words} * 4u"),
        };
        self.texel(destination, buffer, &format!("vec4u({width}, 0u, 0u, 0u)"), false)
    }

    /// Bytes of a structure, or `None` for raw memory.
    fn stride(&self, memory: &Operand) -> Option<u32> {
        let slot = number(memory).ok()?;
        let declared = match memory.file {
            RegisterFile::Resource => {
                self.shader.resources().iter().find(|r| r.first == slot).map(|r| r.stride)
            }
            RegisterFile::Uav => self.shader.uavs().iter().find(|u| u.first == slot).map(|u| u.stride),
            _ => self.shader.program().declarations().find_map(|d| match d {
                Declaration::GroupSharedStructured { operand, stride, .. } if number(operand) == Ok(slot) => {
                    Some(*stride)
                }
                _ => None,
            }),
        };
        declared.filter(|&stride| stride != 0)
    }

    /// How many words the variable has.
    fn length(&self, memory: &Operand) -> Result<String, Unsupported> {
        let name = memory_name(memory)?;
        Ok(match memory.file {
            RegisterFile::GroupShared => {
                let slot = number(memory)?;
                format!(
                    "{}u",
                    self.shared().find(|(register, _)| **register == slot).map_or(0, |(_, words)| *words)
                )
            }
            _ => format!("arrayLength(&{name})"),
        })
    }

    /// The index of the first word of an access and the condition under which word `c` of it exists.
    fn word_index(
        &mut self,
        i: &Instruction,
        address: &[Operand],
        memory: &Operand,
    ) -> Result<String, Unsupported> {
        let first = scalar(&address[0], OperandType::U)?;
        let structured = !matches!(i.op, Op::LdRaw | Op::StoreRaw) && self.stride(memory).is_some();
        let value = match (structured, self.stride(memory)) {
            (true, Some(stride)) => {
                let offset = match i.op {
                    op if is_atomic(op) => source(&address[0], OperandType::U)? + ".y",
                    _ => scalar(&address[1], OperandType::U)?,
                };
                let words = stride / 4;
                // A structure is accessible only as a whole, and an offset may not leave it.
                format!(
                    "select(0xffffff00u, {first} * {words}u + {offset} / 4u, \
                     {offset} < {stride}u && {first} < {} / {words}u)",
                    self.length(memory)?
                )
            }
            _ => format!("{first} / 4u"),
        };
        Ok(self.temporary(&value))
    }

    fn load_words(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let count = i.operands.len();
        let memory = &i.operands[count - 1];
        let at = self.word_index(i, &i.operands[1..count - 1], memory)?;
        let (name, length) = (memory_name(memory)?, self.length(memory)?);
        let atomic = self.is_atomic(&name);
        let mut words = Vec::new();
        for c in 0..4 {
            let place = format!("{name}[min({at} + {c}u, max({length}, 1u) - 1u)]");
            let word = if atomic { format!("atomicLoad(&{place})") } else { place };
            words.push(format!("select(0u, {word}, {at} + {c}u < {length})"));
        }
        self.texel(&i.operands[0], memory, &format!("vec4u({})", words.join(", ")), false)
    }

    fn store_words(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let count = i.operands.len();
        let memory = &i.operands[0];
        let value = source(&i.operands[count - 1], OperandType::U)?;
        let value = self.temporary(&value);
        let at = self.word_index(i, &i.operands[1..count - 1], memory)?;
        let (name, length) = (memory_name(memory)?, self.length(memory)?);
        for c in (0..4).filter(|c| memory.mask() >> c & 1 == 1) {
            let (place, word) = (format!("{name}[{at} + {c}u]"), format!("{value}.{}", component(c)));
            let store = match self.is_atomic(&name) {
                true => format!("atomicStore(&{place}, {word});"),
                false => format!("{place} = {word};"),
            };
            self.line(&format!("if ({at} + {c}u < {length}) {{ {store} }}"));
        }
        Ok(())
    }

    fn counter(&mut self, i: &Instruction, call: &str) -> Result<(), Unsupported> {
        let call = call.replace('N', &format!("n{}", number(&i.operands[1])?));
        self.assign(&i.operands[0], false, &format!("vec4u({call})"))
    }

    fn atomic(&mut self, i: &Instruction) -> Result<(), Unsupported> {
        let returns = !is_memory(&i.operands[0]);
        let (destination, operands) = i.operands.split_at(usize::from(returns));
        let [memory, address, values @ ..] = operands else {
            return Err(Unsupported::new("an atomic without operands"));
        };
        let at = self.word_index(i, std::slice::from_ref(address), memory)?;
        let (name, length) = (memory_name(memory)?, self.length(memory)?);
        let value = scalar(&values[0], OperandType::U)?;
        let place = format!("&{name}[{at}]");
        let simple = |function: &str| format!("{function}({place}, {value})");
        let call = match i.op {
            Op::AtomicIadd | Op::ImmAtomicIadd => simple("atomicAdd"),
            Op::AtomicAnd | Op::ImmAtomicAnd => simple("atomicAnd"),
            Op::AtomicOr | Op::ImmAtomicOr => simple("atomicOr"),
            Op::AtomicXor | Op::ImmAtomicXor => simple("atomicXor"),
            Op::AtomicUmax | Op::ImmAtomicUmax => simple("atomicMax"),
            Op::AtomicUmin | Op::ImmAtomicUmin => simple("atomicMin"),
            Op::ImmAtomicExch => simple("atomicExchange"),
            Op::AtomicCmpStore | Op::ImmAtomicCmpExch => {
                let new = scalar(&values[1], OperandType::U)?;
                // The weak form may fail for no reason: try until it has not.
                let old = self.temporary("0u").replace("t_", "old_");
                self.line(&format!("var {old} = 0u;"));
                self.line(&format!(
                    "if ({at} < {length}) {{ loop {{ let e = atomicCompareExchangeWeak({place}, {value}, {new}); \
                     {old} = e.old_value; if (e.exchanged || e.old_value != {value}) {{ break; }} }} }}"
                ));
                return match destination.first() {
                    Some(destination) => self.assign(destination, false, &format!("vec4u({old})")),
                    None => Ok(()),
                };
            }
            Op::AtomicImax | Op::ImmAtomicImax => {
                return self.signed(destination, (&at, &length), &place, "max", &value);
            }
            Op::AtomicImin | Op::ImmAtomicImin => {
                return self.signed(destination, (&at, &length), &place, "min", &value);
            }
            op => return Err(Unsupported::new(op.info().mnemonic)),
        };
        let old = self.temporary("0u").replace("t_", "old_");
        self.line(&format!("var {old} = 0u;"));
        self.line(&format!("if ({at} < {length}) {{ {old} = {call}; }}"));
        match destination.first() {
            Some(destination) => self.assign(destination, false, &format!("vec4u({old})")),
            None => Ok(()),
        }
    }

    /// Words are unsigned for WGSL's atomics: a signed minimum or maximum is exchanged until nobody was in between.
    fn signed(
        &mut self,
        destination: &[Operand],
        (at, length): (&str, &str),
        place: &str,
        function: &str,
        value: &str,
    ) -> Result<(), Unsupported> {
        let old = self.temporary("0u").replace("t_", "old_");
        self.line(&format!("var {old} = 0u;"));
        self.line(&format!(
            "if ({at} < {length}) {{ {old} = atomicLoad({place}); loop {{ \
             let e = atomicCompareExchangeWeak({place}, {old}, \
             bitcast<u32>({function}(bitcast<i32>({old}), bitcast<i32>({value})))); \
             if (e.exchanged) {{ break; }} {old} = e.old_value; }} }}"
        ));
        match destination.first() {
            Some(destination) => self.assign(destination, false, &format!("vec4u({old})")),
            None => Ok(()),
        }
    }
}

/// The words of a texel; a depth texture gives one number, which stands for red.
fn words(texel: &str, depth: bool) -> String {
    if depth {
        format!("vec4u(bitcast<u32>({texel}), 0u, 0u, 0x3f800000u)")
    } else {
        format!("bitcast<vec4u>({texel})")
    }
}

/// Immediate texel offsets as an argument.
fn offset(i: &Instruction, dimension: ResourceDimension) -> String {
    let [x, y, z] = i.texel_offset();
    match dimension {
        _ if [x, y, z] == [0; 3] => String::new(),
        ResourceDimension::Texture3D => format!(", vec3i({x}, {y}, {z})"),
        _ => format!(", vec2i({x}, {y})"),
    }
}
