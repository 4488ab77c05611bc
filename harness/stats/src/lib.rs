//! The statistics of gosweep: estimates, exact tests, corrections, rankings. Numbers only
