//! Which instructions this process uses. The one place where `RAGOPT_CPU` is read.

use std::sync::OnceLock;

/// The paths, from the one that every CPU has to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    Scalar,
    /// NEON with its dot products of bytes (Armv8.2).
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with its byte and vector neural network instructions (F, BW, VNNI).
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// That and the tiles of bytes of AMX, where the system grants them.
    #[cfg(target_arch = "x86_64")]
    Amx,
}

impl Path {
    /// All that this kind of CPU may have.
    pub const ALL: &[Self] = &[
        Self::Scalar,
        #[cfg(target_arch = "aarch64")]
        Self::Neon,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Amx,
    ];

    /// Whether products of bytes cost it no more than products of nibbles.
    pub(super) fn has_wide_bytes(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self >= Self::Avx512;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// Whether it multiplies tiles.
    pub(super) fn is_tiled(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self == Self::Amx;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// Its name, as `RAGOPT_CPU` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Amx => "amx",
        }
    }
}

/// The path in force, chosen once a process: the widest of this CPU, or a lower one that the
/// environment variable `RAGOPT_CPU` names (`scalar`, `avx2`, `avx512`, `amx`, `neon`). A name that is unknown
/// to this kind of CPU or above what it has leaves the widest.
#[must_use]
pub fn path() -> Path {
    static PATH: OnceLock<Path> = OnceLock::new();
    *PATH.get_or_init(|| {
        let wanted = std::env::var("RAGOPT_CPU").unwrap_or_default();
        Path::ALL.iter().find(|path| path.name() == wanted).map_or_else(widest, |&wanted| widest_to(wanted))
    })
}

/// The widest path that this CPU has and the system grants.
#[must_use]
pub fn widest() -> Path {
    widest_to(Path::ALL[Path::ALL.len() - 1])
}

/// The same, not above `most`: what is above is not asked for.
fn widest_to(most: Path) -> Path {
    let found = Path::ALL.iter().rev().find(|&&path| path <= most && has(path));
    found.copied().unwrap_or(Path::Scalar)
}

fn has(path: Path) -> bool {
    match path {
        Path::Scalar => true,
        #[cfg(target_arch = "aarch64")]
        Path::Neon => std::arch::is_aarch64_feature_detected!("dotprod"),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => {
            has(Path::Avx2)
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
        }
        #[cfg(target_arch = "x86_64")]
        Path::Amx => has(Path::Avx512) && super::codes_amx_simd::granted(),
    }
}
