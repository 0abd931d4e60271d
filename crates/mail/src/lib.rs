//! Mail: a [`Message`](message::Message), and a server that takes it ([`Smtp`](smtp::Smtp)).
//!
//! What came of a message is told apart by what can be done about it: nothing, trying again, or seeing to the server. It keeps
//! nothing and repeats nothing: whoever sends records first what is to be sent, and gives the same message the same id each
//! time. It knows nothing of what is told, nor to whom.

pub mod message;
pub mod smtp;
#[cfg(feature = "testing")]
pub mod testing;
