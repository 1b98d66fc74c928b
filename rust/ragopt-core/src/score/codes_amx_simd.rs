//! The products of many queries with many rows of [`super::codes`], 16 × 16 × 64 of them an instruction: Intel's AMX.
//!
//! A *tile* is a register of 16 rows of 64 bytes. `tdpbsud` adds to a tile of 16 × 16 sums the products of a tile of
//! signed bytes, one query a row, with a tile of unsigned ones, in which column n holds a row of codes, 4 dimensions a
//! line. Sums are integers of 32 bits, so they equal those of all other paths. Four tiles of sums, 32 queries × 32 rows,
//! share two tiles of each kind; the codes of 32 rows are taken apart once for all queries.
//!
//! The compiler has no intrinsics for tiles in stable Rust, hence the assembly. The system must be asked for the
//! registers once a process ([`granted`]); it keeps them over a switch of threads like any others.
#![expect(unsafe_code, reason = "assembly, SIMD loads and stores; callers have found the instructions on this CPU")]

use std::arch::asm;
use std::arch::x86_64::*;

use super::codes::{Bounding, Coarse, Codes, NO_TILE, Rows, SIDE, Tile};
use super::codes_x86_simd::taken_apart;

/// 16 × 16 sums.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Sums([[i32; 16]; 16]);

/// Whether this CPU has tiles of bytes and the system lets this process use them.
pub(super) fn granted() -> bool {
    let known = __cpuid_count(7, 0);
    (known.edx >> 24) & 3 == 3 && cfg!(target_os = "linux") && asked()
}

/// `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`: Linux 5.16 and later grant it, others know no such request.
fn asked() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const REQUEST: u64 = 0x1023;
    const TILES: u64 = 18;
    let mut result = ARCH_PRCTL;
    // SAFETY: a system call by the rules of Linux on x86-64, which changes rcx, r11 and rax; it touches no memory.
    unsafe {
        asm!("syscall", inout("rax") result, in("rdi") REQUEST, in("rsi") TILES, out("rcx") _, out("r11") _,
            options(nostack));
    }
    result == 0
}

/// Gives `take` the sums of 32 queries with 32 rows at a time, by numbers of the first query and the first row (see
/// [`products`]; those of queries that are not there are 0); how many rows, a multiple of [`SIDE`], were gone through.
///
/// # Safety
/// This CPU has AVX-512 (F, BW) and [`granted`] is true. `tiles` are those of `queries`, which are as wide as the rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn walk(
    queries: &[Coarse<'_>],
    tiles: &[Tile],
    rows: &Rows<'_>,
    mut take: impl FnMut(usize, usize, &[Sums; 4]),
) -> usize {
    let width = queries[0].weights.len();
    let steps = 2 * width;
    let done = rows.codes.len() / (SIDE * width) * SIDE;
    let mut codes = vec![NO_TILE; 2 * steps];
    let (mut one, mut other) = ([Sums([[0; 16]; 16]); 4], [Sums([[0; 16]; 16]); 4]);
    let (mut now, mut before) = (&mut one, &mut other);
    let mut ready = None;
    // SAFETY: the caller's promise.
    let _tiles = unsafe { Configured::new() };
    for b in 0..done / SIDE {
        for (half, codes) in codes.chunks_exact_mut(steps).enumerate() {
            let lines = (2 * b + half) * 16 * width..(2 * b + half + 1) * 16 * width;
            match rows.low {
                None => unpack::<false>(&rows.codes[lines], &[], width, codes),
                Some(low) => unpack::<true>(&rows.codes[lines.clone()], &low[lines], width, codes),
            }
        }
        for (pair, tiles) in tiles.chunks_exact(2 * steps).enumerate() {
            // SAFETY: tiles were configured, and there are `2 * steps` of either kind.
            unsafe { products(tiles.as_ptr(), codes.as_ptr(), steps, now) };
            // The sums before these: the unit that multiplies tiles is not waited for.
            if let Some((query, row)) = ready.replace((SIDE * pair, SIDE * b)) {
                take(query, row, before);
            }
            std::mem::swap(&mut now, &mut before);
        }
    }
    if let Some((query, row)) = ready {
        take(query, row, before);
    }
    done
}

/// The sums of query `q` of a step with its 32 rows.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums_of(sums: &[Sums; 4], q: usize) -> [__m512i; 2] {
    let half = q / 16 * 2;
    // SAFETY: 16 numbers each; the loads ask for no alignment.
    [half, half + 1].map(|tile| unsafe { _mm512_loadu_epi32(sums[tile].0[q % 16].as_ptr()) })
}

/// The 16 numbers from `first` on.
#[inline]
#[target_feature(enable = "avx512f")]
fn part(numbers: &[f32], first: usize) -> __m512 {
    let part = &numbers[first..first + 16];
    // SAFETY: 16 numbers; the load asks for no alignment.
    unsafe { _mm512_loadu_ps(part.as_ptr()) }
}

/// [`Bounding::bound`] of the 16 rows from `first` on.
#[inline]
#[target_feature(enable = "avx512f")]
fn bound(bounding: &Bounding, sums: __m512i, rows: &Rows<'_>, first: usize) -> __m512 {
    let doubled = _mm512_slli_epi32::<1>(sums);
    let centered = _mm512_cvtepi32_ps(_mm512_sub_epi32(doubled, _mm512_set1_epi32(bounding.center)));
    let scaled = _mm512_mul_ps(_mm512_mul_ps(centered, _mm512_set1_ps(bounding.beta)), part(rows.scales, first));
    let slack = _mm512_mul_ps(_mm512_set1_ps(bounding.radius), part(rows.residuals, first));
    _mm512_add_ps(_mm512_add_ps(scaled, slack), _mm512_set1_ps(bounding.constant))
}

/// Writes the bounds of rows for each query, `stride` apart; how many rows it did.
///
/// # Safety
/// As [`walk`].
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn bounds(
    queries: &[Coarse<'_>],
    tiles: &[Tile],
    rows: &Rows<'_>,
    stride: usize,
    out: &mut [f32],
) -> usize {
    let write = |query: usize, row: usize, sums: &[Sums; 4]| {
        for (q, query) in queries[query..].iter().take(SIDE).enumerate().map(|(q, one)| (q, (query + q, one))) {
            let slots = &mut out[query.0 * stride + row..][..SIDE];
            for (half, (slots, sums)) in slots.as_chunks_mut::<16>().0.iter_mut().zip(sums_of(sums, q)).enumerate() {
                let bounds = bound(&query.1.bounding, sums, rows, row + 16 * half);
                // SAFETY: 16 numbers; the store asks for no alignment.
                unsafe { _mm512_storeu_ps(slots.as_mut_ptr(), bounds) };
            }
        }
    };
    // SAFETY: the caller's promise.
    unsafe { walk(queries, tiles, rows, write) }
}

/// When a sum may belong to a bound of at least `least`: not if it is below `rise · u − fall · v + base`, where u is
/// 1/scale and v residual/scale of the row.
///
/// Let B be the bound and ε = 2^-24. By its roundings (see [`Bounding::bound`]) B ≥ `least` says, with D = least − constant,
/// that (2·sum − center)·beta·scale ≥ D − radius·residual less at most 8ε·(|D| + radius·residual); divided by
/// 2·beta·scale, sum ≥ (D/2beta)·u − (radius/2beta)·v + center/2 less 8ε of each term's size. u, v, the three factors and
/// two fused steps round once each, by ε of a term or of the sum of their sizes: 5ε more. Each factor is moved by
/// 2^-19 = 32ε of itself. `constant` and `least` are added in f64. What is no number is not below.
struct Gate {
    rise: f32,
    fall: f32,
    base: f32,
}

impl Gate {
    fn of(bounding: &Bounding, least: f32) -> Self {
        const MOVED: f64 = 1.0 / (1u32 << 19) as f64;
        let lowered = |x: f64| (x - x.abs() * MOVED) as f32;
        let Bounding { center, beta, radius, constant } = *bounding;
        let half = 0.5 / f64::from(beta);
        // What `least` loses where it and `constant` nearly cancel.
        let gap = f64::from(least) - f64::from(constant) - MOVED * f64::from(least.abs());
        Self {
            rise: if beta > 0.0 { lowered(gap * half) } else { f32::NAN },
            fall: -lowered(-f64::from(radius) * half),
            base: lowered(0.5 * f64::from(center)),
        }
    }
}

/// u and v of each row; no numbers where they could leave the range of f32. A row without a vector, whose residual is
/// −∞, has them 0 and −∞: it is below any gate, unless that is no number.
fn shapes(rows: &Rows<'_>) -> (Vec<f32>, Vec<f32>) {
    const LEAST: f32 = 1e-20;
    let shape = |(&residual, &scale): (&f32, &f32)| match (residual, scale) {
        (f32::NEG_INFINITY, _) => (0.0, residual),
        _ if scale > LEAST => (1.0 / scale, residual / scale),
        _ => (f32::NAN, 0.0),
    };
    rows.residuals.iter().zip(rows.scales).map(shape).unzip()
}

/// Appends to `out`, for each query, the rows (from `first`) whose bound is at least its `least`; how many rows it did.
///
/// # Safety
/// As [`walk`].
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) unsafe fn at_least(
    queries: &[Coarse<'_>],
    tiles: &[Tile],
    rows: &Rows<'_>,
    leasts: &[f32],
    first: u32,
    out: &mut [Vec<(f32, u32)>],
) -> usize {
    let gates: Vec<Gate> = queries.iter().zip(leasts).map(|(query, &least)| Gate::of(&query.bounding, least)).collect();
    let (us, vs) = shapes(rows);
    let keep = |query: usize, row: usize, sums: &[Sums; 4]| {
        let (u, v) = ([part(&us, row), part(&us, row + 16)], [part(&vs, row), part(&vs, row + 16)]);
        for (q, gate) in gates[query..].iter().take(SIDE).enumerate() {
            let (rise, fall, base) = (_mm512_set1_ps(gate.rise), _mm512_set1_ps(gate.fall), _mm512_set1_ps(gate.base));
            let sums = sums_of(sums, q);
            let passes = |half: usize| {
                let least = _mm512_fmadd_ps(rise, u[half], _mm512_fnmadd_ps(fall, v[half], base));
                _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(_mm512_cvtepi32_ps(sums[half]), least)
            };
            let passed = [passes(0), passes(1)];
            if passed[0] | passed[1] != 0 {
                let query = query + q;
                for half in (0..2).filter(|&half| passed[half] != 0) {
                    let (row, bounding) = (row + 16 * half, &queries[query].bounding);
                    pick(bounding, sums[half], rows, leasts[query], (row, first), &mut out[query]);
                }
            }
        }
    };
    // SAFETY: the caller's promise.
    unsafe { walk(queries, tiles, rows, keep) }
}

/// Appends those of the 16 rows from `row` on whose bound is at least `least`.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
fn pick(
    bounding: &Bounding,
    sums: __m512i,
    rows: &Rows<'_>,
    least: f32,
    (row, first): (usize, u32),
    out: &mut Vec<(f32, u32)>,
) {
    let mut bounds = [0.0; 16];
    let made = bound(bounding, sums, rows, row);
    // SAFETY: 16 numbers; the store asks for no alignment.
    unsafe { _mm512_storeu_ps(bounds.as_mut_ptr(), made) };
    let mut kept = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(made, _mm512_set1_ps(least));
    while kept != 0 {
        let i = kept.trailing_zeros();
        out.push((bounds[i as usize & 15], first + row as u32 + i));
        kept &= kept - 1;
    }
}

/// Tiles of 16 × 64 bytes, as long as this lives.
struct Configured;

impl Configured {
    /// # Safety
    /// [`granted`] is true.
    unsafe fn new() -> Self {
        #[repr(C, align(64))]
        struct Shape {
            palette: u8,
            start: u8,
            reserved: [u8; 14],
            bytes: [u16; 16],
            rows: [u8; 16],
        }
        let mut shape = Shape { palette: 1, start: 0, reserved: [0; 14], bytes: [0; 16], rows: [0; 16] };
        shape.bytes[..8].fill(64);
        shape.rows[..8].fill(16);
        // SAFETY: reads 64 bytes that say what palette 1 allows.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const shape, options(nostack, readonly)) };
        Self
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        // SAFETY: gives the tiles back; it was configured, so the instruction is there.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// The codes of 32 rows stay in the nearest cache while all queries pass, which are loaded so that they do not drive them
/// out (`t1`): a quarter of the time at 1,024 dimensions.
///
/// The sums of 32 queries with 32 rows, each as two lots of `steps` tiles: queries 0 to 15 with rows 0 to 15, with rows
/// 16 to 31, queries 16 to 31 with the first rows, with the second.
///
/// # Safety
/// Tiles are configured; `queries` and `codes` point to `2 * steps` tiles each, `steps` above 0.
#[inline]
unsafe fn products(queries: *const Tile, codes: *const Tile, steps: usize, sums: &mut [Sums; 4]) {
    // SAFETY: reads 1024 bytes a tile from where the pointers say, writes 4 · 1024 bytes to `sums`; no other register
    // than those that are named changes.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "tileloadd tmm6, [{c0} + {line}*1]",
            "tileloaddt1 tmm4, [{q0} + {line}*1]",
            "tdpbsud tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{c1} + {line}*1]",
            "tdpbsud tmm1, tmm4, tmm7",
            "tileloaddt1 tmm5, [{q1} + {line}*1]",
            "tdpbsud tmm2, tmm5, tmm6",
            "tdpbsud tmm3, tmm5, tmm7",
            "add {c0}, 1024",
            "add {c1}, 1024",
            "add {q0}, 1024",
            "add {q1}, 1024",
            "dec {steps}",
            "jnz 2b",
            "tilestored [{sums} + {line}*1], tmm0",
            "tilestored [{sums} + {line}*1 + 1024], tmm1",
            "tilestored [{sums} + {line}*1 + 2048], tmm2",
            "tilestored [{sums} + {line}*1 + 3072], tmm3",
            line = in(reg) 64usize,
            q0 = inout(reg) queries => _,
            q1 = inout(reg) queries.add(steps) => _,
            c0 = inout(reg) codes => _,
            c1 = inout(reg) codes.add(steps) => _,
            steps = inout(reg) steps => _,
            sums = in(reg) sums.as_mut_ptr(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// 16 rows, of bytes where `BYTES`, as tiles: 64 dimensions of each line, then the others, 4 of every row side by side.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn unpack<const BYTES: bool>(high: &[Codes], low: &[Codes], width: usize, tiles: &mut [Tile]) {
    for (l, tiles) in tiles.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let high = columns(high, width, l);
        let low = if BYTES { columns(low, width, l) } else { high };
        let [first, second] = tiles;
        for (((high, low), first), second) in high.into_iter().zip(low).zip(&mut first.0).zip(&mut second.0) {
            let parts = taken_apart::<BYTES>(high, low);
            // SAFETY: 64 bytes each, at addresses that 64 divides.
            unsafe {
                _mm512_store_si512(first.as_mut_ptr().cast(), parts.0);
                _mm512_store_si512(second.as_mut_ptr().cast(), parts.1);
            }
        }
    }
}

/// Line `l` of 16 rows, transposed.
#[inline]
#[target_feature(enable = "avx512f")]
fn columns(rows: &[Codes], width: usize, l: usize) -> [__m512i; 16] {
    let mut lines = [_mm512_setzero_si512(); 16];
    for (line, row) in lines.iter_mut().zip(rows.chunks_exact(width)) {
        // For the next step, when all queries have passed.
        _mm_prefetch::<_MM_HINT_T1>(row.as_ptr().wrapping_add(l + SIDE * width).cast());
        // SAFETY: 64 bytes at an address that 64 divides.
        *line = unsafe { _mm512_load_si512(row[l].0.as_ptr().cast()) };
    }
    transposed(&lines)
}

/// 16 × 16 numbers of 32 bits, lines for columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(lines: &[__m512i; 16]) -> [__m512i; 16] {
    let mut pairs = [_mm512_setzero_si512(); 16];
    for (out, r) in pairs.as_chunks_mut::<4>().0.iter_mut().zip(lines.as_chunks::<4>().0) {
        let (a, b) = (_mm512_unpacklo_epi32(r[0], r[1]), _mm512_unpacklo_epi32(r[2], r[3]));
        let (c, d) = (_mm512_unpackhi_epi32(r[0], r[1]), _mm512_unpackhi_epi32(r[2], r[3]));
        *out = [
            _mm512_unpacklo_epi64(a, b),
            _mm512_unpackhi_epi64(a, b),
            _mm512_unpacklo_epi64(c, d),
            _mm512_unpackhi_epi64(c, d),
        ];
    }
    // pairs[4g + j] holds, in its quarter i, column 4i + j of the lines 4g to 4g + 3.
    let mut out = [_mm512_setzero_si512(); 16];
    for j in 0..4 {
        let [a, b, c, d] = [pairs[j], pairs[4 + j], pairs[8 + j], pairs[12 + j]];
        let (ab_even, ab_odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (cd_even, cd_odd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
        out[j] = _mm512_shuffle_i32x4::<0x88>(ab_even, cd_even);
        out[8 + j] = _mm512_shuffle_i32x4::<0xdd>(ab_even, cd_even);
        out[4 + j] = _mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd);
        out[12 + j] = _mm512_shuffle_i32x4::<0xdd>(ab_odd, cd_odd);
    }
    out
}
