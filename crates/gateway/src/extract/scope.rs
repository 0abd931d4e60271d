//! Scopes as types, so that the signature of a handler says which one it needs.

use domain::oauth::Scope;

/// What a token must be good for.
pub(crate) trait Needs: Send + Sync + 'static {
    /// The scope, if there is one that is needed.
    const SCOPE: Option<Scope>;
}

/// Any good token will do.
pub(crate) enum Nothing {}

impl Needs for Nothing {
    const SCOPE: Option<Scope> = None;
}

macro_rules! scopes {
    ($($name:ident)*) => {$(
        /// The scope of this name.
        pub(crate) enum $name {}

        impl Needs for $name {
            const SCOPE: Option<Scope> = Some(Scope::$name);
        }
    )*};
}

scopes! {
    LoRead LoWrite EnrollmentRead EnrollmentWrite WebhookRead WebhookWrite PortalRead PortalWrite UserRead UserWrite
    UserLogin AppRead AppWrite AccountRead
}
