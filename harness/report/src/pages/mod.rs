//! Documents as pages: what is said, in which order and in which words. One file per document, and what several share.

mod advice;
mod analysis;
mod cells;
mod charts;
mod comparison;
mod conditions;
mod diagnosis;
mod exploration;
mod figure;
mod gate;
mod noise;
mod process;
mod profile;
mod proof;
mod ranking;
mod requests;
mod shared;
mod upgrade;
