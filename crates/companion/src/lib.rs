//! Your application: receives webhooks, keeps them, fetches the details, records completions.
