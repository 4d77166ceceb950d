//! Floor 4: values between the keyspace and RDB.
//!
//! *Owns*: for each type, which RDB form a value is written in, and the value that any RDB form of it becomes.
//! *Does not own*: the bytes of the format (`rdb`), when anything is saved or loaded (`node`).
//! *Invariants*: what is saved loads as an equal value; damaged input is refused, never a panic.

pub mod objects_zset;
