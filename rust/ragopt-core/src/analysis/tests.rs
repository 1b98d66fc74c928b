//! What holds for every text, and what each analyzer does with the texts that people argue about.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::options::{Options, PLAIN};
use super::{Analyzer, scan, terms};

fn terms_of(name: &str, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    Analyzer::new(name).expect("a known name").terms(text, &mut out);
    out
}

fn with(options: Options, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    Analyzer { name: "test", version: 0, options }.terms(text, &mut out);
    out
}

fn words(text: &str) -> Vec<String> {
    with(PLAIN, text)
}

/// Characters that meet each other's rules: joiners, marks, case, forms, scripts, invisible ones.
const DELICATE: &str = "aAbzS s01 9''..,,;:__--’‘\"“@#/\\\t\n\
    éĐđðàạẠươƯƠ\u{301}\u{300}\u{323}\u{302}\u{31b}\u{307}iıİIßẞſςΣσǅŉﬁ²½™Ａ１％ÅÅΩK\u{345}\u{331}H\
    中国々〇ひらガｶﾞーไทยำ่ກ한글ᄀ각\u{64b}\u{640}كتابﷺש\u{5b0}ל״हिन्दी\u{93f}\
    \u{200b}\u{200d}\u{ad}\u{feff}\u{202e}\u{a0}\u{3000}\u{2028}\u{85}🚀❤\u{fe0f}👩💻🏽🇻🇳\u{20e3}\u{2044}\u{b7}\u{2019}\u{10ffff}";

fn delicate() -> impl Strategy<Value = String> {
    let chars: Vec<char> = DELICATE.chars().collect();
    prop::collection::vec(prop::sample::select(chars), 0..40).prop_map(|chars| chars.into_iter().collect())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), delicate()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn composed_and_decomposed_text_have_the_same_terms(text in any_text()) {
        let (nfc, nfd) = (text.nfc().collect::<String>(), text.nfd().collect::<String>());
        for name in ["english", "vietnamese", "multilingual"] {
            prop_assert_eq!(terms_of(name, &nfc), terms_of(name, &text));
            prop_assert_eq!(terms_of(name, &nfd), terms_of(name, &text));
        }
    }

    #[test]
    fn terms_are_never_empty_and_never_too_long(text in any_text()) {
        for name in Analyzer::NAMES {
            for term in terms_of(name, &text) {
                prop_assert!(!term.is_empty());
                prop_assert!(name == "whitespace" || term.chars().count() <= 2 * terms::LONGEST_TERM + 1);
            }
        }
    }

    #[test]
    fn a_term_is_found_in_itself(text in any_text()) {
        for term in words(&text) {
            prop_assert!(words(&term).contains(&term), "{:?} gives {:?}", term, words(&term));
        }
    }

    #[test]
    fn the_plain_path_finds_what_the_general_one_finds(
        text in "[a-zA-Z0-9_.,;:'’“”—–@/+éàđĐươỆñøÿĀ-]{0,24}"
    ) {
        prop_assert!(scan::is_plain(&text));
        let mut plain = Vec::new();
        scan::scan_plain(&text, &mut |piece| plain.push(format!("{piece:?}")));
        let mut general = Vec::new();
        let mut normal = String::new();
        super::normalize::normalize(&text, &mut normal);
        scan::scan_any(&normal, &mut |piece| general.push(format!("{piece:?}")));
        // The general path reports one gap where the plain one reports each sign, and has mapped the apostrophes.
        let tidy = |mut pieces: Vec<String>| {
            pieces.iter_mut().for_each(|piece| *piece = piece.replace(['’', '‘'], "'"));
            pieces.dedup_by(|a, b| a == "Gap" && b == "Gap");
            pieces
        };
        prop_assert_eq!(tidy(plain), tidy(general));
    }

    #[test]
    fn white_space_splits_and_changes_nothing(text in any_text()) {
        let expected: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        prop_assert_eq!(terms_of("whitespace", &text), expected);
    }
}

#[test]
fn words_are_bounded_as_people_search() {
    for (text, expected) in [
        ("x86-64 costs 1.5 or 10,000.", "x86 64 costs 1.5 or 10,000"),
        ("state-of-the-art don't O'Neil’s", "state of the art don't o'neil's"),
        ("s3:GetObject arn:aws:iam::123:role", "s3 getobject arn aws iam 123 role"),
        ("bedrock.us-east-1.amazonaws.com os.path", "bedrock us east 1 amazonaws com os path"),
        ("U.S.A. e.g. i.e v1.2.3", "u.s.a e.g i.e v1.2.3"),
        ("get_object __init__ _emphasis_ ___", "get_object init emphasis"),
        ("AWS™ m² 2½ CO₂ oﬃce", "aws m ² 2 ½ co2 office"),
        ("naïve Straße ÉCOLE", "naïve strasse école"),
        ("\"quoted\" (1) -- ... !", "quoted 1"),
        ("a\u{200b}b soft\u{ad}hyphen \u{202e}right\u{202c}", "ab softhyphen right"),
        ("ＡＷＳ　Ｌａｍｂｄａ１２", "aws lambda12"),
        ("İstanbul ISPARTA ısparta", "istanbul isparta isparta"),
        ("Ship it 🚀 ❤️ 👩🏽‍💻 🇻🇳 1️⃣", "ship it 🚀 ❤ 👩 💻 🇻🇳 1"),
        ("한국어 검색", "한국어 검색"),
        ("البحث عن كِتَاب", "البحث عن كتاب"),
        ("हिन्दी में खोज", "हिन्दी में खोज"),
        ("Donaudampfschifffahrt", "donaudampfschifffahrt"),
    ] {
        assert_eq!(words(text).join(" "), expected, "{text}");
    }
}

#[test]
fn scripts_without_spaces_give_pairs() {
    assert_eq!(words("中国人"), ["中", "中国", "国", "国人", "人"]);
    assert_eq!(words("水"), ["水"]);
    assert_eq!(words("データ"), ["デー", "ータ"]);
    assert_eq!(words("ﾃﾞｰﾀ"), words("データ"));
    assert_eq!(words("ひ"), ["ひ"]);
    assert_eq!(words("AWSの料金3"), ["aws", "の料", "料", "料金", "金", "3"]);
    assert_eq!(words("ที่นี่"), ["ที่นี่"]);
    assert_eq!(words("ไทย"), ["ไท", "ทย"]);
    assert_eq!(words("中。国"), ["中", "国"]);
    assert_eq!(words("カ_a"), ["カ", "a"]);
}

#[test]
fn english_stems_and_stops() {
    assert_eq!(
        terms_of("english", "The databases' replicas aren't the user’s"),
        ["databas", "replica", "aren't", "user"]
    );
    assert_eq!(terms_of("english", "10,000 requests; 3,14"), ["10000", "request", "3,14"]);
    assert_eq!(terms_of("english", "ec2 S3 get_objects 1990s"), ["ec2", "s3", "get_objects", "1990s"]);
}

#[test]
fn vietnamese_has_syllables_and_pairs() {
    assert_eq!(terms_of("vietnamese", "bệnh viện"), ["bệnh", "bệnh viện", "viện"]);
    assert_eq!(terms_of("vietnamese", "bệnh, viện"), ["bệnh", "viện"]);
    assert_eq!(terms_of("vietnamese", "của tôi"), ["của tôi"]);
    assert_eq!(terms_of("vietnamese", "HOÀ Thuý"), terms_of("vietnamese", "hòa thúy"));
    assert_eq!(terms_of("vietnamese", "Ðà Nẵng"), terms_of("vietnamese", "Đà Nẵng"));
    assert_ne!(terms_of("vietnamese", "đường"), terms_of("vietnamese", "dương"));
    assert_eq!(terms_of("vietnamese", "hay tay may hats"), ["hay tay", "tay", "tay may", "may", "may hats", "hats"]);
}

#[test]
fn multilingual_serves_english_and_vietnamese() {
    assert_eq!(terms_of("multilingual", "The running costs"), terms_of("english", "The running costs"));
    assert_eq!(terms_of("multilingual", "bệnh viện"), ["bệnh", "bệnh viện", "viện"]);
    assert_eq!(
        terms_of("multilingual", "cách tăng concurrency của Lambda"),
        ["cách", "cách tăng", "tăng", "tăng concurrency", "concurr", "concurrency của", "của lambda", "lambda"]
    );
    assert_eq!(terms_of("multilingual", "hoà"), terms_of("multilingual", "hòa"));
}

#[test]
fn long_words_are_cut_alike() {
    let long = "x".repeat(terms::LONGEST_TERM);
    assert_eq!(words(&format!("{long}y")), [long.as_str()]);
    assert_eq!(words(&format!("{long}z")), [long.as_str()]);
    assert_eq!(words(&"é".repeat(300)), ["é".repeat(terms::LONGEST_TERM)]);
}

#[test]
fn unknown_names_are_refused() {
    assert!(Analyzer::new("English").is_err());
    for name in Analyzer::NAMES {
        assert_eq!(Analyzer::new(name).expect("a known name").name(), name);
    }
}

#[test]
fn fingerprints_tell_analyzers_apart() {
    let mut prints: Vec<String> =
        Analyzer::NAMES.iter().map(|name| Analyzer::new(name).expect("a known name").fingerprint()).collect();
    assert!(prints.iter().all(|print| print.len() == 16 && print.bytes().all(|byte| byte.is_ascii_hexdigit())));
    let english = Analyzer::new("english").expect("a known name");
    prints.push(Analyzer { version: 2, ..english }.fingerprint());
    prints.push(Analyzer { options: Options { stem: false, ..english.options }, ..english }.fingerprint());
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), Analyzer::NAMES.len() + 2);
}

/// A long line of whatever could make a scanner look back.
#[test]
fn time_is_linear() {
    let patterns = [
        "a",
        "a.",
        "a'",
        "1,",
        "a:",
        ".",
        "_",
        "_a",
        "y",
        "\u{301}",
        "a\u{301}",
        "a:\u{301}",
        "a.\u{301}\u{301}",
        "中",
        "ไ",
        "ที่",
        "カ_",
        "カ\u{3099}",
        "한",
        "ᄀ",
        "🇻",
        "👩\u{200d}",
        "ß",
        "ﷺ",
        "đường",
        "đường ",
        "ש\"",
        "\u{200d}",
        "\u{10ffff}",
    ];
    for pattern in patterns {
        let text = pattern.repeat(100_000 / pattern.len());
        for name in Analyzer::NAMES {
            let analyzer = Analyzer::new(name).expect("a known name");
            let start = Instant::now();
            let mut count = 0_usize;
            analyzer.for_each_term(&text, &mut |_| count += 1);
            // Milliseconds, a second on a busy machine without optimization; a quadratic scan takes minutes.
            assert!(start.elapsed() < Duration::from_secs(30), "{name} on {pattern:?}: {:?}", start.elapsed());
        }
    }
}
