//! Seeded hashes of names.

/// The bytes of the names as the digits of a number to a secret base, modulo a prime: names that were chosen without
/// knowing the seed collide with a chance of their length in 2⁶⁰. No hash is ever shown, so nobody learns the seed that
/// way; SipHash would withstand that too, in twice the code.
pub(crate) fn hash(seed: u64, names: &[&str]) -> u64 {
    let base = u128::from(seed >> 4) + 2;
    let mut hash = 0;
    for name in names {
        // Ends a name: no UTF-8 has this byte in it.
        for byte in name.bytes().chain([0xFF]) {
            let next = u128::from(hash) * base + u128::from(byte) + 1;
            // 2⁶¹ is 1 modulo the prime, so the upper bits are added to the lower 61. What remains is below 2⁶².
            hash = (next as u64 & PRIME) + (next >> 61) as u64;
        }
    }
    hash
}

/// 2⁶¹ − 1.
const PRIME: u64 = (1 << 61) - 1;
