//! Commands for people outside the platform, over its public API.
