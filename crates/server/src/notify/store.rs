//! The SQL of notifications: messages, their deliveries, channels, and where people are reached.

use std::str::FromStr;

use domain::notify::{DeliveryState, Policy};
use domain::{ChannelId, IncidentId, NotificationId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::settings::{Channel, Point, Quiet};
use super::worker::Due;
use super::{Delivery, Notice, Notification};
use crate::change::{Change, time};
use crate::error::{Error, Result};
use crate::identity::scope::visible;

const COLUMNS: &str = "n.id, n.matter, n.severity, n.incident, n.record, n.title, n.body, n.person, n.root, n.step, \
                       n.next_at, n.created_at, n.acknowledged_at, n.acknowledged_by, n.settled";

/// `None` if it was told already.
pub async fn insert(
    change: &mut Change<'_>,
    notice: &Notice,
    key: &str,
    person: Option<UserId>,
    root: Option<NotificationId>,
    next_at: Option<Timestamp>,
) -> Result<Option<NotificationId>> {
    let row = sqlx::query(
        "insert into notification (key, matter, severity, incident, record, title, body, person, root, step, next_at,
           created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11) on conflict do nothing returning id",
    )
    .bind(key)
    .bind(notice.matter.as_str())
    .bind(notice.severity.as_str())
    .bind(notice.incident.get())
    .bind(&notice.record)
    .bind(&notice.title)
    .bind(&notice.body)
    .bind(person.map(UserId::get))
    .bind(root.map(NotificationId::get))
    .bind(next_at.map(Timestamp::as_microsecond))
    .bind(change.at_micros())
    .fetch_optional(&mut *change.tx)
    .await?;
    row.map(|row| Ok(NotificationId::try_from(row.try_get::<i64, _>(0)?)?)).transpose()
}

pub async fn one_in(tx: &mut Tx, id: NotificationId) -> Result<Option<Notification>> {
    let statement = format!("select {COLUMNS} from notification n where n.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(notification).transpose()
}

pub async fn one(db: &Db, id: NotificationId) -> Result<Option<Notification>> {
    let statement = format!("select {COLUMNS} from notification n where n.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(db.readers()).await?;
    row.as_ref().map(notification).transpose()
}

/// Newest first, as far as this account may know of the incident; `only` somebody's own.
pub async fn list(
    db: &Db,
    account: Option<i64>,
    only: Option<UserId>,
    limit: i64,
) -> Result<Vec<Notification>> {
    let statement = format!(
        "select {COLUMNS} from notification n
         where (n.incident is null or {}) and (cast($2 as bigint) is null or n.person = $2)
         order by n.id desc limit $3",
        visible!("n.incident", "$1")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(account)
        .bind(only.map(UserId::get))
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(notification).collect()
}

pub async fn deliveries_of(db: &Db, of: &[Notification]) -> Result<Vec<Delivery>> {
    let numbers: Vec<String> = of.iter().map(|one| one.id.get().to_string()).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let statement = format!(
        "select d.id, d.notification, d.channel, c.name, d.address, d.state, d.attempts, d.due_at, d.answer, d.updated_at
         from message_delivery d join notify_channel c on c.id = d.channel where d.notification in ({}) order by d.id",
        numbers.join(", ")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false).fetch_all(db.readers()).await?;
    rows.iter()
        .map(|row| {
            Ok(Delivery {
                id: row.try_get("id")?,
                notification: NotificationId::try_from(row.try_get::<i64, _>("notification")?)?,
                channel: ChannelId::try_from(row.try_get::<i64, _>("channel")?)?,
                by: row.try_get("name")?,
                address: row.try_get("address")?,
                state: word(row, "state")?,
                attempts: row.try_get("attempts")?,
                due_at: time(row.try_get("due_at")?)?,
                answer: row.try_get("answer")?,
                updated_at: time(row.try_get("updated_at")?)?,
            })
        })
        .collect()
}

/// Those of a record that nobody answered yet.
pub async fn open_of_record(tx: &mut Tx, record: &str) -> Result<Vec<NotificationId>> {
    let rows = sqlx::query(
        "select id from notification where record = $1 and acknowledged_at is null and settled is null order by id",
    )
    .bind(record)
    .fetch_all(tx)
    .await?;
    ids(&rows)
}

/// A first message with all that followed from it, as far as they are open.
pub async fn family_in(tx: &mut Tx, root: NotificationId) -> Result<Vec<NotificationId>> {
    let rows = sqlx::query(
        "select id from notification
         where (id = $1 or root = $1) and acknowledged_at is null and settled is null order by id",
    )
    .bind(root.get())
    .fetch_all(tx)
    .await?;
    ids(&rows)
}

/// Those whose next step is due.
pub async fn to_escalate(db: &Db, now: Timestamp) -> Result<Vec<NotificationId>> {
    let rows = sqlx::query("select id from notification where next_at <= $1 order by next_at limit 100")
        .bind(now.as_microsecond())
        .fetch_all(db.readers())
        .await?;
    ids(&rows)
}

pub async fn close(
    change: &mut Change<'_>,
    id: NotificationId,
    by: Option<UserId>,
    settled: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "update notification set acknowledged_at = $2, acknowledged_by = $3, settled = $4, next_at = null where id = $1",
    )
    .bind(id.get())
    .bind(by.map(|_| change.at_micros()))
    .bind(by.map(UserId::get))
    .bind(settled)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn stepped(
    change: &mut Change<'_>,
    id: NotificationId,
    step: i64,
    next_at: Option<Timestamp>,
) -> Result<()> {
    sqlx::query("update notification set step = $2, next_at = $3 where id = $1")
        .bind(id.get())
        .bind(step)
        .bind(next_at.map(Timestamp::as_microsecond))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn insert_delivery(
    change: &mut Change<'_>,
    notification: NotificationId,
    channel: ChannelId,
    address: &str,
    due: Timestamp,
) -> Result<()> {
    sqlx::query(
        "insert into message_delivery (notification, channel, address, state, attempts, due_at, updated_at)
         values ($1, $2, $3, 'waiting', 0, $4, $5)",
    )
    .bind(notification.get())
    .bind(channel.get())
    .bind(address)
    .bind(due.as_microsecond())
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// What has not left yet need not leave.
pub async fn drop_waiting(change: &mut Change<'_>, id: NotificationId) -> Result<()> {
    sqlx::query(
        "update message_delivery set state = 'needless', updated_at = $2 where notification = $1 and state = 'waiting'",
    )
    .bind(id.get())
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn retry(change: &mut Change<'_>, id: NotificationId) -> Result<u64> {
    let done = sqlx::query(
        "update message_delivery set state = 'waiting', attempts = 0, due_at = $2, updated_at = $2
         where notification = $1 and state = 'failed'",
    )
    .bind(id.get())
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected())
}

/// The channels for which something is to be sent now.
pub async fn busy_channels(db: &Db, now: Timestamp) -> Result<Vec<ChannelId>> {
    let rows = sqlx::query(
        "select distinct channel from message_delivery where state = 'waiting' and due_at <= $1 order by channel",
    )
    .bind(now.as_microsecond())
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok(ChannelId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// What is to be sent over a channel now, by address. What is restricted by now says nothing of its incident.
pub async fn due(db: &Db, channel: ChannelId, now: Timestamp) -> Result<Vec<Due>> {
    let statement = format!(
        "select {COLUMNS}, d.id as delivery, d.address, d.attempts,
           (select count(*) from restricted_scope rs where rs.scope = n.incident) as hidden
         from message_delivery d join notification n on n.id = d.notification
         where d.channel = $1 and d.state = 'waiting' and d.due_at <= $2 order by d.address, d.id limit 500"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(channel.get())
        .bind(now.as_microsecond())
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                delivery: row.try_get("delivery")?,
                address: row.try_get("address")?,
                attempts: row.try_get("attempts")?,
                hidden: row.try_get::<i64, _>("hidden")? > 0,
                notification: notification(row)?,
            })
        })
        .collect()
}

/// Notes that an attempt begins; `false` if the delivery waits no longer.
pub async fn begin(change: &mut Change<'_>, delivery: i64) -> Result<bool> {
    let done = sqlx::query(
        "update message_delivery set state = 'sending', attempts = attempts + 1, updated_at = $2
         where id = $1 and state = 'waiting'",
    )
    .bind(delivery)
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("insert into message_attempt (delivery, begun_at) values ($1, $2)")
        .bind(delivery)
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(true)
}

pub async fn end(
    change: &mut Change<'_>,
    delivery: i64,
    state: DeliveryState,
    due: Timestamp,
    answer: &str,
) -> Result<()> {
    sqlx::query(
        "update message_delivery set state = $2, due_at = $3, answer = $4, updated_at = $5 where id = $1",
    )
    .bind(delivery)
    .bind(state.as_str())
    .bind(due.as_microsecond())
    .bind(answer)
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    sqlx::query(
        "update message_attempt set ended_at = $2, sent = $3, answer = $4 where delivery = $1 and ended_at is null",
    )
    .bind(delivery)
    .bind(change.at_micros())
    .bind(i64::from(state == DeliveryState::Sent))
    .bind(answer)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// What was on its way when the server went down is sent again, under the same key.
pub async fn interrupted(change: &mut Change<'_>) -> Result<()> {
    sqlx::query(
        "update message_attempt set ended_at = $1, sent = 0, answer = 'The server stopped before an answer came.'
         where ended_at is null",
    )
    .bind(change.at_micros())
    .execute(&mut *change.tx)
    .await?;
    sqlx::query("update message_delivery set state = 'waiting', updated_at = $1 where state = 'sending'")
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn channels(db: &Db) -> Result<Vec<Channel>> {
    let rows =
        sqlx::query("select id, name, kind, address, detail, secret, active from notify_channel order by id")
            .fetch_all(db.readers())
            .await?;
    rows.iter().map(channel).collect()
}

pub async fn channel_in(tx: &mut Tx, id: ChannelId) -> Result<Option<Channel>> {
    let row = sqlx::query(
        "select id, name, kind, address, detail, secret, active from notify_channel where id = $1",
    )
    .bind(id.get())
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(channel).transpose()
}

pub async fn insert_channel(change: &mut Change<'_>, new: &Channel) -> Result<ChannelId> {
    let row = sqlx::query(
        "insert into notify_channel (name, kind, address, detail, active, created_at)
         values ($1, $2, $3, $4, 1, $5) returning id",
    )
    .bind(&new.name)
    .bind(new.kind.as_str())
    .bind(&new.address)
    .bind(&new.detail)
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(ChannelId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn set_secret(change: &mut Change<'_>, id: ChannelId, sealed: Vec<u8>) -> Result<()> {
    sqlx::query("update notify_channel set secret = $2 where id = $1")
        .bind(id.get())
        .bind(sealed)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn set_active(change: &mut Change<'_>, id: ChannelId, active: bool) -> Result<()> {
    sqlx::query("update notify_channel set active = $2 where id = $1")
        .bind(id.get())
        .bind(i64::from(active))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

const POINTS: &str = "select p.id, p.channel, c.name, p.address, p.matters
     from contact_point p join notify_channel c on c.id = p.channel where p.account = $1 and c.active = 1 order by p.id";

pub async fn points(db: &Db, person: UserId) -> Result<Vec<Point>> {
    let rows = sqlx::query(POINTS).bind(person.get()).fetch_all(db.readers()).await?;
    rows.iter().map(point).collect()
}

/// Where somebody is reached. Whoever said nothing gets mail at the account's address.
pub async fn points_in(tx: &mut Tx, person: UserId) -> Result<Vec<Point>> {
    let rows = sqlx::query(POINTS).bind(person.get()).fetch_all(&mut *tx).await?;
    if !rows.is_empty() {
        return rows.iter().map(point).collect();
    }
    let rows = sqlx::query(
        "select cast(0 as bigint) as id, c.id as channel, c.name, a.email as address, '[]' as matters
         from notify_channel c, account a
         where a.id = $1 and c.id = (select min(id) from notify_channel where kind = 'smtp' and active = 1)",
    )
    .bind(person.get())
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(point).collect()
}

pub async fn insert_point(change: &mut Change<'_>, person: UserId, new: &Point) -> Result<bool> {
    let done = sqlx::query(
        "insert into contact_point (account, channel, address, matters) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(person.get())
    .bind(new.channel.get())
    .bind(&new.address)
    .bind(serde_json::to_string(&new.matters)?)
    .execute(&mut *change.tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn delete_point(change: &mut Change<'_>, person: UserId, id: i64) -> Result<u64> {
    let done = sqlx::query("delete from contact_point where account = $1 and id = $2")
        .bind(person.get())
        .bind(id)
        .execute(&mut *change.tx)
        .await?;
    Ok(done.rows_affected())
}

const QUIET: &str = "select zone, starts, ends, breaks from quiet_hours where account = $1";

pub async fn quiet_in(tx: &mut Tx, person: UserId) -> Result<Option<Quiet>> {
    let row = sqlx::query(QUIET).bind(person.get()).fetch_optional(tx).await?;
    row.as_ref().map(quiet).transpose()
}

pub async fn quiet_of(db: &Db, person: UserId) -> Result<Option<Quiet>> {
    let row = sqlx::query(QUIET).bind(person.get()).fetch_optional(db.readers()).await?;
    row.as_ref().map(quiet).transpose()
}

pub async fn set_quiet(change: &mut Change<'_>, person: UserId, quiet: &Quiet) -> Result<()> {
    sqlx::query(
        "insert into quiet_hours (account, zone, starts, ends, breaks) values ($1, $2, $3, $4, $5)
         on conflict (account) do update set zone = excluded.zone, starts = excluded.starts, ends = excluded.ends,
           breaks = excluded.breaks",
    )
    .bind(person.get())
    .bind(&quiet.zone)
    .bind(&quiet.from)
    .bind(&quiet.to)
    .bind(quiet.breaks.as_str())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn policy_in(tx: &mut Tx) -> Result<Policy> {
    let row = sqlx::query("select steps from escalation_policy where one = 1").fetch_optional(tx).await?;
    policy(row.as_ref())
}

pub async fn policy_of(db: &Db) -> Result<Policy> {
    let row =
        sqlx::query("select steps from escalation_policy where one = 1").fetch_optional(db.readers()).await?;
    policy(row.as_ref())
}

fn policy(row: Option<&AnyRow>) -> Result<Policy> {
    row.map_or_else(|| Ok(Policy::default()), |row| Ok(serde_json::from_str(&row.try_get::<String, _>(0)?)?))
}

pub async fn set_policy(change: &mut Change<'_>, policy: &Policy) -> Result<()> {
    sqlx::query(
        "insert into escalation_policy (one, steps) values (1, $1)
         on conflict (one) do update set steps = excluded.steps",
    )
    .bind(serde_json::to_string(policy)?)
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

fn channel(row: &AnyRow) -> Result<Channel> {
    Ok(Channel {
        id: ChannelId::try_from(row.try_get::<i64, _>("id")?)?,
        name: row.try_get("name")?,
        kind: word(row, "kind")?,
        address: row.try_get("address")?,
        detail: row.try_get("detail")?,
        sealed: row.try_get("secret")?,
        active: row.try_get::<i64, _>("active")? != 0,
    })
}

fn point(row: &AnyRow) -> Result<Point> {
    Ok(Point {
        id: row.try_get("id")?,
        channel: ChannelId::try_from(row.try_get::<i64, _>("channel")?)?,
        by: row.try_get("name")?,
        address: row.try_get("address")?,
        matters: serde_json::from_str(&row.try_get::<String, _>("matters")?)?,
    })
}

fn quiet(row: &AnyRow) -> Result<Quiet> {
    Ok(Quiet {
        zone: row.try_get("zone")?,
        from: row.try_get("starts")?,
        to: row.try_get("ends")?,
        breaks: word(row, "breaks")?,
    })
}

fn notification(row: &AnyRow) -> Result<Notification> {
    Ok(Notification {
        id: NotificationId::try_from(row.try_get::<i64, _>("id")?)?,
        matter: word(row, "matter")?,
        severity: word(row, "severity")?,
        incident: row.try_get::<Option<i64>, _>("incident")?.map(IncidentId::try_from).transpose()?,
        record: row.try_get("record")?,
        title: row.try_get("title")?,
        body: row.try_get("body")?,
        person: user(row, "person")?,
        root: row.try_get::<Option<i64>, _>("root")?.map(NotificationId::try_from).transpose()?,
        step: row.try_get("step")?,
        next_at: maybe_at(row, "next_at")?,
        created_at: time(row.try_get("created_at")?)?,
        acknowledged_at: maybe_at(row, "acknowledged_at")?,
        acknowledged_by: user(row, "acknowledged_by")?,
        settled: row.try_get("settled")?,
    })
}

fn ids(rows: &[AnyRow]) -> Result<Vec<NotificationId>> {
    rows.iter().map(|row| Ok(NotificationId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

fn user(row: &AnyRow, column: &str) -> Result<Option<UserId>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(UserId::try_from).transpose()?)
}

fn maybe_at(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    row.try_get::<Option<i64>, _>(column)?.map(time).transpose()
}

fn word<T: FromStr<Err = domain::Error>>(row: &AnyRow, column: &str) -> Result<T> {
    row.try_get::<String, _>(column)?
        .parse()
        .map_err(|error: domain::Error| Error::Damaged(error.to_string()))
}
