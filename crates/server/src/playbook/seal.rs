//! Signatures on playbooks: this server's key, sealing with it, and what is said of the seals that a version bears.

use cacao::{CacaoError, Sealed, SigningKey};
use domain::{Actor, Permission, PlaybookId};
use platform::secrets;
use sha2::{Digest, Sha256};

use super::{Kept, Playbook, get, keep};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, need};

/// What is said of the seals on a version.
pub fn seals(app: &App, kept: &Kept) -> Result<Vec<Sealed>> {
    Ok(cacao::verify(&kept.document()?, app.clock.now()))
}

/// Seals the present version with this server's key; the sealed text is a further version.
pub async fn seal(app: &App, actor: &Actor, id: PlaybookId) -> Result<Playbook> {
    need(actor, Permission::EditPlan, "sealing playbooks")?;
    let kept = get(app, actor, id, None).await?;
    let key = key(app)?;
    let own = cacao::fingerprint(&key.public_key());
    if seals(app, &kept)?
        .iter()
        .any(|seal| seal.verdict.holds() && seal.fingerprint.as_deref() == Some(own.as_str()))
    {
        return Err(Error::Conflict("This version bears this server's signature already.".to_owned()));
    }
    let organisation = identity::organisation(app).await?.unwrap_or_else(|| "Watchbell".to_owned());
    let name = format!("jss--{}", uuid(&format!("{}{own}{}", kept.version.sha256, app.clock.now())));
    let sealed = cacao::sign(&kept.document()?, &key, &name, &organisation, app.clock.now())
        .map_err(|fault| Error::Invalid(fault.to_string()))?;
    keep(app, actor, sealed.pretty()).await
}

/// A UUID out of a text, in the form of version 5: CACAO's schema knows versions 1 to 5 alone.
fn uuid(text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text));
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!("{}-{}-5{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The key that seals playbooks: made once, readable by its owner alone.
fn key(app: &App) -> Result<SigningKey> {
    let path = app.data.join("playbook.key");
    let fault = |fault: CacaoError| Error::Damaged(fault.to_string());
    match std::fs::read(&path) {
        Ok(bytes) => SigningKey::from_pkcs8(&bytes).map_err(fault),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let (key, bytes) = SigningKey::generate().map_err(fault)?;
            secrets::write_private(&path, &bytes)?;
            Ok(key)
        }
        Err(error) => Err(Error::Io(error)),
    }
}
