//! The axes along which cells differ, and a cell's settings on them.
//!
//! Main types: [`Axis`], whose table says for each how it is applied, read back and written, and [`Settings`].
//! [`readback::compared`] holds what a cell asks for against what its process shows.

mod line;
pub mod readback;
mod settings;
mod shown;
mod table;
mod value;

pub use settings::Settings;
pub use table::{Applied, Axis, DEFAULT, GO_LINE_FLAG, OF_CONTROL, Written};
pub use value::{AxisValue, OF_TOOLCHAIN};
