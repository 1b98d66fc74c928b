//! Pure maths: numbers in, numbers out. Knows no index.

pub mod bm25;
pub mod cosine;
pub mod fusion;
pub mod normalizer;
mod simd;
pub mod top;

pub use bm25::Bm25;
pub use normalizer::Normalizer;
