//! Things for pages to show: content, somebody enrolled in it, what their LMS passed.

use std::collections::BTreeMap;

use contract::lms_text::LmsText;
use domain::change::Change;
use domain::clock::Clock;
use domain::destination::{Destination, DestinationStatus};
use domain::enrollment::{Audience, Enrollment, EnrollmentType, NewEnrollment, ProgressReport, Status};
use domain::id::{
    ClientId, ContentId, DestinationId, DestinationToken, EnrollmentId, EventId, LearningActivityId, LearningObjectId,
    PortalId, UserAccountId,
};
use domain::learning_activity::{LearningActivity, LmsWrite, RecordKind, ScormRecord, ScormVersion};
use domain::learning_object::{LearningObject, LifecycleState};
use domain::oauth::{Digest, OauthClient, Scopes};
use domain::play::{Holder, Launched, OneTimeToken, PlaySession};
use domain::random::Random;
use jiff::SignedDuration;
use store::id::Sequence;
use store::play::NewLaunch;

use crate::app::App;

impl App {
    async fn next(&self, sequence: Sequence) -> i64 {
        self.store.next_id(sequence).await.unwrap()
    }

    /// Content of the portal, stored.
    pub(crate) async fn content(&self, owner_id: PortalId, title: &str) -> LearningObjectId {
        let now = self.clock.now();
        let lo = LearningObject {
            id: LearningObjectId(self.next(Sequence::LearningObject).await),
            version: 0,
            content_id: ContentId::draw(&*self.random, now),
            owner_id,
            kind: "course".to_owned(),
            title: title.to_owned(),
            description: String::new(),
            external_id: None,
            language: None,
            topics: Vec::new(),
            replacements: Vec::new(),
            content: None,
            state: LifecycleState::Published,
            retirement: None,
            withdrawn_at: None,
            created_at: now,
            updated_at: now,
        };
        let id = lo.id;
        self.store.save_learning_object(Change::silent(lo)).await.unwrap();
        id
    }

    /// An enrollment of the portal, stored.
    pub(crate) async fn enrollment(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        lo_id: LearningObjectId,
        status: Status,
    ) -> EnrollmentId {
        let id = EnrollmentId(self.next(Sequence::Enrollment).await);
        let new = NewEnrollment {
            id,
            portal_id,
            user_account_id,
            lo_id,
            parent_id: None,
            destination_id: None,
            enrollment_type: EnrollmentType::SelfDirected,
            assigner_id: None,
            assigned_at: None,
            due_at: None,
            report: ProgressReport { status: Some(status), ..Default::default() },
        };
        let event_ids = &mut || EventId::draw(&*self.random as &dyn Random);
        let audience = Audience { child_enrollment_events: false, event_ids };
        let change = Enrollment::create(new, self.clock.now(), audience).unwrap();
        self.store.save_enrollments(vec![change]).await.unwrap();
        id
    }

    /// A launch of an enrollment from an LMS that refused what was written to it, with these values.
    pub(crate) async fn launch(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        (lo_id, enrollment_id): (LearningObjectId, EnrollmentId),
        values: &[(&str, &str)],
    ) -> LearningActivityId {
        let (now, random) = (self.clock.now(), &*self.random);
        let destination_id = self.destination(portal_id, "The other LMS").await;
        let mut digest = [0; 32];
        random.fill(&mut digest);
        let digest = Digest(digest);
        let expires_at = now + SignedDuration::from_hours(1);
        let activity = LearningActivity {
            id: LearningActivityId::draw(random),
            portal_id,
            enrollment_id,
            lo_id,
            user_account_id,
            destination_id,
            scorm_version: ScormVersion::V1_2,
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), LmsText::from(*value)))
                .collect::<BTreeMap<_, _>>(),
            lms_write: None,
            created_at: now,
            updated_at: now,
        };
        let id = activity.id.clone();
        let launch = NewLaunch {
            record: ScormRecord {
                activity_id: id.clone(),
                sequence: 0,
                kind: RecordKind::Launch,
                values: "{}".to_owned(),
                lms_write: None,
                at: now,
            },
            session: PlaySession {
                digest,
                holder: Holder::Package,
                portal_id,
                user_account_id,
                lo_id,
                enrollment_id,
                launch: Some((id.clone(), destination_id)),
                sequence: 0,
                created_at: now,
                expires_at,
            },
            token: OneTimeToken {
                digest,
                portal_id,
                user_account_id,
                lo_id: Some(lo_id),
                launch: Some(Launched { enrollment_id, activity_id: id.clone(), destination_id, origin: None }),
                created_at: now,
                expires_at,
            },
            activity,
        };
        let refused = ScormRecord {
            sequence: 1,
            kind: RecordKind::Commit,
            lms_write: Some(LmsWrite::refused("cmi.core.lesson_status", "405", "incorrect data type")),
            ..launch.record.clone()
        };
        self.store.save_launch(launch).await.unwrap();
        self.store.save_scorm_record(portal_id, refused, BTreeMap::new()).await.unwrap();
        id
    }

    /// Credentials of the portal, stored; nobody knows their secret.
    pub(crate) async fn client(&self, portal_id: PortalId, user_account_id: UserAccountId) -> ClientId {
        let client = OauthClient {
            id: ClientId::draw(&*self.random),
            portal_id,
            user_account_id,
            name: "Connector".to_owned(),
            redirect_uri: None,
            secret_digest: Digest([0; 32]),
            scopes: Scopes::all(),
            created_at: self.clock.now(),
            revoked_at: None,
        };
        let id = client.id.clone();
        self.store.save_oauth_client(client).await.unwrap();
        id
    }

    /// A destination of the portal, stored.
    pub(crate) async fn destination(&self, portal_id: PortalId, name: &str) -> DestinationId {
        let now = self.clock.now();
        let destination = Destination {
            id: DestinationId(self.next(Sequence::Destination).await),
            version: 0,
            portal_id,
            token: DestinationToken::draw(&*self.random),
            name: name.to_owned(),
            status: DestinationStatus::Active,
            lms_origins: Vec::new(),
            seats_max: None,
            expires_at: None,
            lower_status: false,
            pseudonymous: false,
            created_at: now,
            updated_at: now,
        };
        let id = destination.id;
        self.store.save_destination(destination.create().unwrap()).await.unwrap();
        id
    }
}
