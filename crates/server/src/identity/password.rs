//! Passwords: argon2id (RFC 9106), off the async threads.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// NIST SP 800-63B §5.1.1.2 asks for at least 8; this guards an organisation's worst day.
pub const SHORTEST: usize = 12;
const LONGEST: usize = 256;
/// How many are hashed at once; further ones wait. Each takes 19 MiB and a core, and nobody need be
/// signed in to ask for it.
const AT_ONCE: usize = 2;
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Hashes a new password, or says why it will not do.
pub async fn hash(password: String) -> Result<String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(Error::Invalid(format!("A password needs at least {SHORTEST} characters.")));
    }
    if length > LONGEST {
        return Err(Error::Invalid(format!("A password has at most {LONGEST} characters.")));
    }
    blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| Error::Damaged(error.to_string()))
    })
    .await
}

/// Compares with a stored hash. Without one, the same work is done for nothing, so that the time
/// taken does not tell whether an account exists.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    blocking(move || {
        let Some(hash) = hash else {
            // The outcome does not matter; the time does.
            Argon2::default().hash_password(password.as_bytes()).ok();
            return Ok(false);
        };
        let hash = PasswordHash::new(&hash).map_err(|error| Error::Damaged(error.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

/// Runs hashing off the async threads, a few at once.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let _place = PLACES.acquire().await.map_err(|error| Error::Damaged(error.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Damaged(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_flood_of_sign_ins_takes_no_more_than_its_places() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = (0..20).map(|_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            blocking(move || {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                now.fetch_sub(1, SeqCst);
                Ok(())
            })
        });
        assert!(futures_util::future::join_all(work).await.into_iter().all(|done| done.is_ok()));
        assert!((1..=AT_ONCE).contains(&most.load(SeqCst)));
    }
}
