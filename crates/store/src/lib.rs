//! What the system asks of its database, verb by verb, and the suite every backend passes.
