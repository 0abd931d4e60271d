//! What packages are to programs that are not ours.

mod hostile;
mod valid;
mod wrapper;
