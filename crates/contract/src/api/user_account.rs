//! V3 user accounts. Contract, section 10.

use serde::{Deserialize, Deserializer, Serialize};

use crate::time::Millis;

/// A person in a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserAccount {
    /// A decimal number; V2 calls it the user's id.
    pub id: String,
    /// `acc_` and a ULID.
    pub account_guid: String,
    /// The portal.
    pub portal_id: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// Whether the account may be used.
    pub status: bool,
    /// When it was made.
    pub created_time: Millis,
    /// When it last changed.
    pub updated_time: Millis,
    /// The person.
    pub user: User,
    /// Fields that every portal has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_fields: Option<StandardFields>,
}

/// The person behind an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// A decimal number.
    pub id: String,
    /// Where to reach them.
    pub email: String,
    /// Their given name.
    pub given_name: String,
    /// Their family name.
    pub family_name: String,
    /// Their name at sign-in.
    pub username: String,
    /// Whether they may sign in.
    pub status: bool,
}

/// Fields that every portal has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandardFields {
    /// The integrator's own id for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_user_id: Option<String>,
}

/// What a person may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Role {
    /// The published id of the role.
    pub guid: String,
    /// Its name.
    pub name: String,
}

/// A role as it arrives: its name or id, or as it is read.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
enum WrittenRole {
    Text(String),
    Read {
        guid: Option<String>,
        #[serde(alias = "role")]
        name: Option<String>,
    },
}

/// Some clients write back the roles that they read: then the id counts, or else the name.
fn role_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<WrittenRole>::deserialize(deserializer)?.into_iter().map(|role| match role {
        WrittenRole::Text(text) => text,
        WrittenRole::Read { guid, name } => guid.or(name).unwrap_or_default(),
    });
    Ok(texts.collect())
}

fn settable_role_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    role_texts(deserializer).map(Some)
}

/// Asks for a new account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateUserAccount {
    /// Where to reach them. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub email: Option<String>,
    /// Their given name.
    pub given_name: Option<String>,
    /// Their family name.
    pub family_name: Option<String>,
    /// Their name at sign-in; the address when absent.
    pub username: Option<String>,
    /// Names or ids of roles, or roles as they are read; a learner when absent.
    #[serde(deserialize_with = "role_texts")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<WrittenRole>))]
    pub roles: Vec<String>,
    /// Fields that every portal has.
    pub standard_fields: Option<StandardFields>,
}

/// Asks for changes; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateUserAccount {
    /// Where to reach them.
    pub email: Option<String>,
    /// Their given name.
    pub given_name: Option<String>,
    /// Their family name.
    pub family_name: Option<String>,
    /// Names or ids of roles, or roles as they are read.
    #[serde(deserialize_with = "settable_role_texts")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<WrittenRole>))]
    pub roles: Option<Vec<String>>,
    /// Whether the account may be used.
    pub status: Option<bool>,
    /// Fields that every portal has.
    pub standard_fields: Option<StandardFields>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_may_be_written_back_as_they_were_read() {
        let json = r#"{"roles": ["Learner", {"guid": "rol_1", "name": "Manager"}, {"role": "Administrator"}]}"#;
        let expected = ["Learner", "rol_1", "Administrator"];
        assert_eq!(serde_json::from_str::<CreateUserAccount>(json).unwrap().roles, expected);
        assert_eq!(serde_json::from_str::<UpdateUserAccount>(json).unwrap().roles.unwrap(), expected);
        assert_eq!(serde_json::from_str::<UpdateUserAccount>("{}").unwrap().roles, None);
        assert!(serde_json::from_str::<UpdateUserAccount>(r#"{"roles": [1]}"#).is_err());
    }
}
