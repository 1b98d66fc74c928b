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
    ];

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
        }
    }
}

/// The path in force, chosen once a process: the widest of this CPU, or a lower one that the
/// environment variable `RAGOPT_CPU` names (`scalar`, `avx2`, `avx512`, `neon`). A name that is unknown
/// to this kind of CPU or above what it has leaves the widest.
#[must_use]
pub fn path() -> Path {
    static PATH: OnceLock<Path> = OnceLock::new();
    *PATH.get_or_init(|| {
        let wanted = std::env::var("RAGOPT_CPU").unwrap_or_default();
        let wanted = Path::ALL.iter().find(|path| path.name() == wanted);
        wanted.map_or(widest(), |&wanted| wanted.min(widest()))
    })
}

/// The widest path that this CPU has.
#[must_use]
pub fn widest() -> Path {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni");
        if avx2 && avx512 {
            return Path::Avx512;
        }
        if avx2 {
            return Path::Avx2;
        }
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("dotprod") {
        return Path::Neon;
    }
    Path::Scalar
}
