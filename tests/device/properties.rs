//! What holds whatever the guest does.

use aerogpu::mock::chaos;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn promises_hold_for_any_guest(bytes in prop::collection::vec(any::<u8>(), 1..600)) {
        chaos::run(&bytes);
    }
}
