//! Pure maths: numbers in, numbers out. Knows no index.

pub mod bm25;
pub mod codes;
#[cfg(target_arch = "x86_64")]
mod codes_amx_simd;
mod codes_group_simd;
mod codes_simd;
#[cfg(target_arch = "x86_64")]
mod codes_x86_simd;
pub mod cosine;
pub mod cpu;
pub mod diverse;
pub mod fusion;
pub mod knapsack;
#[cfg(target_arch = "aarch64")]
mod neon_simd;
pub mod normalizer;
pub mod path;
mod quantize;
mod simd;
pub mod top;

pub use bm25::Bm25;
pub use normalizer::Normalizer;
