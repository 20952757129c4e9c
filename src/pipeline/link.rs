//! Linking: which output of one stage feeds which input of the next.

use aerogpu_dxbc::signature::Signature;

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
/// Elements are matched by semantic. A consumer or producer without a signature is matched register by register.
pub fn link_words(producer: &Signature, consumer: &Signature, registers: usize) -> Vec<Option<u16>> {
    if producer.elements.is_empty() || consumer.elements.is_empty() {
        return (0..registers * 4).map(|word| u16::try_from(word).ok()).collect();
    }
    let mut words = vec![None; registers * 4];
    for input in &consumer.elements {
        let Some(register) = input.register else { continue };
        let Some(output) = producer.find(&input.name, input.index) else { continue };
        let Some(output_register) = output.register else { continue };
        let (to, from) = (input.mask.trailing_zeros(), output.mask.trailing_zeros());
        for c in (0..4).filter(|c| input.mask & (1 << c) != 0) {
            let source = from + c - to;
            if source < 4
                && output.mask & (1 << source) != 0
                && let Some(word) = words.get_mut(register as usize * 4 + c as usize)
            {
                *word = u16::try_from(output_register * 4 + source).ok();
            }
        }
    }
    words
}

/// The words of a consumer's input registers, from the words of one vertex of the producer; what nothing feeds is 0.
pub fn linked<'a>(links: &'a [Option<u16>], vertex: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    links.iter().map(|link| link.and_then(|word| vertex.get(usize::from(word)).copied()).unwrap_or(0))
}

/// The words of a producer's output registers that carry a system value, in order of semantic index and component.
pub fn system_words(signature: &Signature, system_value: u32) -> Vec<usize> {
    let mut elements: Vec<_> = signature.elements.iter().filter(|e| e.system_value == system_value).collect();
    elements.sort_by_key(|e| e.index);
    elements
        .iter()
        .filter_map(|e| Some((e.register? as usize, e.mask)))
        .flat_map(|(register, mask)| (0..4).filter(move |c| mask & (1 << c) != 0).map(move |c| register * 4 + c))
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
    fn clip_distances_come_in_order() {
        let mut signature = Signature { elements: vec![element("SV_ClipDistance", 1, 3, 0b0001), element("SV_ClipDistance", 0, 2, 0b1100)] };
        for e in &mut signature.elements {
            e.system_value = system_value::CLIP_DISTANCE;
        }
        assert_eq!(system_words(&signature, system_value::CLIP_DISTANCE), [10, 11, 12]);
    }
}
