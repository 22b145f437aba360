//! A DynamoDB on loopback, for tests and benchmarks.

#![forbid(unsafe_code)]
