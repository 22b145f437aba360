//! Which operations there are, and which scope each needs: read from what the OpenAPI document is made of, so that
//! what is documented is what is enforced.

use std::collections::HashMap;

use axum::extract::{MatchedPath, Request};
use http::Method;
use http::header::{self, HeaderValue};
use skybridge_domain::key::Scope;
use skybridge_domain::operation::Operation;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation as Described, PathItem};

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
    /// Reads the operations and what they need from what `described` says of them.
    ///
    /// # Panics
    /// When the description is not one that this program made: an operation with an unknown scope.
    pub(crate) fn of(described: &OpenApi) -> Self {
        let paths = described.paths.paths.iter();
        let by_path = paths.map(|(path, item)| {
            let operations = operations(item).filter_map(|(method, operation)| {
                let access = access(&method, path, operation?);
                Some((method, access))
            });
            (path.clone(), operations.collect())
        });
        Self { by_path: by_path.collect() }
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

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, Option<&Described>)> {
    [
        (Method::GET, item.get.as_ref()),
        (Method::PUT, item.put.as_ref()),
        (Method::POST, item.post.as_ref()),
        (Method::DELETE, item.delete.as_ref()),
        (Method::PATCH, item.patch.as_ref()),
    ]
    .into_iter()
}

fn access(method: &Method, path: &str, operation: &Described) -> Access {
    let required = operation.security.iter().flatten().find_map(|requirement| {
        let requirement = serde_json::to_value(requirement).expect("a requirement is JSON");
        requirement["api_key"][0]
            .as_str()
            .map(|scope| scope.parse().expect("operations name scopes that there are"))
    });
    required.map_or(Access::Open, |scope| {
        let name = Operation::new(&format!("{method} {path}"));
        Access::Key(scope, name.expect("documented operations have names"))
    })
}
