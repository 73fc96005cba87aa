//! What a person does by chance: the same for the same seed, whatever happened before. So two policies meet
//! the same person.

use fastrand::Rng;

/// Numbers for one question about a person, for example "does alice forget `reading` on day 3?".
pub(super) fn draw(seed: u64, question: &str, subject: &str, number: i64) -> Rng {
    // FNV-1a: short texts to well-spread seeds, and the same on every machine and in every release.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let words = [question.as_bytes(), &[0], subject.as_bytes(), &[0]];
    let numbers = [number.to_le_bytes(), seed.to_le_bytes()].concat();
    for byte in words.concat().into_iter().chain(numbers) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    Rng::with_seed(hash)
}
