//! The Lambda function: the public router behind API Gateway and function URLs.

#![forbid(unsafe_code)]
