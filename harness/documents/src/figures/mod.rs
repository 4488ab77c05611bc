//! Figures as people read them: short, with their unit, readable without colour. The only place that writes them.

mod amounts;
mod values;
mod words;

pub use amounts::{amount_text, duration_text, percent_text};
pub use values::{
    NOT_OBSERVED, TOO_NOISY, count_text, difference_text, disagrees, effect_text, grouped,
    margin_text, milliseconds, on_scale_text, p_text, percent, ratio_text, significant, value_text,
};
pub use words::{counted, host_text, limit_text, listed, mark, shortened};
