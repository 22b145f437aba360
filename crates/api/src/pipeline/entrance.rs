//! Which operations there are, and which scope each needs: read from the OpenAPI document, so that what is
//! documented is what is enforced.

use std::collections::HashMap;

use axum::extract::{MatchedPath, Request};
use http::Method;
use http::header::{self, HeaderValue};
use skybridge_domain::key::Scope;
use skybridge_domain::operation::Operation;

use crate::problem::{Code, Refusal};

/// Who may call an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody.
    Open,
    /// Who holds a key with this scope. The call is paced as one of this operation.
    Key(Scope, Operation),
}

/// The operations, by path template.
#[derive(Debug)]
pub(crate) struct Entrances {
    by_path: HashMap<String, Vec<(Method, Access)>>,
}

impl Entrances {
    /// Reads the operations and what they need from `document`.
    ///
    /// # Panics
    /// When the document is not one that this program made: an operation with an unknown method or scope.
    pub(crate) fn of(document: &serde_json::Value) -> Self {
        let paths = document["paths"].as_object().expect("the document has paths");
        let by_path = paths
            .iter()
            .map(|(path, item)| {
                let operations = item.as_object().expect("a path holds operations");
                (
                    path.clone(),
                    operations.iter().map(|(method, operation)| entrance(method, path, operation)).collect(),
                )
            })
            .collect();
        Self { by_path }
    }

    /// The operations that take a key, and so are paced, in order of their names.
    pub(crate) fn paced(&self) -> Vec<Operation> {
        let all = self.by_path.values().flatten();
        let mut paced: Vec<Operation> = all
            .filter_map(|(_, access)| match access {
                Access::Open => None,
                Access::Key(_, operation) => Some(operation.clone()),
            })
            .collect();
        paced.sort();
        paced
    }

    /// How `request` may be entered; or a refusal, if there is nothing at its path or not with its method.
    pub(super) fn find(&self, request: &Request) -> Result<&Access, Refusal> {
        let template = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let Some(operations) = template.and_then(|template| self.by_path.get(template)) else {
            return Err(Refusal::new(
                Code::NotFound,
                "There is nothing at this path. GET /openapi.json lists every operation.",
            ));
        };
        let asked = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        if let Some((_, access)) = operations.iter().find(|(method, _)| method == asked) {
            return Ok(access);
        }
        // Where GET is served, so is HEAD.
        let heads = operations.iter().filter(|(method, _)| method == Method::GET).map(|_| "HEAD");
        let methods = operations.iter().map(|(method, _)| method.as_str()).chain(heads);
        let allowed = methods.collect::<Vec<_>>().join(", ");
        let detail = format!("This method is not served here. What is: {allowed}.");
        let allow = HeaderValue::try_from(allowed).expect("method names are a header value");
        Err(Refusal::new(Code::MethodNotAllowed, detail).with_header(header::ALLOW, allow))
    }
}

fn entrance(method: &str, path: &str, operation: &serde_json::Value) -> (Method, Access) {
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).expect("OpenAPI names methods");
    let scope = operation["security"][0]["api_key"][0].as_str();
    let access = scope.map_or(Access::Open, |scope| {
        let scope = scope.parse().expect("operations name scopes that there are");
        let name = Operation::new(&format!("{method} {path}"));
        Access::Key(scope, name.expect("documented operations have names"))
    });
    (method, access)
}
