//! Linking: which output of one stage feeds which input of the next.

use aerogpu_dxbc::signature::{Signature, SignatureElement};
use smallvec::SmallVec;

/// System values by their number in a signature (`D3D_NAME`).
pub mod system_value {
    #![allow(missing_docs, reason = "the constants are Direct3D's own names")]
    pub const POSITION: u32 = 1;
    pub const CLIP_DISTANCE: u32 = 2;
    pub const CULL_DISTANCE: u32 = 3;
    pub const RENDER_TARGET_ARRAY_INDEX: u32 = 4;
    pub const VIEWPORT_ARRAY_INDEX: u32 = 5;
    pub const PRIMITIVE_ID: u32 = 7;
    pub const IS_FRONT_FACE: u32 = 9;
    pub const SAMPLE_INDEX: u32 = 10;
}

/// For each word of the consumer's input registers (`register * 4 + component`), the word of the producer's output
/// registers that feeds it.
///
/// Elements are matched by semantic, and those without a partner by register: Direct3D's runtime wants both to agree, but
/// drivers are told registers alone, so that is what happens when they do not. Without signatures registers are all there is.
pub fn link_words(producer: &Signature, consumer: &Signature, registers: usize) -> Vec<Option<u16>> {
    if producer.elements.is_empty() || consumer.elements.is_empty() {
        return (0..registers * 4).map(|word| u16::try_from(word).ok()).collect();
    }
    let mut words = vec![None; registers * 4];
    for input in &consumer.elements {
        let Some(register) = input.register else { continue };
        let partner = producer.find(&input.name, input.index);
        for c in (0..4).filter(|c| input.mask & (1 << c) != 0) {
            let source = match partner {
                // Components are counted from the first that each side has.
                Some(output) => {
                    word_of(output, output.mask.trailing_zeros() + c - input.mask.trailing_zeros())
                }
                None => {
                    let same = producer.elements.iter().filter(|output| output.register == Some(register));
                    same.filter_map(|output| word_of(output, c)).next()
                }
            };
            if let Some(word) = words.get_mut(register as usize * 4 + c as usize) {
                *word = source;
            }
        }
    }
    words
}

/// The word of an element's component, if it has it.
fn word_of(element: &SignatureElement, component: u32) -> Option<u16> {
    let word = element.register?.checked_mul(4)? + component;
    (component < 4 && element.mask & (1 << component) != 0).then_some(u16::try_from(word).ok()?)
}

/// What word `word` of an input register reads when no output of the stage before feeds it: that of (0, 0, 0, 1).
///
/// Direct3D leaves it undefined (d3d-rules §9.10 suggests 0). Upstream hosts give (0, 0, 0, 1) and their tests rely on it;
/// it is also what an input reads that the input layout lacks (executor §10.2).
pub fn unfed(word: usize) -> u32 {
    if word % 4 == 3 { 1.0f32.to_bits() } else { 0 }
}

/// The words of a consumer's input registers, from the words of one vertex of the producer.
pub fn linked<'a>(links: &'a [Option<u16>], vertex: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let feed = |link: &Option<u16>| vertex.get(usize::from((*link)?)).copied();
    links.iter().enumerate().map(move |(word, link)| feed(link).unwrap_or_else(|| unfed(word)))
}

/// The words of a producer's output registers that carry a system value, in order of semantic index and component.
pub fn system_words(signature: &Signature, system_value: u32) -> SmallVec<[usize; 4]> {
    let mut elements: SmallVec<[_; 4]> =
        signature.elements.iter().filter(|e| e.system_value == system_value).collect();
    elements.sort_by_key(|e| e.index);
    elements
        .iter()
        .filter_map(|e| Some((e.register? as usize, e.mask)))
        .flat_map(|(register, mask)| {
            (0..4).filter(move |c| mask & (1 << c) != 0).map(move |c| register * 4 + c)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerogpu_dxbc::signature::SignatureElement;

    fn element(name: &str, index: u32, register: u32, mask: u8) -> SignatureElement {
        SignatureElement { name: name.into(), index, register: Some(register), mask, ..Default::default() }
    }

    #[test]
    fn semantics_match_whatever_their_registers() {
        let producer = Signature { elements: vec![element("A", 0, 0, 0xf), element("B", 1, 2, 0b0110)] };
        let consumer = Signature { elements: vec![element("b", 1, 0, 0b0011), element("C", 0, 1, 0b0001)] };
        let words = link_words(&producer, &consumer, 2);
        assert_eq!(words, [Some(9), Some(10), None, None, None, None, None, None]);
    }

    #[test]
    fn registers_match_where_semantics_do_not() {
        let producer = Signature { elements: vec![element("A", 0, 0, 0xf), element("B", 0, 1, 0b0011)] };
        let consumer = Signature { elements: vec![element("C", 0, 1, 0xf), element("B", 0, 2, 0b0001)] };
        let words = link_words(&producer, &consumer, 3);
        assert_eq!(words[4..9], [Some(4), Some(5), None, None, Some(4)]);
        let one = 1.0f32.to_bits();
        assert_eq!(
            linked(&words[4..], &[9, 9, 9, 9, 7, 8, 9, 9]).collect::<Vec<_>>(),
            [7, 8, 0, one, 7, 0, 0, one]
        );
    }

    #[test]
    fn clip_distances_come_in_order() {
        let mut signature = Signature {
            elements: vec![
                element("SV_ClipDistance", 1, 3, 0b0001),
                element("SV_ClipDistance", 0, 2, 0b1100),
            ],
        };
        for e in &mut signature.elements {
            e.system_value = system_value::CLIP_DISTANCE;
        }
        assert_eq!(system_words(&signature, system_value::CLIP_DISTANCE)[..], [10, 11, 12]);
    }
}
