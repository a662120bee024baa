//! Links by which somebody answers without signing in: to this message, until a time, and no other act. The server
//! signs them and keeps none of them. Opening one does nothing, for scanners of mail open every link; only what the
//! page then sends does. Once the message is answered its link does nothing more.

use aws_lc_rs::hmac;
use domain::access::Via;
use domain::{Actor, NotificationId};
use jiff::Timestamp;

use super::{Notification, settings, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity;

/// The address under which a message is answered.
pub(super) fn to(app: &App, id: NotificationId) -> Option<String> {
    let ends = settings::link_ends(app.clock.now()).as_second();
    let base = app.notifier.base.get()?;
    let said = format!("{}.{ends}", id.get());
    let tag = hmac::sign(&app.notifier.links, said.as_bytes());
    Some(format!("{base}/answer/{said}.{}", hex::encode(tag.as_ref())))
}

/// What a link is about: the message, and the person to whom it was sent.
pub struct Opened {
    pub notification: Notification,
    pub actor: Actor,
}

/// Opens a link. One that is forged, out of date, or nobody's any more is no link.
pub async fn open(app: &App, token: &str) -> Result<Opened> {
    let missing = || Error::NotFound("link; it may be out of date");
    let (said, tag) = token.rsplit_once('.').ok_or_else(missing)?;
    let tag = hex::decode(tag).map_err(|_| missing())?;
    hmac::verify(&app.notifier.links, said.as_bytes(), &tag).map_err(|_| missing())?;
    let (number, ends) = said.split_once('.').ok_or_else(missing)?;
    let ends = ends.parse().ok().and_then(|ends| Timestamp::from_second(ends).ok()).ok_or_else(missing)?;
    if app.clock.now() > ends {
        return Err(missing());
    }
    let number: i64 = number.parse().map_err(|_| missing())?;
    let notification = store::one(&app.db, NotificationId::try_from(number)?).await?.ok_or_else(missing)?;
    let person = notification.person.ok_or_else(missing)?;
    let accounts = identity::accounts(app, &Actor::Watchbell).await?;
    let account = accounts.into_iter().find(|account| account.id == person && !account.disabled);
    let account = account.ok_or_else(missing)?;
    let actor =
        Actor::User { user: person, name: account.name.parse()?, role: account.role, via: Via::Session };
    Ok(Opened { notification, actor })
}
