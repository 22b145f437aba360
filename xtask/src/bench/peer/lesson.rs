//! The lesson's handler with boto3, on a DynamoDB that is close by: dynoxide on loopback, in this program.
//!
//! `front.py` stands for API Gateway and Lambda, at less than they cost: no event is signed, logged or billed, and the
//! handler is always warm. What DynamoDB itself takes is not in the figures, as it is not for ours on DynamoDB.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use skybridge_dynamodb_local::LocalDynamo;

use super::uvicorn;
use crate::bench::counter::access;
use crate::bench::lambda::{BOTO3, HANDLER};
use crate::bench::process::Process;
use crate::python;

const FRONT: &str = include_str!("front.py");

/// What it runs on.
pub(in crate::bench) struct Lesson {
    bin: PathBuf,
    pub(in crate::bench) versions: String,
}

impl Lesson {
    /// Installs it below `target`.
    pub(in crate::bench) fn fetch() -> Result<Self> {
        let bin = python::environment("lesson-front", &[&[BOTO3][..], &uvicorn::PACKAGES].concat())?;
        let versions = uvicorn::versions(&bin, &["boto3", "uvicorn"])?;
        Ok(Self { bin, versions })
    }

    /// Starts it over the tables that are there.
    pub(in crate::bench) fn start(
        &self,
        dynamo: &LocalDynamo,
        folder: &Path,
    ) -> Result<(Process, SocketAddr)> {
        std::fs::write(folder.join("handler.py"), HANDLER)?;
        std::fs::write(folder.join("front.py"), FRONT)?;
        // boto3 knows the region by its older name, which Lambda sets too.
        let region = ("AWS_DEFAULT_REGION", "us-east-2".to_owned());
        let variables: Vec<_> = access(dynamo).into_iter().chain([region]).collect();
        uvicorn::start(&self.bin, folder, "front:app", &variables)
    }
}
