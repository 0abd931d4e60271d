//! The Hub over a store of its own, asked the way browsers ask.

mod acts;
mod answer;
mod app;
mod browser;
mod content;
mod customers;
mod deliveries;
mod destinations;
mod enrollments;
mod observed;
mod pages;
mod pages_of_content;
mod people;
mod sample;
mod sign_in;
mod stream;
mod walk;
mod webhooks;
mod world;
