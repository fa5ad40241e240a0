//! Seeded hashes of names.

/// A polynomial hash: the bytes are the digits of a number to a secret base, modulo a prime. Names chosen without
/// knowledge of the seed collide with a probability of their length / 2⁶⁰. Hashes are never exposed, so they cannot
/// leak the seed; SipHash would tolerate exposure, in twice the code.
pub(crate) fn hash(seed: u64, names: &[&str]) -> u64 {
    let base = u128::from(seed >> 4) + 2;
    let mut hash = 0;
    for name in names {
        // Terminates a name: UTF-8 never contains this byte.
        for byte in name.bytes().chain([0xFF]) {
            let next = u128::from(hash) * base + u128::from(byte) + 1;
            // 2⁶¹ is 1 modulo the prime, so the upper bits are added to the lower 61. The sum is below 2⁶².
            hash = (next as u64 & PRIME) + (next >> 61) as u64;
        }
    }
    hash
}

/// 2⁶¹ − 1.
const PRIME: u64 = (1 << 61) - 1;
