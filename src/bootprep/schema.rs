//! The fields of a bootprep file.
