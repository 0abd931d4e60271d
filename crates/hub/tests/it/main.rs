//! The Hub over a store of its own, asked the way browsers ask.

mod answer;
mod app;
mod browser;
mod content;
mod deliveries;
mod enrollments;
mod pages;
mod sample;
mod sign_in;
mod stream;
mod walk;
mod webhooks;
mod world;
