//! The tree against RFC 6962: known roots, a plain reading of the RFC as an oracle, and the
//! crate's own functions over a full table of stored hashes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

use ledger::{EMPTY_ROOT, Frontier, Hash, MAX_SIZE, StoredHashes, leaf_hash, proof};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tlog_tiles::tlog;

/// RFC 6962 §2.1, read literally. The oracle: shares no code with what it checks.
fn mth(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => Sha256::new().chain_update([0]).chain_update(leaf).finalize().into(),
        _ => {
            let k = split(leaves.len());
            Sha256::new()
                .chain_update([1])
                .chain_update(mth(&leaves[..k]))
                .chain_update(mth(&leaves[k..]))
                .finalize()
                .into()
        }
    }
}

/// RFC 6962 §2.1.1.
fn path(m: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (mut rest, last) = if m < k {
        (path(m, &leaves[..k]), mth(&leaves[k..]))
    } else {
        (path(m - k, &leaves[k..]), mth(&leaves[..k]))
    };
    rest.push(last);
    rest
}

/// RFC 6962 §2.1.2.
fn subproof(m: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<[u8; 32]> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len());
    let (mut rest, last) = if m <= k {
        (subproof(m, &leaves[..k], whole), mth(&leaves[k..]))
    } else {
        (subproof(m - k, &leaves[k..], false), mth(&leaves[..k]))
    };
    rest.push(last);
    rest
}

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn leaves(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|i| format!("leaf {i}").into_bytes()).collect()
}

/// Appends all, and returns the edge and the full table as a database would hold it.
fn grow(leaves: &[Vec<u8>]) -> (Frontier, StoredHashes) {
    let (mut frontier, mut table) = (Frontier::new(), StoredHashes::default());
    for leaf in leaves {
        table.extend(frontier.append_bytes(leaf).unwrap().hashes);
    }
    (frontier, table)
}

fn only(needed: &[u64], table: &StoredHashes) -> StoredHashes {
    needed.iter().map(|i| (*i, table.get(*i).unwrap())).collect()
}

#[test]
fn the_eight_leaves_of_certificate_transparency_have_their_known_roots() {
    let inputs =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root().unwrap(), EMPTY_ROOT);
    for (input, root) in inputs.iter().zip(roots) {
        frontier.append_bytes(&hex::decode(input).unwrap()).unwrap();
        assert_eq!(hex::encode(frontier.root().unwrap().0), root);
    }
}

#[test]
fn every_size_up_to_300_agrees_with_the_rfc_and_with_the_full_table() {
    let all = leaves(300);
    let mut frontier = Frontier::new();
    let mut table: Vec<Hash> = Vec::new();
    for n in 0..=all.len() {
        let root = frontier.root().unwrap();
        assert_eq!(root.0, mth(&all[..n]), "root at size {n}");
        let stored: StoredHashes = (0..).zip(table.iter().copied()).collect();
        assert_eq!(root, tlog::tree_hash(n as u64, &stored).unwrap());
        assert_eq!(table.len() as u64, tlog::stored_hash_count(n as u64));
        assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).unwrap(), frontier);
        let needed = Frontier::needed(n as u64).unwrap();
        let rebuilt = Frontier::from_stored(n as u64, &only(&needed, &stored)).unwrap();
        assert_eq!(rebuilt, frontier);

        let Some(leaf) = all.get(n) else { break };
        let expected = tlog::stored_hashes(n as u64, leaf, &stored).unwrap();
        let appended = frontier.append_bytes(leaf).unwrap();
        assert_eq!(appended.index, n as u64);
        let (indexes, hashes): (Vec<u64>, Vec<Hash>) = appended.hashes.into_iter().unzip();
        assert_eq!(hashes, expected);
        let first = table.len() as u64;
        assert_eq!(indexes, (first..first + hashes.len() as u64).collect::<Vec<_>>());
        table.extend(hashes);
    }
}

#[test]
fn every_proof_up_to_40_is_the_rfcs_and_verifies() {
    let all = leaves(40);
    let (_, table) = grow(&all);
    for size in 1..=all.len() {
        let root = Hash(mth(&all[..size]));
        let (t, n) = (size as u64, size);
        for m in 0..n {
            let fetched = only(&proof::needed_for_inclusion(m as u64, t).unwrap(), &table);
            let made = proof::inclusion(m as u64, t, &fetched).unwrap();
            assert_eq!(made.iter().map(|h| h.0).collect::<Vec<_>>(), path(m, &all[..n]));
            let leaf = leaf_hash(&all[m]);
            proof::verify_inclusion(&made, t, root, m as u64, leaf).unwrap();
            // Another index, another leaf, another root or another length are all refused.
            for other in (0..t).filter(|other| *other != m as u64) {
                assert!(proof::verify_inclusion(&made, t, root, other, leaf).is_err());
            }
            assert!(proof::verify_inclusion(&made, t, root, m as u64, leaf_hash(b"x")).is_err());
            assert!(proof::verify_inclusion(&made, t, EMPTY_ROOT, m as u64, leaf).is_err());
            let mut longer = made.clone();
            longer.push(root);
            assert!(proof::verify_inclusion(&longer, t, root, m as u64, leaf).is_err());
            if let Some((_, shorter)) = made.split_last() {
                assert!(proof::verify_inclusion(shorter, t, root, m as u64, leaf).is_err());
            }
        }
        for old in 1..=n {
            let fetched = only(&proof::needed_for_consistency(old as u64, t).unwrap(), &table);
            let made = proof::consistency(old as u64, t, &fetched).unwrap();
            assert_eq!(made.iter().map(|h| h.0).collect::<Vec<_>>(), subproof(old, &all[..n], true));
            let old_root = Hash(mth(&all[..old]));
            proof::verify_consistency(&made, old as u64, old_root, t, root).unwrap();
            assert!(proof::verify_consistency(&made, old as u64, leaf_hash(b"x"), t, root).is_err());
            if old < n {
                let other = leaf_hash(b"x");
                assert!(proof::verify_consistency(&made, old as u64, old_root, t, other).is_err());
            }
        }
    }
}

#[test]
fn a_rewritten_past_has_no_consistency_proof() {
    let honest = leaves(20);
    let old_root = Hash(mth(&honest[..9]));
    let mut rewritten = honest;
    rewritten[4] = b"something else".to_vec();
    let (frontier, table) = grow(&rewritten);
    let made = proof::consistency(9, 20, &table).unwrap();
    let said = proof::verify_consistency(&made, 9, old_root, 20, frontier.root().unwrap());
    assert!(said.unwrap_err().to_string().contains("may have been rewritten"));
}

#[test]
fn the_empty_tree_and_impossible_questions_are_answered_without_panic() {
    let none = StoredHashes::default();
    assert!(proof::consistency(0, 7, &none).unwrap().is_empty());
    assert!(proof::verify_consistency(&[], 0, EMPTY_ROOT, 7, leaf_hash(b"x")).is_ok());
    assert!(proof::verify_consistency(&[], 0, leaf_hash(b"y"), 7, leaf_hash(b"x")).is_err());
    assert!(proof::needed_for_inclusion(0, 0).is_err());
    assert!(proof::needed_for_inclusion(7, 7).is_err());
    assert!(proof::needed_for_consistency(8, 7).is_err());
    for huge in [MAX_SIZE + 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
        assert!(proof::needed_for_inclusion(3, huge).is_err());
        assert!(proof::needed_for_consistency(3, huge).is_err());
        assert!(proof::verify_inclusion(&[], huge, EMPTY_ROOT, 3, EMPTY_ROOT).is_err());
        assert!(proof::verify_consistency(&[], 3, EMPTY_ROOT, huge, EMPTY_ROOT).is_err());
        assert!(Frontier::needed(huge).is_err());
        assert!(Frontier::from_bytes(&huge.to_be_bytes()).is_err());
    }
    // The largest size that is allowed really is within what the arithmetic can do.
    assert_eq!(proof::needed_for_inclusion(MAX_SIZE - 1, MAX_SIZE).unwrap().len(), 48);
    let long = vec![EMPTY_ROOT; 100_000];
    assert!(proof::verify_inclusion(&long, 8, EMPTY_ROOT, 3, EMPTY_ROOT).is_err());
}

#[test]
fn what_was_not_fetched_is_named() {
    let (_, table) = grow(&leaves(10));
    let needed = proof::needed_for_inclusion(4, 10).unwrap();
    let fetched = only(&needed[1..], &table);
    let said = proof::inclusion(4, 10, &fetched).unwrap_err().to_string();
    assert!(said.contains(&format!("stored hash {} is needed", needed[0])), "{said}");
}

#[test]
fn a_damaged_frontier_is_refused() {
    let (frontier, _) = grow(&leaves(13));
    let bytes = frontier.to_bytes();
    assert_eq!(bytes.len(), 8 + 3 * 32);
    for wrong in [&bytes[..7], &bytes[..bytes.len() - 1], &bytes[..bytes.len() - 32], b""] {
        let said = Frontier::from_bytes(wrong).unwrap_err().to_string();
        assert!(said.contains("damaged"), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_trees_agree_with_the_rfc(
        all in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..700),
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 12),
    ) {
        let (frontier, table) = grow(&all);
        prop_assert_eq!(frontier.root().unwrap().0, mth(&all));
        for (a, b) in picks {
            let size = a.index(all.len()) + 1;
            let m = b.index(size);
            let (root, t) = (Hash(mth(&all[..size])), size as u64);
            let made = proof::inclusion(m as u64, t, &table).unwrap();
            prop_assert_eq!(made.iter().map(|h| h.0).collect::<Vec<_>>(), path(m, &all[..size]));
            prop_assert!(proof::verify_inclusion(&made, t, root, m as u64, leaf_hash(&all[m])).is_ok());
            let onward = proof::consistency(t, all.len() as u64, &table).unwrap();
            prop_assert!(proof::verify_consistency(
                &onward, t, root, all.len() as u64, frontier.root().unwrap()
            ).is_ok());
        }
    }
}
