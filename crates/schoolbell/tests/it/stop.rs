//! Being told to stop.

use crate::contract::{complete, register};
use crate::process::{Running, Sandbox};
use crate::receiver::Receiver;

#[tokio::test]
async fn a_platform_that_is_told_to_stop_ends_well_and_goes_on_where_it_was() {
    let sandbox = Sandbox::fill().await;
    let receiver = Receiver::start().await;
    let platform = Running::serve(&sandbox.data()).await;
    register(&sandbox, &platform.url, &receiver, &["enrollment.complete"]).await;
    assert!(platform.terminate().await.success());

    let platform = Running::serve(&sandbox.data()).await;
    complete(&sandbox, &platform.url).await;
    receiver.wait_until(|all| !all.is_empty()).await;
    assert!(platform.terminate().await.success());
    assert_eq!(receiver.all().len(), 1);
}
