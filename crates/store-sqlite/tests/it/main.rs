//! The store on SQLite passes the suite that every backend passes, and has a few rules of its own.

mod announcement;
mod born_leased;
mod history;
mod notices;
mod own;
mod searches;

mod conformance {
    store::conformance!(store_sqlite::testing::open());
}
