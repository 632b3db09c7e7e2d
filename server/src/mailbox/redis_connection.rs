//! The connections to Redis: how many there are, and how long anyone waits for an answer.
//!
//! One multiplexed connection carries all commands of this process; clones of [`RedisConnection`] share it. One more, which
//! `wake` owns, listens. Nothing of it blocks a thread. Knows nothing of keys and scripts.

use super::contract::Unavailable;
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo, RedisResult, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
};
use std::{future::Future, time::Duration};
use tokio::time::timeout;

/// A command is answered in well under a millisecond. A request that waits for one is refused within two seconds.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// A connection whose bytes nobody confirms for this long is replaced by a new one.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(2);
/// A connection is tried for this long.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// Commands of this process that are on their way at a time.
const COMMANDS_WAITING_MAX: usize = 1_024;

/// For all connections to the Redis at this address. Connects to nothing yet.
pub(super) fn client(url: &str) -> Result<Client, Unavailable> {
    let info = url.into_connection_info().map_err(Unavailable::new)?;
    let settings = TcpSettings::default().set_user_timeout(UNCONFIRMED_MAX);
    Client::open(info.set_tcp_settings(settings)).map_err(Unavailable::new)
}

/// The one connection that carries commands; clones share it.
#[derive(Clone)]
pub(super) struct RedisConnection(ConnectionManager);

impl RedisConnection {
    /// Connects with the first command.
    pub(super) fn to(client: Client) -> Result<Self, Unavailable> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(PATIENCE))
            // One try: the next command tries again, and the one before it was told to come back.
            .set_number_of_retries(0)
            .set_pipeline_buffer_size(COMMANDS_WAITING_MAX);
        Ok(Self(ConnectionManager::new_lazy_with_config(client, config).map_err(Unavailable::new)?))
    }

    /// Asks, and waits for the answer, but not long. Everything that is asked here may be asked twice, so a connection
    /// that turns out to be dead costs a second try on the new one, and no one hears of it.
    async fn ask<T, F>(&self, command: impl Fn(ConnectionManager) -> F + Send) -> Result<T, Unavailable>
    where
        T: FromRedisValue + Send,
        F: Future<Output = RedisResult<T>> + Send,
    {
        let asked = timeout(PATIENCE, async {
            match command(self.0.clone()).await {
                Err(error) if error.is_unrecoverable_error() => command(self.0.clone()).await,
                answer => answer,
            }
        });
        // Whatever Redis says instead of an answer (loading, read-only, out of memory) is a reason to come back.
        asked.await.map_err(Unavailable::new)?.map_err(Unavailable::new)
    }

    pub(super) async fn query<T: FromRedisValue + Send>(&self, command: &Cmd) -> Result<T, Unavailable> {
        self.ask(|mut connection| async move { command.query_async(&mut connection).await }).await
    }

    pub(super) async fn call<T: FromRedisValue + Send>(&self, script: &ScriptInvocation<'_>) -> Result<T, Unavailable> {
        self.ask(|mut connection| async move { script.invoke_async(&mut connection).await }).await
    }
}
