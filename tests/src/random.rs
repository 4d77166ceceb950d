//! Random commands: few keys, wrong types, numbers at the edges, strings of every kind.
