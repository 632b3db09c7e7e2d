//! The recovery key's words, there and back, and what a person is told of words that are wrong.

use bip39::Mnemonic;
use cliquet_web_crypto::crypto::{
    keys::Key,
    recovery_key::{RecoveryKey, WORDS, WordsError},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::collections::BTreeSet;

fn key(bytes: [u8; 32]) -> RecoveryKey {
    RecoveryKey::from_entropy(Key::from_bytes(bytes))
}

fn parsed(typed: &str) -> Result<[u8; 32], WordsError> {
    RecoveryKey::parse(typed).map(|key| *key.entropy().as_bytes())
}

#[test]
fn words_are_those_of_the_published_examples() {
    // Of github.com/trezor/python-mnemonic, vectors.json, which BIP-39 names.
    let hex = |text: &str| -> [u8; 32] {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    };
    let last = |word: &str, end: &str| format!("{}{end}", format!("{word} ").repeat(WORDS - 1));
    let examples = [
        ([0; 32], last("abandon", "art")),
        ([0xff; 32], last("zoo", "vote")),
        ([0x7f; 32], "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title".into()),
        ([0x80; 32], "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless".into()),
        (hex("68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c"), "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length".into()),
        (hex("9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863"), "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol speed nation flash devote level hobby quick inner drive ghost inside".into()),
        (hex("066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad"), "all hour make first leader extend hole alien behind guard gospel lava path output census museum junior mass reopen famous sing advance salt reform".into()),
    ];
    for (entropy, words) in examples {
        assert_eq!(key(entropy).words().join(" "), words);
        assert_eq!(parsed(&words), Ok(entropy));
    }
}

#[test]
fn words_are_those_that_the_library_gives_and_come_back() {
    let mut rng = ChaCha20Rng::seed_from_u64(630);
    for _ in 0..1_000 {
        let mut entropy = [0; 32];
        rng.fill_bytes(&mut entropy);
        let words = key(entropy).words();
        assert!(words.iter().copied().eq(Mnemonic::from_entropy(&entropy).unwrap().words()));
        assert_eq!(parsed(&words.join(" ")), Ok(entropy));
        let start: Vec<&str> = words.iter().map(|word| &word[..word.len().min(4)]).collect();
        assert_eq!(parsed(&start.join(" ")), Ok(entropy));
    }
}

#[test]
fn case_spaces_numbers_and_letters_past_the_fourth_are_forgiven() {
    let entropy: [u8; 32] = std::array::from_fn(|at| (at * 41 + 3) as u8);
    let words = key(entropy).words();
    let page: String =
        words.iter().enumerate().map(|(at, word)| format!("{}. {}\r\n", at + 1, word.to_uppercase())).collect();
    let commas = words.map(|word| format!("{word}, ")).concat();
    let odd = words.map(|word| format!("\u{a0}{word}\t\u{3000}")).concat();
    let late =
        words.map(|word| if word.len() > 4 { format!("{}zz ", &word[..4]) } else { format!("{word} ") }).concat();
    for typed in [page, commas, odd, late] {
        assert_eq!(parsed(&typed), Ok(entropy), "{typed}");
    }
}

#[test]
fn a_wrong_word_is_named_and_a_wrong_checksum_names_none() {
    let words = key([7; 32]).words();
    for (wrong, place) in [("xylophone", 1), ("é", 7), ("ab", 24), ("actx", 3), ("clique", 5)] {
        let mut typed = words.map(String::from);
        typed[place - 1] = wrong.into();
        assert_eq!(parsed(&typed.join(" ")), Err(WordsError::NotInList { place }), "{wrong}");
    }
    assert_eq!(parsed(""), Err(WordsError::Count { count: 0 }));
    assert_eq!(parsed(&words[..23].join(" ")), Err(WordsError::Count { count: 23 }));
    assert_eq!(parsed(&format!("{} zoo", words.join(" "))), Err(WordsError::Count { count: 25 }));
    assert_eq!(parsed(&"zoo ".repeat(1_000)), Err(WordsError::Count { count: 1_000 }));
    let mut exchanged = key(std::array::from_fn(|at| at as u8)).words();
    exchanged.swap(3, 9);
    assert_eq!(parsed(&exchanged.join(" ")), Err(WordsError::Checksum));
    // One word of the list for another: 255 of 256 are noticed.
    let list = bip39::Language::English.word_list();
    let mut typed = words;
    let passed = list.iter().filter(|word| {
        typed[0] = word;
        parsed(&typed.join(" ")).is_ok()
    });
    assert!(passed.count() < 30);
}

#[test]
fn three_words_confirm_that_the_key_was_written_down() {
    let mut rng = ChaCha20Rng::seed_from_u64(631);
    let (key, mut asked) = (RecoveryKey::generate(&mut rng), BTreeSet::new());
    let words = key.words();
    for _ in 0..500 {
        let places = RecoveryKey::places_to_confirm(&mut rng);
        assert!(places.is_sorted() && places[0] >= 1 && places[2] <= WORDS);
        assert!(places[0] < places[1] && places[1] < places[2]);
        asked.extend(places);
        let typed = places.map(|place| (place, words[place - 1].to_uppercase()));
        assert_eq!(key.confirm(typed.iter().map(|(place, word)| (*place, word.as_str()))), Ok(()));
    }
    assert_eq!(asked.len(), WORDS);
    let other = |place: usize| if words[place - 1] == "zoo" { "zone" } else { "zoo" };
    assert_eq!(key.confirm([(1, words[0]), (9, other(9))]), Err(WordsError::Other { place: 9 }));
    assert_eq!(key.confirm([(4, "xyz")]), Err(WordsError::NotInList { place: 4 }));
    assert_eq!(key.confirm([(4, "")]), Err(WordsError::NotInList { place: 4 }));
    for place in [0, 25] {
        assert_eq!(key.confirm([(place, "zoo")]), Err(WordsError::Other { place }));
    }
}

#[test]
fn the_server_learns_neither_the_key_nor_what_opens_with_it() {
    let (one, other) = (key([7; 32]), key([8; 32]));
    assert_ne!(one.proof(), other.proof());
    assert_ne!(one.proof().0.0, *one.entropy().as_bytes());
    // Fixed for ever: servers keep it.
    assert_eq!(
        serde_json::to_string(&[one.proof().0, one.proof().verifier()]).unwrap(),
        r#"["kfh1G4Exu_luct5pTIsiH_9gHFszgM41OJJNV9eg2qk","FUoLuqAf4y4Xkuc54rbLPBF_jDgbBE0UDH20ekWTtow"]"#
    );
}
