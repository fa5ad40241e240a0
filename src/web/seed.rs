//! Where the machine's randomness starts from.

use super::js;
use js_sys::{Date, Math, Uint8Array};

/// 64 random bits. Workers refuse `crypto` outside of a request; jitter is no secret, so there `Math.random` will do.
pub(super) fn random() -> u64 {
    let bytes = Uint8Array::new_with_length(8);
    let mut seed = [0; 8];
    if js::fill_with_random(&bytes).is_ok() {
        bytes.copy_to(&mut seed);
        return u64::from_le_bytes(seed);
    }
    (Math::random() * TWO_POW_53) as u64 ^ (Date::now() as u64).rotate_left(32)
}

const TWO_POW_53: f64 = 9_007_199_254_740_992.0;
