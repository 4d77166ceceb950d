//! The wire: any cut of the input gives the same output, and no input harms anyone else.

mod chunks;
mod hostile;
