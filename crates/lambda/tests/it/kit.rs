//! A counter that is open twice: as a function, and as the server's router, over one DynamoDB.

pub(crate) mod call;
pub(crate) mod door;

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use http_body_util::BodyExt as _;
use skybridge_api::public;
use skybridge_desk::audit::Operator;
use skybridge_desk::partners::KeyRequest;
use skybridge_desk::{Desk, Node};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::{ApiKey, Mode, PepperId, Scopes};
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_dynamodb_local::LocalDynamo;
use skybridge_gate::Peppers;
use skybridge_lambda_local::LocalLambda;
use skybridge_machine::{MachineClock, MachineRandomness};
use skybridge_store_dynamodb::{Credentials, DynamoStore, Settings, SharedCredentialsProvider};
use tokio::process::Command;
use tower::ServiceExt as _;

pub(crate) use call::{Answer, Call};
pub(crate) use door::Door;

/// The house: the tables, the server's side, and an agency with a key.
pub(crate) struct House {
    pub(crate) dynamo: LocalDynamo,
    pub(crate) desk: Arc<Desk>,
    router: Router,
    pub(crate) key: ApiKey,
}

fn peppers() -> Peppers {
    Peppers::new(PepperId::parse("test").unwrap(), [7; 32])
}

impl House {
    pub(crate) async fn open() -> Self {
        let dynamo = LocalDynamo::start().unwrap();
        let credentials =
            SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"));
        let mut settings = Settings::new("us-east-2", credentials);
        settings.endpoint = Some(dynamo.endpoint());
        let store = DynamoStore::connect(&settings, Arc::new(MachineRandomness));
        store.create_tables().await.unwrap();
        let (clock, chance) = (Arc::new(MachineClock), Arc::new(MachineRandomness));
        let node = Node::server(&*chance);
        let desk = Desk::open(Arc::new(store), peppers(), clock, chance, node).await;
        let desk = Arc::new(desk.unwrap());
        let router = public::router(Arc::clone(&desk), public::Options::default());
        let plan = PlanName::new("ample").unwrap();
        let ample = Plan::new(plan.clone(), "100000".parse().unwrap(), 100_000, None, None).unwrap();
        desk.set_plan(&Operator::program(), ample).await.unwrap();
        desk.create_agency(&Operator::program(), agency(), plan).await.unwrap();
        let key = issue(&desk).await;
        Self { dynamo, desk, router, key }
    }

    /// Another key of the agency.
    pub(crate) async fn issue_key(&self) -> ApiKey {
        issue(&self.desk).await
    }

    /// The function, set up as the templates do it.
    pub(crate) async fn function(&self) -> LocalLambda {
        self.function_with(|command| command).await
    }

    /// The function, set up a little otherwise.
    pub(crate) async fn function_with(
        &self,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> LocalLambda {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
        command
            .env("SKYBRIDGE_PEPPER", peppers().reveal())
            .env("AWS_ENDPOINT_URL", self.dynamo.endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdout(Stdio::null());
        change(&mut command);
        LocalLambda::start(command).await.unwrap()
    }

    /// A call with the agency's key.
    pub(crate) fn call(&self, method: &str, target: &str) -> Call {
        Call::new(method, target).header("x-api-key", self.key.reveal())
    }

    /// What the server answers.
    pub(crate) async fn serve(&self, call: &Call) -> Answer {
        let mut request = call.request();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(call.source, 40_000)));
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        Answer::new(head.status, head.headers, body.collect().await.unwrap().to_bytes().into())
    }
}

pub(crate) fn agency() -> AgencyName {
    AgencyName::new("PartnerCo").unwrap()
}

async fn issue(desk: &Desk) -> ApiKey {
    let request = KeyRequest {
        mode: Mode::Live,
        name: None,
        scopes: Scopes::ALL,
        allowed_cidrs: Vec::new(),
        expires_in: None,
    };
    desk.issue_key(&Operator::program(), &agency(), request).await.unwrap().text
}
