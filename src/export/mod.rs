//! Files for people and other tools. Exports compute nothing: what a file shows, the session already holds.
