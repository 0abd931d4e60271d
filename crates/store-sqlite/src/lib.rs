//! The store on SQLite: embedded, one node.
