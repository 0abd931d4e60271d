//! A SQLite file with one writer that commits in groups; knows no table.
