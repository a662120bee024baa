//! Keys and checkpoints: what is signed opens, what was touched does not, secrets stay secret,
//! and the formats are the ones that other tools know.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ledger::{Checkpoint, Frontier, Hash, SigningKey, VerifyingKey};
use signed_note::{Note, Signer, StandardSigner, StandardVerifier, Verifier, VerifierList};

const ORIGIN: &str = "ir.example.org/ledger";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    let mut frontier = Frontier::new();
    for leaf in ["a", "b", "c"] {
        frontier.append_bytes(leaf.as_bytes()).unwrap();
    }
    Checkpoint::of(ORIGIN, &frontier).unwrap()
}

#[test]
fn a_signed_checkpoint_has_the_c2sp_form_and_opens_again() {
    let note = checkpoint().sign(&key()).unwrap();
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines.len(), 5, "{note}");
    assert!(note.starts_with(&format!("{ORIGIN}\n3\n{}\n\n— {ORIGIN} ", checkpoint().root())));
    assert!(note.ends_with('\n'));
    let opened = Checkpoint::open(note.as_bytes(), key().verifying_key()).unwrap();
    assert_eq!(opened, checkpoint());
}

#[test]
fn no_byte_of_a_checkpoint_can_change() {
    let key = key();
    let note = checkpoint().sign(&key).unwrap().into_bytes();
    for at in 0..note.len() {
        for mask in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = note.clone();
            changed[at] ^= mask;
            let opened = Checkpoint::open(&changed, key.verifying_key());
            assert!(opened.is_err(), "byte {at} ^ {mask:#x}: {opened:?}");
        }
    }
}

#[test]
fn the_keys_and_notes_are_those_of_signed_note() {
    let key = key();
    let theirs = StandardSigner::new(&key.to_secret_text()).unwrap();
    assert_eq!(theirs.key_id(), key.key_id());
    assert_eq!(theirs.sign(b"text\n").unwrap(), key.sign(b"text\n").unwrap());
    let verifier = StandardVerifier::new(&key.verifying_key().to_string()).unwrap();
    assert_eq!(verifier.name(), ORIGIN);
    let note = Note::from_bytes(checkpoint().sign(&key).unwrap().as_bytes()).unwrap();
    let known = VerifierList::new(vec![Box::new(verifier)]);
    assert_eq!(note.verify(&known).unwrap().0.len(), 1);
}

#[test]
fn a_witness_may_sign_too_and_others_may_not_sign_alone() {
    let (ours, witness) = (key(), SigningKey::from_seed("witness.example", &[9; 32]).unwrap());
    let mut note = Note::from_bytes(checkpoint().sign(&ours).unwrap().as_bytes()).unwrap();
    note.add_sigs(&[&witness]).unwrap();
    assert!(Checkpoint::open(&note.to_bytes(), ours.verifying_key()).is_ok());

    let said = Checkpoint::open(&note.to_bytes(), witness.verifying_key()).unwrap_err();
    assert!(said.to_string().contains("belongs to `witness.example`"), "{said}");
    let stranger = SigningKey::from_seed(ORIGIN, &[8; 32]).unwrap();
    let said = Checkpoint::open(&note.to_bytes(), stranger.verifying_key()).unwrap_err();
    assert!(said.to_string().contains("not signed by the key"), "{said}");
    assert!(checkpoint().sign(&witness).is_err());
}

#[test]
fn a_key_survives_its_text_and_every_damage_is_refused() {
    let key = key();
    let secret = key.to_secret_text();
    let again = SigningKey::from_secret_text(&secret).unwrap();
    assert_eq!(again.verifying_key(), key.verifying_key());
    assert!(SigningKey::from_secret_text(&format!("{}\n", secret.as_str())).is_ok());
    for at in 0..secret.len() {
        let mut changed = secret.as_bytes().to_vec();
        changed[at] ^= 1;
        if let Ok(text) = String::from_utf8(changed) {
            let read = SigningKey::from_secret_text(&text);
            assert!(read.is_err(), "byte {at}: {text}");
        }
    }

    let public = key.verifying_key().to_string();
    assert_eq!(&public.parse::<VerifyingKey>().unwrap(), key.verifying_key());
    for at in 0..public.len() {
        for mask in [0x01, 0x20] {
            let mut changed = public.as_bytes().to_vec();
            changed[at] ^= mask;
            if let Ok(text) = String::from_utf8(changed) {
                assert!(text.parse::<VerifyingKey>().is_err(), "byte {at}: {text}");
            }
        }
    }
    assert!(format!("{public}\n").parse::<VerifyingKey>().is_err());
}

#[test]
fn a_weak_public_key_is_refused() {
    // The point of order one: with it, one signature fits every message.
    let mut point = vec![1_u8; 2];
    point.extend_from_slice(&[0; 31]);
    let id = signed_note::key_id("weak", &point);
    let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &point);
    let said = format!("weak+{id:08x}+{encoded}").parse::<VerifyingKey>().unwrap_err();
    assert!(said.to_string().contains("weak key"), "{said}");
}

#[test]
fn the_secret_is_never_printed() {
    let key = key();
    let shown = format!("{key:?}");
    let secret = key.to_secret_text();
    let seed = secret.rsplit('+').next().unwrap();
    assert!(!shown.contains(seed) && shown.contains("secret not shown"), "{shown}");
    let wrong = secret.replace(ORIGIN, "other.example");
    let said = SigningKey::from_secret_text(&wrong).unwrap_err();
    assert!(!format!("{said} {said:?}").contains(seed), "{said:?}");
}

#[test]
fn keys_are_made_from_randomness_and_told_apart_by_fingerprint() {
    let (a, b) = (SigningKey::generate(ORIGIN).unwrap(), SigningKey::generate(ORIGIN).unwrap());
    assert_ne!(a.verifying_key(), b.verifying_key());
    let fingerprint = a.verifying_key().fingerprint();
    assert_ne!(fingerprint, b.verifying_key().fingerprint());
    assert_eq!(fingerprint.split(' ').map(str::len).collect::<Vec<_>>(), [4; 8]);
    assert!(a.verifying_key().verify(b"m", &a.sign(b"m").unwrap()));
    assert!(!b.verifying_key().verify(b"m", &a.sign(b"m").unwrap()));
}

#[test]
fn an_origin_is_a_plain_name() {
    for bad in ["", "two words", "plus+sign", "line\nbreak", "tab\t", "nul\0", &"x".repeat(129)] {
        let said = SigningKey::from_seed(bad, &[1; 32]).unwrap_err().to_string();
        assert!(said.contains("cannot be the origin"), "{said}");
    }
}

#[test]
fn a_checkpoint_of_an_impossible_size_is_refused() {
    assert!(Checkpoint::new(ORIGIN, u64::MAX, Hash([0; 32])).is_err());
    let text = format!("{ORIGIN}\n{}\n{}\n", u64::MAX, Hash([0; 32]));
    let mut note = Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&key()]).unwrap();
    assert!(Checkpoint::open(&note.to_bytes(), key().verifying_key()).is_err());
}
