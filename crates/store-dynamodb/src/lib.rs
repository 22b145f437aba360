//! The store of many machines: records as items of DynamoDB.

#![forbid(unsafe_code)]
