//! Seeded randomness for jitter (SplitMix64): a run is reproducible from its seed.

/// A small generator with 64 bits of state, for jitter only. Not cryptographically secure.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose sequence is determined by `seed`.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..=max`. The modulo bias is below 2⁻³⁰ for every delay in use.
    pub fn up_to(&mut self, max: u64) -> u64 {
        match max.checked_add(1) {
            Some(bound) => self.next_u64() % bound,
            None => self.next_u64(),
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_follows_from_the_seed() {
        let mut one = Rng::seeded(7);
        let mut other = Rng::seeded(7);
        assert_eq!((one.next_u64(), one.next_u64()), (other.next_u64(), other.next_u64()));
    }

    #[test]
    fn numbers_stay_within_their_bound() {
        let mut rng = Rng::seeded(1);
        assert!((0..1000).all(|_| rng.up_to(9) <= 9));
        assert_eq!(rng.up_to(0), 0);
    }
}
