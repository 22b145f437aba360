//! The ways into the function: what becomes of a call behind each kind of gateway. Each begins with a sample event of
//! that gateway and changes only what the call decides.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Call;

/// A gateway, and how the API is published on it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    /// An HTTP API, payload format 2.0, with this stage.
    HttpApi { stage: &'static str },
    /// The same with a single route for everything.
    HttpApiCatchAll { stage: &'static str },
    /// An HTTP API as it sends what it takes for binary: curl's form type is among that.
    HttpApiBase64,
    /// A function URL.
    FunctionUrl,
    /// A REST API with this stage, which its events leave out, and this base path of a custom domain, which they have.
    RestApi { stage: &'static str, base: &'static str },
    /// The same with one method for everything, and bodies in base64.
    RestApiBase64,
}

impl Door {
    pub(crate) const ALL: [Self; 9] = [
        Self::HttpApi { stage: "$default" },
        Self::HttpApi { stage: "prod" },
        Self::HttpApi { stage: "v1" },
        Self::HttpApiCatchAll { stage: "prod" },
        Self::HttpApiBase64,
        Self::FunctionUrl,
        Self::RestApi { stage: "prod", base: "" },
        Self::RestApi { stage: "v1", base: "/air/partners" },
        Self::RestApiBase64,
    ];

    /// The event in which `call` arrives.
    pub(crate) fn event(self, call: &Call) -> String {
        match self {
            Self::HttpApi { stage } => {
                v2(call, sample("apigw_v2_proxy_request"), stage, Routes::OfTheTemplate)
            }
            Self::HttpApiCatchAll { stage } => {
                v2(call, sample("apigw_v2_proxy_request_with_stage_in_path"), stage, Routes::One)
            }
            Self::HttpApiBase64 => {
                encoded(v2(call, sample("example-apigw-v2-request-iam"), "$default", Routes::OfTheTemplate))
            }
            Self::FunctionUrl => v2(call, sample("lambda_function_url_request"), "$default", Routes::One),
            Self::RestApi { stage, base } => {
                v1(call, sample("apigw_multi_value_proxy_request"), stage, base, Routes::OfTheTemplate)
            }
            Self::RestApiBase64 => {
                let sample = sample("example-apigw-restapi-openapi-request");
                encoded(v1(call, sample, "testStage", "", Routes::One))
            }
        }
        .to_string()
    }

    /// Does the event tell two headers of one name apart?
    pub(crate) fn tells_doubled_headers(self) -> bool {
        matches!(self, Self::RestApi { .. } | Self::RestApiBase64)
    }
}

/// How the API's routes are set up.
#[derive(Clone, Copy)]
enum Routes {
    /// `/booking`, `/v1/{proxy+}`, and one for the rest.
    OfTheTemplate,
    One,
}

pub(crate) fn sample(name: &str) -> Value {
    let file = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The template of the route that is taken, with the values of its parameters.
fn route(call: &Call, routes: Routes) -> (Option<&'static str>, Value) {
    match (routes, call.path.strip_prefix("/v1/")) {
        (Routes::OfTheTemplate, Some(rest)) => {
            let decoded = percent_encoding::percent_decode_str(rest).decode_utf8().unwrap();
            (Some("/v1/{proxy+}"), json!({ "proxy": decoded }))
        }
        (Routes::OfTheTemplate, None) if call.path == "/booking" => (Some("/booking"), Value::Null),
        _ => (None, Value::Null),
    }
}

fn v2(call: &Call, mut event: Value, stage: &str, routes: Routes) -> Value {
    let (template, parameters) = route(call, routes);
    let key = template.map_or("$default".to_owned(), |template| format!("ANY {template}"));
    let path = if stage == "$default" { call.path.clone() } else { format!("/{stage}{}", call.path) };
    event["routeKey"] = json!(key);
    event["rawPath"] = json!(path);
    event["rawQueryString"] = json!(call.query.as_deref().unwrap_or(""));
    event["pathParameters"] = parameters;
    event["headers"] = call.values().iter().map(|(name, values)| (*name, json!(values.join(",")))).collect();
    event["body"] = body(call);
    event["isBase64Encoded"] = json!(false);
    let context = &mut event["requestContext"];
    context["stage"] = json!(stage);
    context["routeKey"] = json!(key);
    context["http"]["method"] = json!(call.method);
    context["http"]["path"] = json!(path);
    context["http"]["sourceIp"] = json!(call.source.to_string());
    event
}

fn v1(call: &Call, mut event: Value, stage: &str, base: &str, routes: Routes) -> Value {
    let (template, parameters) = route(call, routes);
    let rest = json!({ "proxy": call.path.trim_start_matches('/') });
    let (template, parameters) = template.map_or(("/{proxy+}", rest), |template| (template, parameters));
    event["resource"] = json!(template);
    event["pathParameters"] = parameters;
    event["path"] = json!(format!("{base}{}", call.path));
    event["httpMethod"] = json!(call.method);
    event["multiValueHeaders"] =
        call.values().into_iter().map(|(name, values)| (name, json!(values))).collect();
    event["headers"] = call.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(call.query.as_deref().unwrap_or("").as_bytes()) {
        let values = members.entry(name).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(json!(value));
    }
    event["queryStringParameters"] = members
        .iter()
        .map(|(name, values)| (name.clone(), values.as_array().unwrap().last().unwrap().clone()))
        .collect();
    event["multiValueQueryStringParameters"] = Value::Object(members);
    event["body"] = body(call);
    event["isBase64Encoded"] = json!(false);
    let context = &mut event["requestContext"];
    context["stage"] = json!(stage);
    context["resourcePath"] = json!(template);
    context["httpMethod"] = json!(call.method);
    context["identity"]["sourceIp"] = json!(call.source.to_string());
    event
}

/// A gateway has `null` where there is no body.
fn body(call: &Call) -> Value {
    if call.body.is_empty() { Value::Null } else { json!(String::from_utf8(call.body.clone()).unwrap()) }
}

fn encoded(mut event: Value) -> Value {
    if let Some(body) = event["body"].as_str() {
        event["body"] = json!(STANDARD.encode(body));
        event["isBase64Encoded"] = json!(true);
    }
    event
}
