//! Real C programs, built one object per target from sources that crates carry.

mod edit_matrix;
mod lua;
mod sqlite;
mod zlib;
mod zstd;
