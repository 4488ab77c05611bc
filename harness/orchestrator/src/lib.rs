//! Plan, build, launch, load, observe, record
