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

/// What fuzzing found, as hexadecimal digits.
const FINDINGS: &[(&str, &str)] = &[(
    "a damaged snapshot of a device that is restored is not what the restored device gives",
    "3d68686868999999999999999999999999000000409999999999990000000000999b999999999999999999999999999999e3\
     2d990000999999999999999999999900000040999999999999999b9999999999999999999999999999992d99000099999999\
     999999999999999999992a2d99999999240000ad0899990147fc00",
)];

#[test]
fn findings_stay_mended() {
    for (name, digits) in FINDINGS {
        println!("{name}");
        let byte = |pair: &[u8]| {
            let text = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(text, 16).expect("digits")
        };
        let bytes: Vec<u8> = digits.as_bytes().chunks(2).map(byte).collect();
        chaos::run(&bytes);
    }
}
