//! Which vertices the modelled GPU shades (`VGPU-1`): its post-transform window remembers the last 32 indices.

/// Indices that the window remembers.
pub const WINDOW: usize = 32;
/// Places to look for an index at once; only indices that share one need a search.
const PLACES: usize = 256;

/// How many of these indices, in draw order, are none of the 32 before them.
pub fn shaded(indices: impl Iterator<Item = u32>) -> u64 {
    // Who came by a place last, and when; time starts when nobody is remembered.
    let mut places = [(0, 0); PLACES];
    let mut window = [u64::MAX; WINDOW];
    let mut shaded = 0;
    for (now, index) in (WINDOW as u64 + 1..).zip(indices) {
        let place = &mut places[index as usize % PLACES];
        let recent = now - place.1 <= WINDOW as u64;
        let reused = recent && (place.0 == index || window.contains(&index.into()));
        *place = (index, now);
        window[now as usize % WINDOW] = index.into();
        shaded += u64::from(!reused);
    }
    shaded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_window_ends_after_32() {
        let again = |distance: u32| shaded((0..distance).chain([0]));
        assert_eq!((again(1), again(32), again(33)), (1, 32, 34));
        // A strip of 4 triangles as a list: 6 of 12.
        assert_eq!(shaded([0, 1, 2, 2, 1, 3, 2, 3, 4, 4, 3, 5].into_iter()), 6);
    }

    proptest! {
        #[test]
        fn it_is_the_plain_rule(indices in prop::collection::vec((0u32..40, 0u32..3), 0..300)) {
            // Some share a place.
            let indices: Vec<u32> = indices.into_iter().map(|(low, high)| low + 256 * high).collect();
            let before = |i: usize| &indices[i.saturating_sub(32)..i];
            let plain = (0..indices.len()).filter(|&i| !before(i).contains(&indices[i])).count();
            prop_assert_eq!(shaded(indices.iter().copied()), plain as u64);
        }
    }
}
