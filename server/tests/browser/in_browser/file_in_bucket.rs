//! A large file on a server that keeps files in a bucket and mailboxes in Redis.

use super::file_trouble::{Backend, ENOUGH, PATIENCE, arrives_whole};
use crate::eventually::eventually;
use crate::stage::Stage;
use crate::support::{bucket::Bucket, redis::RedisServer};

impl Stage {
    /// Waits until a part was not taken, because the store of files is out of reach.
    async fn until_refused_for_now(&self) {
        let refused = async || {
            let exchanges = self.proxy.exchanges();
            let is_part = |method: &str, target: &str| method == "PUT" && target.starts_with("/files/");
            let refused = exchanges.iter().filter(|it| is_part(&it.method, &it.target) && it.status == 503);
            if refused.count() > 0 { Ok(()) } else { Err(exchanges.len()) }
        };
        eventually("a part to be refused", PATIENCE, refused).await.unwrap();
    }
}

/// Elsewhere: files in a bucket, mailboxes in Redis.
struct Elsewhere {
    bucket: Bucket,
    redis: RedisServer,
}

impl Backend for Elsewhere {
    async fn fail(&mut self, stage: &mut Stage) {
        self.bucket.is_down(true);
        self.redis.kill();
        stage.until_refused_for_now().await;
        self.bucket.is_down(false);
        self.redis.start_again();
    }

    fn kept(&self) -> Vec<(String, Vec<u8>)> {
        let objects = self.bucket.objects();
        assert!(!objects.is_empty(), "the file is in the bucket");
        objects.into_iter().chain([("Redis".to_owned(), self.redis.everything())]).collect()
    }
}

/// The same, and neither the bucket nor Redis sees anything of it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn a_large_file_arrives_whole_through_a_bucket_and_redis_that_fail_meanwhile() {
    let (bucket, redis) = (Bucket::default(), RedisServer::start());
    let files = bucket.settings("cliquet");
    let files = files.each_ref().map(|(name, value)| (*name, value.as_str()));
    let url = redis.url();
    let settings = [files.as_slice(), &[("ROCKET_MAILBOX", url.as_str())]].concat();
    let stage = Stage::set_with(&settings, None).await;
    let (alice, bob) = stage.two_who_meet().await;
    arrives_whole((stage, alice, bob), Elsewhere { bucket, redis }, ENOUGH).await;
}
