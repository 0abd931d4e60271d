//! Mail to real servers: a well-known one, and ones that misbehave.

mod hostile;
mod smtp;
