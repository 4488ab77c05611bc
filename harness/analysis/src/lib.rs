//! Rankings, reports and exports from stored trials
