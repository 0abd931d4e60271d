//! The Hub over a store of its own, asked the way browsers ask.

mod answer;
mod app;
mod browser;
mod content;
mod customers;
mod deliveries;
mod destinations;
mod enrollments;
mod observed;
mod jshots;
mod pages;
mod people;
mod sample;
mod sign_in;
mod stream;
mod walk;
mod webhooks;
mod world;
