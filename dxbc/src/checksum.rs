//! The container's checksum: MD5 with a padding of its own.

/// Where the digested bytes start: right after the checksum field.
const FIRST_DIGESTED: usize = 20;

/// Left rotations, one row a round.
const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// RFC 1321: the integer part of `2^32 * abs(sin(i + 1))`.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// The checksum of a whole container, four little-endian words; `None` when it is too short to have one.
pub fn checksum(container: &[u8]) -> Option<[u32; 4]> {
    Some(digest(container.get(FIRST_DIGESTED..)?))
}

/// Digests `bytes`: full blocks as MD5 does, then one or two blocks that carry the tail, the length in bits as the
/// *first* word, and twice the length plus one as the last.
fn digest(bytes: &[u8]) -> [u32; 4] {
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let (blocks, tail) = bytes.as_chunks::<64>();
    for block in blocks {
        transform(&mut state, block);
    }

    let bits = (bytes.len() as u32).wrapping_mul(8);
    let mark = (bytes.len() as u32).wrapping_mul(2) | 1;
    let mut last = [0; 64];
    if tail.len() < 56 {
        last[4..4 + tail.len()].copy_from_slice(tail);
        last[4 + tail.len()] = 0x80;
    } else {
        let mut block = [0; 64];
        block[..tail.len()].copy_from_slice(tail);
        block[tail.len()] = 0x80;
        transform(&mut state, &block);
    }
    last[..4].copy_from_slice(&bits.to_le_bytes());
    last[60..].copy_from_slice(&mark.to_le_bytes());
    transform(&mut state, &last);
    state
}

/// One MD5 block.
fn transform(state: &mut [u32; 4], block: &[u8; 64]) {
    let word =
        |i: usize| u32::from_le_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]]);
    let [mut a, mut b, mut c, mut d] = *state;
    for (i, sine) in SINES.into_iter().enumerate() {
        let (mix, index) = match i / 16 {
            0 => ((b & c) | (!b & d), i),
            1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
            2 => (b ^ c ^ d, (3 * i + 5) % 16),
            _ => (c ^ (b | !d), (7 * i) % 16),
        };
        let sum = a.wrapping_add(mix).wrapping_add(sine).wrapping_add(word(index));
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
    }
    for (sum, value) in state.iter_mut().zip([a, b, c, d]) {
        *sum = sum.wrapping_add(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The block function is MD5's: the digest of an empty message is a single block that holds only the mark bit.
    #[test]
    fn block_function_is_md5() {
        let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
        let mut block = [0; 64];
        block[0] = 0x80;
        transform(&mut state, &block);
        // RFC 1321, A.5: MD5("") = d41d8cd98f00b204e9800998ecf8427e.
        assert_eq!(state.map(u32::swap_bytes), [0xd41d_8cd9, 0x8f00_b204, 0xe980_0998, 0xecf8_427e]);
    }

    #[test]
    fn every_tail_length_has_its_own_digest() {
        let digests: std::collections::BTreeSet<_> = (0..256).map(|n| digest(&vec![0; n])).collect();
        assert_eq!(digests.len(), 256);
    }

    #[test]
    fn shorter_than_a_header_has_none() {
        assert_eq!(checksum(&[0; 19]), None);
    }
}
