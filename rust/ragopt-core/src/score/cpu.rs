//! Which instructions this process uses. The one place where `RAGOPT_CPU` is read.

use std::sync::OnceLock;

/// The paths, from the one that every CPU has to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    Scalar,
    Avx2,
    /// AVX-512 with its byte and vector neural network instructions (F, BW, VNNI).
    Avx512,
}

impl Path {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

    /// Its name, as `RAGOPT_CPU` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

/// The path in force, chosen once a process: the widest of this CPU, or a lower one that the
/// environment variable `RAGOPT_CPU` names (`scalar`, `avx2`, `avx512`). A name that is unknown or
/// above what the CPU has leaves the widest.
#[must_use]
pub fn path() -> Path {
    static PATH: OnceLock<Path> = OnceLock::new();
    *PATH.get_or_init(|| {
        let wanted = std::env::var("RAGOPT_CPU").unwrap_or_default();
        let wanted = Path::ALL.into_iter().find(|path| path.name() == wanted);
        wanted.map_or(widest(), |wanted| wanted.min(widest()))
    })
}

/// The widest path that this CPU has. NEON is not among them yet: aarch64 takes the scalar one.
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
    Path::Scalar
}
