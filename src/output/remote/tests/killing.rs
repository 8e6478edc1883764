//! Runs that are killed: what the next command finds, and makes of it.

use crate::output::remote::finish::{self, Standing};
use crate::output::remote::leftovers::Leftover;
use crate::output::remote::publish::Remote;
use crate::output::remote::tests::{WORLDS, World, begin_staging, plan, publish, staged};
use crate::output::remote::upload;
use crate::output::{OutputError, PublishPlan, RunReport, Staging};

/// How far a run gets before it is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Killed {
    Opened,
    Sent,
    Decided,
    FirstCompleted,
    AllButTheJournal,
}

async fn killed(world: &World, at: Killed) {
    let lock = world.lock("2");
    let remote = world.begin("2").await.unwrap();
    crate::output::recover(&lock).unwrap();
    let previous = remote.previous().await.unwrap();
    let staging = begin_staging(world, &lock, "2");
    let plan = plan("2", previous.as_ref(), staged(&staging, "two", false));
    remote.kill(staging, plan, previous.as_ref(), at as usize).await;
}

impl Remote {
    /// The first steps of a publish, then nothing any more.
    async fn kill(self, staging: Staging<'_>, plan: PublishPlan, previous: Option<&RunReport>, steps: usize) {
        let (remote, local) = self.divide(&plan.files);
        let opened = upload::open(remote, "2").await.unwrap();
        self.lock.record(opened.iter().map(upload::Opened::note).collect()).await.unwrap();
        if steps >= Killed::Sent as usize {
            let uploads = upload::send(&opened).await.unwrap();
            let journal = self.journal(uploads, &local, plan.remove.clone(), &plan.manifest, previous);
            if steps >= Killed::Decided as usize {
                self.decide(&journal).await.unwrap();
            }
            let mut standing = Standing::default();
            if steps >= Killed::FirstCompleted as usize {
                finish::first(&journal, &self.places(), &mut standing).await.unwrap();
            }
            if steps >= Killed::AllButTheJournal as usize {
                finish::rest(&journal, 1, &self.places(), standing).await.unwrap();
                self.decide(&journal).await.unwrap();
            }
        }
        staging.leave();
    }
}

#[tokio::test]
async fn whatever_kills_a_run_the_next_command_makes_the_set_old_or_new() {
    let order = [Killed::Opened, Killed::Sent, Killed::Decided, Killed::FirstCompleted, Killed::AllButTheJournal];
    for (parts, apart) in WORLDS {
        for at in order {
            let world = World::new(parts, apart);
            publish(&world, "1", "one", true).await;
            let old = world.set().await;
            killed(&world, at).await;
            assert!(matches!(world.begin("3").await, Err(OutputError::Locked(_))), "it may live");
            world.expire().await;
            let lock = world.lock("3");
            let next = world.begin("3").await.unwrap();
            crate::output::recover(&lock).unwrap();
            let leftovers = next.leftovers().to_vec();
            next.release().await;
            drop(lock);
            let now = world.set().await;
            if matches!(at, Killed::Opened | Killed::Sent) {
                assert_eq!(now, old, "{at:?}");
                let removed = |left: &Leftover| matches!(left, Leftover::Removed { .. });
                assert!(leftovers.iter().filter(|left| removed(left)).count() >= 2, "{at:?} {leftovers:?}");
            } else {
                assert_eq!(now.keys().collect::<Vec<_>>(), ["out/accounts.csv", "out/new.csv"], "{at:?}");
                assert_eq!((now["out/accounts.csv"].as_str(), now["out/new.csv"].as_str()), ("two", "second two"));
                assert!(leftovers.contains(&Leftover::Finished { run_id: "2".into() }));
            }
            let run = if matches!(at, Killed::Opened | Killed::Sent) { "1" } else { "2" };
            assert!(world.all().await["out/run.json"].contains(&format!("\"run_id\": \"{run}\"")));
            // And a clean run after it.
            assert_eq!(publish(&world, "4", "four", true).await, []);
            assert_eq!(world.all().await["out/accounts.csv"], "four");
        }
    }
}

#[tokio::test]
async fn reports_of_a_killed_run_reach_their_local_folder() {
    let world = World::new(true, false);
    publish(&world, "1", "one", false).await;
    let lock = world.lock("2");
    let remote = world.begin("2").await.unwrap();
    let previous = remote.previous().await.unwrap();
    let staging = begin_staging(&world, &lock, "2");
    let plan = plan("2", previous.as_ref(), staged(&staging, "two", true));
    remote.kill(staging, plan, previous.as_ref(), Killed::FirstCompleted as usize).await;
    drop(lock);
    world.expire().await;
    publish_nothing(&world).await;
    assert_eq!(world.all().await["local/accounts.rejects.csv"], "rejects two");
}

async fn publish_nothing(world: &World) {
    let lock = world.lock("3");
    let next = world.begin("3").await.unwrap();
    crate::output::recover(&lock).unwrap();
    next.release().await;
}
