//! Usage plans.

use std::sync::Arc;

/// The name of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanName(Arc<str>);
