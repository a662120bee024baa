//! Seals: what holds, what is forged, and that each is told apart.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value
)]

mod common;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{digest, encoding::AsDer, rsa::KeySize};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cacao::{Document, SealVerdict, SigningKey, canonical, fingerprint, sign, verify};
use common::{book, document, id, manual};
use jiff::Timestamp;
use serde_json::{Value, json};

fn plain() -> Document {
    document(&book(&id("action", 1), json!({ id("action", 1): manual(&id("end", 9), json!({})) })))
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn verdicts(document: &Document) -> Vec<SealVerdict> {
    verify(document, now()).into_iter().map(|seal| seal.verdict).collect()
}

fn changed(document: &Document, change: impl FnOnce(&mut Value)) -> Document {
    let mut value = Value::Object(document.value().clone());
    change(&mut value);
    common::document(&value)
}

#[test]
fn a_seal_holds_until_a_letter_changes() {
    let (key, kept) = SigningKey::generate().unwrap();
    let sealed = sign(&plain(), &key, &id("signature", 1), "Acme CSIRT", now()).unwrap();
    let said = verify(&sealed, now());
    assert_eq!(said[0].verdict, SealVerdict::Holds);
    assert_eq!((said[0].signee.as_str(), said[0].algorithm.as_str()), ("Acme CSIRT", "Ed25519"));
    assert_eq!(
        said[0].fingerprint.as_deref(),
        Some(fingerprint(&SigningKey::from_pkcs8(&kept).unwrap().public_key()).as_str())
    );
    // Written and read again, in another order and spacing.
    let again = Document::read(&sealed.pretty()).unwrap();
    assert_eq!(verdicts(&again), [SealVerdict::Holds]);

    let forged = changed(&sealed, |value| value["name"] = json!("Another name"));
    assert_eq!(verdicts(&forged), [SealVerdict::Forged]);
    let added = changed(&sealed, |value| value["x"] = json!(1));
    assert_eq!(verdicts(&added), [SealVerdict::Forged]);
    let renamed = changed(&sealed, |value| value["signatures"][0]["signee"] = json!("Somebody else"));
    assert_eq!(verdicts(&renamed), [SealVerdict::Forged]);
    let (other, _) = SigningKey::generate().unwrap();
    let rekeyed = changed(&sealed, |value| {
        value["signatures"][0]["public_key"] = json!(STANDARD.encode(other.public_key()));
    });
    assert_eq!(verdicts(&rekeyed), [SealVerdict::Forged]);
}

#[test]
fn two_seals_stand_side_by_side() {
    let (one, _) = SigningKey::generate().unwrap();
    let (other, _) = SigningKey::generate().unwrap();
    let first = sign(&plain(), &one, &id("signature", 1), "One", now()).unwrap();
    let both = sign(&first, &other, &id("signature", 2), "Other", now()).unwrap();
    assert_eq!(verdicts(&both), [SealVerdict::Holds, SealVerdict::Holds]);
}

#[test]
fn each_fault_has_its_name() {
    let (key, _) = SigningKey::generate().unwrap();
    let sealed = sign(&plain(), &key, &id("signature", 1), "Acme", now()).unwrap();
    for (name, put, verdict) in [
        ("revoked", json!(true), SealVerdict::Revoked),
        ("valid_until", json!("2026-01-01T00:00:00.000Z"), SealVerdict::OutOfTime),
        ("valid_from", json!("2027-01-01T00:00:00.000Z"), SealVerdict::OutOfTime),
        ("algorithm", json!("XMSS-SHA2_10_256"), SealVerdict::UnknownAlgorithm),
        ("algorithm", json!("HS256"), SealVerdict::UnknownAlgorithm),
        ("hash_algorithm", json!("md5"), SealVerdict::UnknownAlgorithm),
        ("related_version", json!("2020-01-01T00:00:00.000Z"), SealVerdict::Elsewhere),
        ("value", json!("%"), SealVerdict::Unreadable),
        ("public_key", json!("%"), SealVerdict::Unreadable),
        ("value", json!(""), SealVerdict::Forged),
    ] {
        let faulty = changed(&sealed, |value| value["signatures"][0][name] = put.clone());
        assert_eq!(verdicts(&faulty), [verdict], "{name}: {put}");
    }
    let keyless = changed(&sealed, |value| {
        let seal = value["signatures"][0].as_object_mut().unwrap();
        seal.shift_remove("public_key");
        seal.insert("thumbprint".into(), json!("abc"));
    });
    assert_eq!(verdicts(&keyless), [SealVerdict::NoKey]);
}

/// Seals with another algorithm, as another program would write them.
fn seal_with(algorithm: &str, hash: &str, public: &[u8], signs: impl Fn(&[u8]) -> Vec<u8>) -> Document {
    let mut value = Value::Object(plain().value().clone());
    let seal = json!({
        "type": "jss", "id": id("jss", 1), "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "signee": "Other", "related_to": value["id"], "related_version": value["modified"],
        "hash_algorithm": hash, "algorithm": algorithm, "public_key": STANDARD.encode(public),
    });
    value["signatures"] = json!([seal]);
    let text = canonical(&value).unwrap();
    let hashed = digest::digest(if hash == "sha-512" { &digest::SHA512 } else { &digest::SHA256 }, &text);
    value["signatures"][0]["value"] = json!(URL_SAFE_NO_PAD.encode(signs(hashed.as_ref())));
    document(&value)
}

#[test]
fn other_algorithms_are_verified() {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref()).unwrap();
    let public = pair.public_key().as_der().unwrap();
    let elliptic = seal_with("ES256", "sha-512", public.as_ref(), |text| {
        pair.sign(&random, text).unwrap().as_ref().to_vec()
    });
    assert_eq!(verdicts(&elliptic), [SealVerdict::Holds]);
    assert_eq!(verdicts(&changed(&elliptic, |value| value["name"] = json!("x"))), [SealVerdict::Forged]);

    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    let rsa = seal_with("RS256", "sha-256", public.as_ref(), |text| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap();
        signature
    });
    assert_eq!(verdicts(&rsa), [SealVerdict::Holds]);
    let confused = changed(&rsa, |value| value["signatures"][0]["algorithm"] = json!("ES256"));
    assert_eq!(verdicts(&confused), [SealVerdict::Forged]);
}

#[test]
fn canonical_forms_are_those_of_rfc_8785() {
    let value: Value = serde_json::from_str(
        r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(canonical(&value).unwrap()).unwrap(),
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
}
