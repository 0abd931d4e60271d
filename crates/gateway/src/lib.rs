//! The public HTTP API: OAuth, webhooks, portals, users, learning objects, enrollments.
