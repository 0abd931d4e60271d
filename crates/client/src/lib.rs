//! For integrators: verify a webhook, parse it, call the platform back.
