//! What a command works with: the options of every command, and what follows from them.

use serde_json::Value;

use super::Global;
use super::client::{Client, Server};
use super::failure::Failure;
use super::output;
use crate::config::{self, Config, Layers, Options};
use crate::data_dir::{ADMIN_URL, DataDir};

/// One run of one command.
#[derive(Debug)]
pub(crate) struct Session {
    global: Global,
}

impl Session {
    pub(super) fn new(global: Global) -> Self {
        Self { global }
    }

    /// Shall output be for machines?
    pub(crate) fn wants_json(&self) -> bool {
        self.global.json
    }

    /// The layers of configuration, with the options of this command on top.
    pub(crate) fn layers(&self, mut options: Options) -> Result<Layers, Failure> {
        if let Some(data) = &self.global.data {
            options.push(("data", "--data", data.to_string_lossy().into_owned()));
        }
        Ok(config::layers(self.global.config.as_deref(), options)?)
    }

    /// The effective configuration, without options of `serve`.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(Config::read(&self.layers(Options::new())?)?)
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> Result<DataDir, Failure> {
        Ok(DataDir::at(self.config()?.data))
    }

    /// The server that the command talks to.
    pub(crate) fn server(&self) -> Result<Server, Failure> {
        match self.named_server() {
            Some(url) => Server::named(&url, &self.data_dir()?),
            None => Server::running_on(&self.data_dir()?),
        }
    }

    /// The server that `--server` or SKYBRIDGE_SERVER names, if one of them does.
    pub(crate) fn named_server(&self) -> Option<String> {
        self.global.server.clone().or_else(|| config::environment::read("SKYBRIDGE_SERVER"))
    }

    /// A client of that server.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(Client::of(self.server()?))
    }

    /// A client of the server that runs on the data directory or is named; `None` if none runs there. Commands
    /// that can also work on the store at rest ask this: the store's own lock keeps them off a store in use.
    pub(crate) fn client_if_running(&self) -> Result<Option<Client>, Failure> {
        if self.named_server().is_some() {
            return self.client().map(Some);
        }
        if self.data_dir()?.read(ADMIN_URL)?.is_none() {
            return Ok(None);
        }
        let client = self.client()?;
        Ok(client.is_answered().then_some(client))
    }

    /// Prints an answer: as it is for machines, or as `render` words it for people.
    pub(crate) fn show(&self, answer: &Value, render: impl Fn(&Value) -> String) -> Result<(), Failure> {
        if self.wants_json() { output::print(&answer.to_string()) } else { output::print(&render(answer)) }
    }
}
