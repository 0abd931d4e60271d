//! Who may play what: seats, launches, one-time tokens, sessions and places.

use async_trait::async_trait;
use domain::destination::LmsOrigin;
use domain::id::{DestinationId, EnrollmentId, LearningObjectId, PortalId, UserAccountId};
use domain::learning_object::LifecycleState;
use domain::oauth::Digest;
use domain::play::{Holder, Launched, OneTimeToken, Place, PlaySession};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, OptionalExtension, Row, params};
use store::error::{Result, StoreError};
use store::play::{NewLaunch, NewSeat, Plays};

use crate::error::{VerbError, expect_one, on_duplicate};
use crate::query::row;
use crate::row::{RowExt, unreadable};
use crate::{SqliteStore, learning_activity, user_account};

const TOKEN: &str = "digest, portal_id, user_account_id, lo_id, enrollment_id, activity_id, destination_id, origin,
    created_at, expires_at";
const SESSION: &str = "digest, holder, portal_id, user_account_id, lo_id, enrollment_id, activity_id, destination_id,
    sequence, created_at, expires_at";

/// Whether the account of a session is let in, and was not blocked since the session began (decision 23).
const IS_LET_IN: &str = "EXISTS (
                SELECT 1
                FROM user_accounts
                WHERE user_accounts.id = user_account_id AND active
                AND (tokens_ended_at IS NULL OR play_sessions.created_at > tokens_ended_at)
            )";
/// Whether the account of a token was not blocked since the token was made and let in again. While it is blocked the token is there:
/// whoever brings it is told why they may not play.
const IS_NOT_ENDED: &str = "EXISTS (
                SELECT 1
                FROM user_accounts
                WHERE user_accounts.id = user_account_id
                AND (NOT active OR tokens_ended_at IS NULL OR one_time_tokens.created_at > tokens_ended_at)
            )";

#[async_trait]
impl Plays for SqliteStore {
    async fn find_seat(&self, destination_id: DestinationId, learner: &Digest) -> Result<Option<UserAccountId>> {
        self.read("find_seat", |connection| find_seat(connection, destination_id, learner))
    }

    async fn count_seats(&self, destination_id: DestinationId) -> Result<u64> {
        self.read("count_seats", |connection| count_seats(connection, destination_id))
    }

    async fn save_seat(&self, seat: NewSeat) -> Result<UserAccountId> {
        self.write("save_seat", move |connection| save_seat(connection, &seat)).await
    }

    async fn save_launch(&self, launch: NewLaunch) -> Result<()> {
        let verb = move |connection: &Connection| {
            learning_activity::save(connection, &launch.activity, &launch.record)?;
            save_session(connection, &launch.session)?;
            save_token(connection, &launch.token)
        };
        self.write("save_launch", verb).await
    }

    async fn save_one_time_token(&self, token: OneTimeToken) -> Result<()> {
        self.write("save_one_time_token", move |connection| save_token(connection, &token)).await
    }

    async fn find_one_time_token(&self, digest: &Digest, now: Timestamp) -> Result<Option<OneTimeToken>> {
        let sql = format!(
            "-- find_one_time_token
            SELECT {TOKEN}
            FROM one_time_tokens
            WHERE digest = ?1 AND expires_at > ?2 AND used_at IS NULL AND {IS_NOT_ENDED}"
        );
        self.read("find_one_time_token", |connection| {
            row(connection, &sql, &[&digest.0, &now.as_millisecond()], decode_token)
        })
    }

    async fn save_play_session(&self, spent: &Digest, session: PlaySession) -> Result<bool> {
        let spent = *spent;
        let verb = move |connection: &Connection| {
            let changed = connection
                .prepare_cached(
                    "-- save_play_session (token)
                    UPDATE one_time_tokens
                    SET used_at = ?2
                    WHERE digest = ?1 AND expires_at > ?2 AND used_at IS NULL",
                )?
                .execute((spent.0, session.created_at.as_millisecond()))?;
            if changed == 1 {
                save_session(connection, &session)?;
            }
            Ok(changed == 1)
        };
        self.write("save_play_session", verb).await
    }

    async fn find_play_session(&self, digest: &Digest, now: Timestamp) -> Result<Option<PlaySession>> {
        let sql = format!(
            "-- find_play_session
            SELECT {SESSION}
            FROM play_sessions
            WHERE digest = ?1 AND expires_at > ?2 AND {IS_LET_IN}"
        );
        self.read("find_play_session", |connection| {
            row(connection, &sql, &[&digest.0, &now.as_millisecond()], decode_session)
        })
    }

    async fn find_place(&self, enrollment_id: EnrollmentId) -> Result<Option<Place>> {
        let sql = "-- find_place
            SELECT location, resume, share
            FROM places
            WHERE enrollment_id = ?1";
        self.read("find_place", |connection| {
            row(connection, sql, &[&enrollment_id.0], |row| {
                Ok(Place { location: row.of("location")?, resume: row.of("resume")?, share: row.of("share")? })
            })
        })
    }

    async fn save_place(&self, session: &Digest, sequence: i64, place: Place, now: Timestamp) -> Result<bool> {
        let session = *session;
        self.write("save_place", move |connection| save_place(connection, &session, sequence, &place, now)).await
    }

    async fn is_content_removed(&self, id: LearningObjectId, now: Timestamp) -> Result<bool> {
        let sql = "-- is_content_removed
            SELECT state = ?3 OR coalesce(removed_at <= ?2, FALSE)
            FROM learning_objects
            WHERE id = ?1";
        self.read_once("is_content_removed", |connection| {
            let removed = LifecycleState::Removed.as_str();
            let found = connection
                .prepare_cached(sql)?
                .query_row((id.0, now.as_millisecond(), removed), |row| row.get(0))
                .optional()?;
            Ok(found.unwrap_or(false))
        })
    }

    async fn prune_plays(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let verb = move |connection: &Connection| {
            let tokens = connection
                .prepare_cached(
                    "-- prune_plays (tokens)
                    DELETE FROM one_time_tokens
                    WHERE digest IN (SELECT digest FROM one_time_tokens WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
                )?
                .execute((before.as_millisecond(), limit))?;
            let sessions = connection
                .prepare_cached(
                    "-- prune_plays (sessions)
                    DELETE FROM play_sessions
                    WHERE digest IN (SELECT digest FROM play_sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
                )?
                .execute((before.as_millisecond(), limit))?;
            Ok((tokens + sessions) as u64)
        };
        self.write("prune_plays", verb).await
    }
}

fn find_seat(
    connection: &Connection,
    destination_id: DestinationId,
    learner: &Digest,
) -> Result<Option<UserAccountId>, VerbError> {
    let sql = "-- find_seat
        SELECT user_account_id
        FROM seats
        WHERE destination_id = ?1 AND learner = ?2";
    row(connection, sql, &[&destination_id.0, &learner.0], |row| Ok(UserAccountId(row.of("user_account_id")?)))
}

fn count_seats(connection: &Connection, destination_id: DestinationId) -> Result<u64, VerbError> {
    let sql = "-- count_seats
        SELECT count(*)
        FROM seats
        WHERE destination_id = ?1";
    let taken: i64 = connection.prepare_cached(sql)?.query_row([destination_id.0], |row| row.get(0))?;
    Ok(taken.unsigned_abs())
}

fn save_seat(connection: &Connection, seat: &NewSeat) -> Result<UserAccountId, VerbError> {
    let NewSeat { destination_id, seats_max, learner, account, at } = seat;
    if let Some(account) = find_seat(connection, *destination_id, learner)? {
        return Ok(account);
    }
    if let Some(seats_max) = *seats_max
        && count_seats(connection, *destination_id)? >= u64::from(seats_max)
    {
        return Err(StoreError::LimitReached(seats_max as usize).into());
    }
    let user_account_id = save_learner(connection, learner, &account.after)?;
    connection
        .prepare_cached(
            "-- save_seat
            INSERT INTO seats (destination_id, learner, user_account_id, created_at)
            VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((destination_id.0, learner.0, user_account_id.0, at.as_millisecond()))?;
    Ok(user_account_id)
}

/// The account of the learner in the portal, which is this one if there was none.
fn save_learner(
    connection: &Connection,
    learner: &Digest,
    account: &domain::user_account::UserAccount,
) -> Result<UserAccountId, VerbError> {
    let sql = "-- save_seat (learner)
        SELECT user_account_id
        FROM scorm_learners
        WHERE portal_id = ?1 AND learner = ?2";
    let known = row(connection, sql, &[&account.portal_id.0, &learner.0], |row| row.of("user_account_id"))?;
    if let Some(known) = known {
        return Ok(UserAccountId(known));
    }
    user_account::save(connection, account)?;
    connection
        .prepare_cached(
            "-- save_seat (new learner)
            INSERT INTO scorm_learners (portal_id, learner, user_account_id)
            VALUES (?1, ?2, ?3)",
        )?
        .execute((account.portal_id.0, learner.0, account.id.0))?;
    Ok(account.id)
}

fn save_token(connection: &Connection, token: &OneTimeToken) -> Result<(), VerbError> {
    let launch = token.launch.as_ref();
    let changed = connection
        .prepare_cached(
            "-- save_one_time_token
            INSERT INTO one_time_tokens (digest, portal_id, user_account_id, lo_id, enrollment_id, activity_id,
                destination_id, origin, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            token.digest.0,
            token.portal_id.0,
            token.user_account_id.0,
            token.lo_id.map(|id| id.0),
            launch.map(|launch| launch.enrollment_id.0),
            launch.map(|launch| launch.activity_id.as_str()),
            launch.map(|launch| launch.destination_id.0),
            launch.and_then(|launch| launch.origin.as_ref()).map(LmsOrigin::as_str),
            token.created_at.as_millisecond(),
            token.expires_at.as_millisecond(),
        ])
        .map_err(on_duplicate(StoreError::Conflict))?;
    expect_one(changed)
}

fn save_session(connection: &Connection, session: &PlaySession) -> Result<(), VerbError> {
    let changed = connection
        .prepare_cached(
            "-- save_play_session
            INSERT INTO play_sessions (digest, holder, portal_id, user_account_id, lo_id, enrollment_id, activity_id,
                destination_id, sequence, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            session.digest.0,
            session.holder.as_str(),
            session.portal_id.0,
            session.user_account_id.0,
            session.lo_id.0,
            session.enrollment_id.0,
            session.launch.as_ref().map(|(activity_id, _)| activity_id.as_str()),
            session.launch.as_ref().map(|(_, destination_id)| destination_id.0),
            session.sequence,
            session.created_at.as_millisecond(),
            session.expires_at.as_millisecond(),
        ])
        .map_err(on_duplicate(StoreError::Conflict))?;
    expect_one(changed)
}

fn save_place(
    connection: &Connection,
    session: &Digest,
    sequence: i64,
    place: &Place,
    now: Timestamp,
) -> Result<bool, VerbError> {
    let sql = "-- save_place (session)
        UPDATE play_sessions
        SET sequence = ?2
        WHERE digest = ?1 AND sequence < ?2
        RETURNING enrollment_id";
    let enrollment_id: Option<i64> =
        connection.prepare_cached(sql)?.query_row((session.0, sequence), |row| row.get(0)).optional()?;
    let Some(enrollment_id) = enrollment_id else { return Ok(false) };
    connection
        .prepare_cached(
            "-- save_place
            INSERT INTO places (enrollment_id, location, resume, share, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (enrollment_id) DO UPDATE
            SET location = coalesce(?2, location), resume = coalesce(?3, resume), share = coalesce(?4, share),
                updated_at = ?5",
        )?
        .execute((enrollment_id, &place.location, &place.resume, place.share, now.as_millisecond()))?;
    Ok(true)
}

fn digest(row: &Row<'_>) -> Result<Digest, VerbError> {
    row.of::<Vec<u8>>("digest")?.try_into().map(Digest).map_err(|_| unreadable("digest"))
}

fn decode_token(row: &Row<'_>) -> Result<OneTimeToken, VerbError> {
    let launch = match row.of::<Option<i64>>("enrollment_id")? {
        None => None,
        Some(enrollment_id) => Some(Launched {
            enrollment_id: EnrollmentId(enrollment_id),
            activity_id: row.id("activity_id")?,
            destination_id: DestinationId(row.of("destination_id")?),
            origin: match row.of::<Option<String>>("origin")? {
                Some(origin) => Some(LmsOrigin::parse(&origin).map_err(|_| unreadable("origin"))?),
                None => None,
            },
        }),
    };
    Ok(OneTimeToken {
        digest: digest(row)?,
        portal_id: PortalId(row.of("portal_id")?),
        user_account_id: UserAccountId(row.of("user_account_id")?),
        lo_id: row.of::<Option<i64>>("lo_id")?.map(LearningObjectId),
        launch,
        created_at: row.at("created_at")?,
        expires_at: row.at("expires_at")?,
    })
}

fn decode_session(row: &Row<'_>) -> Result<PlaySession, VerbError> {
    let launch = match row.of::<Option<i64>>("destination_id")? {
        None => None,
        Some(destination_id) => Some((row.id("activity_id")?, DestinationId(destination_id))),
    };
    Ok(PlaySession {
        digest: digest(row)?,
        holder: row.read("holder", Holder::read)?,
        portal_id: PortalId(row.of("portal_id")?),
        user_account_id: UserAccountId(row.of("user_account_id")?),
        lo_id: LearningObjectId(row.of("lo_id")?),
        enrollment_id: EnrollmentId(row.of("enrollment_id")?),
        launch,
        sequence: row.of("sequence")?,
        created_at: row.at("created_at")?,
        expires_at: row.at("expires_at")?,
    })
}

#[cfg(test)]
mod tests;
