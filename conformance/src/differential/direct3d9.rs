//! Direct3D 9's numbers by name: states whose values are enumerations, and the types of vertex elements.

use aerogpu::state::d3d9::{render_state as rs, sampler_state as ss};

/// A state by number.
pub struct State {
    number: u32,
    /// Direct3D's name, without its prefix.
    pub name: &'static str,
    /// The family and the names of its values, of which the first is 1 (of modes 0).
    values: Option<(&'static str, &'static [&'static str])>,
}

const fn plain(number: u32, name: &'static str) -> State {
    State { number, name, values: None }
}

const fn of(number: u32, name: &'static str, family: &'static str, values: &'static [&'static str]) -> State {
    State { number, name, values: Some((family, values)) }
}

const SWITCH: &[&str] = &["off", "on"];
const BLENDS: &[&str] = &[
    "",
    "ZERO",
    "ONE",
    "SRCCOLOR",
    "INVSRCCOLOR",
    "SRCALPHA",
    "INVSRCALPHA",
    "DESTALPHA",
    "INVDESTALPHA",
    "DESTCOLOR",
    "INVDESTCOLOR",
    "SRCALPHASAT",
    "BOTHSRCALPHA",
    "BOTHINVSRCALPHA",
    "BLENDFACTOR",
    "INVBLENDFACTOR",
    "SRCCOLOR2",
    "INVSRCCOLOR2",
];
const BLEND_OPS: &[&str] = &["", "ADD", "SUBTRACT", "REVSUBTRACT", "MIN", "MAX"];
const COMPARES: &[&str] =
    &["", "NEVER", "LESS", "EQUAL", "LESSEQUAL", "GREATER", "NOTEQUAL", "GREATEREQUAL", "ALWAYS"];
const STENCIL_OPS: &[&str] = &["", "KEEP", "ZERO", "REPLACE", "INCRSAT", "DECRSAT", "INVERT", "INCR", "DECR"];
const FOGS: &[&str] = &["NONE", "EXP", "EXP2", "LINEAR"];
const ADDRESSES: &[&str] = &["", "WRAP", "MIRROR", "CLAMP", "BORDER", "MIRRORONCE"];
const FILTERS: &[&str] = &["", "POINT", "LINEAR", "ANISOTROPIC"];

const BLEND: &str = "d3d9_blend";
const DEPTH: &str = "d3d9_depth";
const STENCIL: &str = "d3d9_stencil";
const MODE: &str = "d3d9_mode";
const SAMPLER: &str = "d3d9_sampler";

/// The render states that mean something to a renderer (executor 9).
pub const RENDER_STATES: &[State] = &[
    of(rs::ZENABLE, "ZENABLE", DEPTH, SWITCH),
    of(rs::FILLMODE, "FILLMODE", MODE, &["", "POINT", "WIREFRAME", "SOLID"]),
    of(rs::SHADEMODE, "SHADEMODE", MODE, &["", "FLAT", "GOURAUD"]),
    of(rs::ZWRITEENABLE, "ZWRITEENABLE", DEPTH, SWITCH),
    of(rs::ALPHATESTENABLE, "ALPHATESTENABLE", MODE, SWITCH),
    of(rs::SRCBLEND, "SRCBLEND", BLEND, BLENDS),
    of(rs::DESTBLEND, "DESTBLEND", BLEND, BLENDS),
    of(rs::CULLMODE, "CULLMODE", MODE, &["", "NONE", "CW", "CCW"]),
    of(rs::ZFUNC, "ZFUNC", DEPTH, COMPARES),
    plain(rs::ALPHAREF, "ALPHAREF"),
    of(rs::ALPHAFUNC, "ALPHAFUNC", MODE, COMPARES),
    of(rs::ALPHABLENDENABLE, "ALPHABLENDENABLE", BLEND, SWITCH),
    of(rs::FOGENABLE, "FOGENABLE", MODE, SWITCH),
    plain(rs::FOGCOLOR, "FOGCOLOR"),
    of(rs::FOGTABLEMODE, "FOGTABLEMODE", MODE, FOGS),
    plain(rs::FOGSTART, "FOGSTART"),
    plain(rs::FOGEND, "FOGEND"),
    plain(rs::FOGDENSITY, "FOGDENSITY"),
    of(rs::STENCILENABLE, "STENCILENABLE", STENCIL, SWITCH),
    of(rs::STENCILFAIL, "STENCILFAIL", STENCIL, STENCIL_OPS),
    of(rs::STENCILZFAIL, "STENCILZFAIL", STENCIL, STENCIL_OPS),
    of(rs::STENCILPASS, "STENCILPASS", STENCIL, STENCIL_OPS),
    of(rs::STENCILFUNC, "STENCILFUNC", STENCIL, COMPARES),
    plain(rs::STENCILREF, "STENCILREF"),
    plain(rs::STENCILMASK, "STENCILMASK"),
    plain(rs::STENCILWRITEMASK, "STENCILWRITEMASK"),
    of(rs::FOGVERTEXMODE, "FOGVERTEXMODE", MODE, FOGS),
    plain(rs::POINTSIZE, "POINTSIZE"),
    plain(rs::POINTSIZE_MIN, "POINTSIZE_MIN"),
    of(rs::POINTSPRITEENABLE, "POINTSPRITEENABLE", MODE, SWITCH),
    of(rs::POINTSCALEENABLE, "POINTSCALEENABLE", MODE, SWITCH),
    plain(rs::POINTSCALE_A, "POINTSCALE_A"),
    plain(rs::POINTSCALE_A + 1, "POINTSCALE_B"),
    plain(rs::POINTSCALE_A + 2, "POINTSCALE_C"),
    plain(rs::POINTSIZE_MAX, "POINTSIZE_MAX"),
    plain(rs::COLORWRITEENABLE, "COLORWRITEENABLE"),
    of(rs::BLENDOP, "BLENDOP", BLEND, BLEND_OPS),
    of(rs::SCISSORTESTENABLE, "SCISSORTESTENABLE", MODE, SWITCH),
    plain(rs::SLOPESCALEDEPTHBIAS, "SLOPESCALEDEPTHBIAS"),
    of(rs::TWOSIDEDSTENCILMODE, "TWOSIDEDSTENCILMODE", STENCIL, SWITCH),
    of(rs::CCW_STENCILFAIL, "CCW_STENCILFAIL", STENCIL, STENCIL_OPS),
    of(rs::CCW_STENCILFAIL + 1, "CCW_STENCILZFAIL", STENCIL, STENCIL_OPS),
    of(rs::CCW_STENCILFAIL + 2, "CCW_STENCILPASS", STENCIL, STENCIL_OPS),
    of(rs::CCW_STENCILFAIL + 3, "CCW_STENCILFUNC", STENCIL, COMPARES),
    plain(rs::COLORWRITEENABLE1, "COLORWRITEENABLE1"),
    plain(rs::COLORWRITEENABLE1 + 1, "COLORWRITEENABLE2"),
    plain(rs::COLORWRITEENABLE1 + 2, "COLORWRITEENABLE3"),
    plain(rs::BLENDFACTOR, "BLENDFACTOR"),
    of(rs::SRGBWRITEENABLE, "SRGBWRITEENABLE", MODE, SWITCH),
    plain(rs::DEPTHBIAS, "DEPTHBIAS"),
    of(rs::SEPARATEALPHABLENDENABLE, "SEPARATEALPHABLENDENABLE", BLEND, SWITCH),
    of(rs::SRCBLENDALPHA, "SRCBLENDALPHA", BLEND, BLENDS),
    of(rs::DESTBLENDALPHA, "DESTBLENDALPHA", BLEND, BLENDS),
    of(rs::BLENDOPALPHA, "BLENDOPALPHA", BLEND, BLEND_OPS),
];

/// The sampler states.
pub const SAMPLER_STATES: &[State] = &[
    of(ss::ADDRESSU, "ADDRESSU", SAMPLER, ADDRESSES),
    of(ss::ADDRESSU + 1, "ADDRESSV", SAMPLER, ADDRESSES),
    of(ss::ADDRESSU + 2, "ADDRESSW", SAMPLER, ADDRESSES),
    of(ss::BORDERCOLOR, "BORDERCOLOR", SAMPLER, &[]),
    of(ss::MAGFILTER, "MAGFILTER", SAMPLER, FILTERS),
    of(ss::MINFILTER, "MINFILTER", SAMPLER, FILTERS),
    of(ss::MIPFILTER, "MIPFILTER", SAMPLER, &["NONE", "POINT", "LINEAR"]),
    of(ss::MIPMAPLODBIAS, "MIPMAPLODBIAS", SAMPLER, &[]),
    of(ss::MAXMIPLEVEL, "MAXMIPLEVEL", SAMPLER, &[]),
    of(ss::MAXANISOTROPY, "MAXANISOTROPY", SAMPLER, &[]),
    of(ss::SRGBTEXTURE, "SRGBTEXTURE", SAMPLER, SWITCH),
];

/// Everything that a family of values has; a state without names for its values stands for itself.
pub fn values(family: &str) -> Vec<String> {
    let named = |state: &State| match state.values {
        Some((of, [])) if of == family => vec![state.name.into()],
        Some((of, values)) if of == family => {
            let names = values.iter().filter(|value| !value.is_empty());
            names.map(|value| format!("{} {value}", state.name)).collect()
        }
        _ => Vec::new(),
    };
    RENDER_STATES.iter().chain(SAMPLER_STATES).flat_map(named).collect()
}

/// What setting a render state reaches, as family and name.
pub fn render_state(number: u32, value: u32) -> Vec<(&'static str, String)> {
    let Some(state) = RENDER_STATES.iter().find(|state| state.number == number) else { return Vec::new() };
    state.value(value).into_iter().chain([("d3d9_state", state.name.into())]).collect()
}

/// What setting a sampler state reaches.
pub fn sampler_state(number: u32, value: u32) -> Vec<(&'static str, String)> {
    let state = SAMPLER_STATES.iter().find(|state| state.number == number);
    state.into_iter().flat_map(|state| state.value(value)).collect()
}

impl State {
    fn value(&self, value: u32) -> Option<(&'static str, String)> {
        let (family, values) = self.values?;
        match values.get(value as usize) {
            None if values.is_empty() => Some((family, self.name.into())),
            None | Some(&"") => None,
            Some(name) => Some((family, format!("{} {name}", self.name))),
        }
    }
}

/// `D3DDECLTYPE` by name.
pub fn declaration_type(number: u8) -> String {
    const NAMES: [&str; 17] = [
        "FLOAT1",
        "FLOAT2",
        "FLOAT3",
        "FLOAT4",
        "D3DCOLOR",
        "UBYTE4",
        "SHORT2",
        "SHORT4",
        "UBYTE4N",
        "SHORT2N",
        "SHORT4N",
        "USHORT2N",
        "USHORT4N",
        "UDEC3",
        "DEC3N",
        "FLOAT16_2",
        "FLOAT16_4",
    ];
    NAMES.get(usize::from(number)).map_or_else(|| format!("type {number}"), |name| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_names_from_their_numbers() {
        assert_eq!(
            render_state(rs::SRCBLEND, 9),
            [("d3d9_blend", "SRCBLEND DESTCOLOR".into()), ("d3d9_state", "SRCBLEND".into()),]
        );
        assert_eq!(render_state(rs::ZFUNC, 0), [("d3d9_state", "ZFUNC".into())]);
        assert_eq!(sampler_state(ss::BORDERCOLOR, 7), [("d3d9_sampler", "BORDERCOLOR".into())]);
        // Two faces with three operations of eight and one comparison of eight each, and two switches.
        assert_eq!(values("d3d9_stencil").len(), 2 * (3 * 8 + 8) + 2 * 2);
        assert_eq!(render_state(999, 0), []);
    }
}
