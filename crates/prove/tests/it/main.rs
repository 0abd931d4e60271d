//! What the real binary must survive (docs/RELIABILITY.md).

mod authorization_server;
mod binary;
mod burst;
mod clock;
mod crash_points;
mod dice;
mod disk;
mod disk_full;
mod fairness;
mod faults;
mod image;
mod kills;
mod latency;
mod ledger;
mod lives;
mod load;
mod overload;
mod pause;
mod power;
mod receiver;
mod schemathesis;
mod shim;
mod world;
