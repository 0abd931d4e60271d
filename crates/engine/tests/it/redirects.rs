//! S3: redirects of every kind are not followed, and are failures.

use std::sync::Arc;

use domain::delivery::{DeliveryState, Next, Outcome};
use domain::retry::RetrySchedule;
use domain::webhook::WebhookUrl;
use jiff::Timestamp;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::receiver::{OK, Receiver, Sender, hear};
use crate::world::World;

/// A receiver that redirects as the path of a request says: `/status/place`.
async fn redirecting(places: Arc<Vec<Option<String>>>) -> Receiver {
    Receiver::open(move |mut stream: TcpStream| {
        let places = places.clone();
        async move {
            while let Some(request) = hear(&mut stream).await {
                let mut path = request.split(' ').nth(1).unwrap().trim_start_matches('/').split('/');
                let status = path.next().unwrap();
                let place: usize = path.next().unwrap().parse().unwrap();
                let location = places[place].as_ref().map_or(String::new(), |place| format!("Location: {place}\r\n"));
                let answer = format!("HTTP/1.1 {status} Go\r\n{location}Content-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn redirects_are_failures_and_never_followed() {
    let target = Receiver::answering(OK).await;
    let port = target.address.port();
    let places = [
        None,
        Some(String::new()),
        Some("/".to_owned()),
        Some("?self".to_owned()),
        Some("../302/5".to_owned()),
        // To itself, for ever.
        Some("/307/5".to_owned()),
        Some(format!("http://127.0.0.1:{port}/")),
        Some(format!("http://localhost:{port}/")),
        Some(format!("//127.0.0.1:{port}/")),
        Some(format!("http://[::ffff:127.0.0.1]:{port}/")),
        Some(format!("http://2130706433:{port}/")),
        Some("http://169.254.169.254/latest/meta-data/".to_owned()),
        Some("https://example.com/".to_owned()),
        Some("file:///etc/passwd".to_owned()),
        Some("gopher://127.0.0.1:6379/_FLUSHALL".to_owned()),
        Some("http://".to_owned()),
        Some("\u{e9}\t".to_owned()),
        Some("x".repeat(16 * 1024)),
    ];
    let places = Arc::new(Vec::from(places));
    let receiver = redirecting(places.clone()).await;
    // One that may send anywhere: it is not the guard that keeps it from following.
    let sender = Sender::new();
    let mut tried = 0;
    for status in 300..=399 {
        for place in 0..places.len() {
            let outcome = sender.send(&format!("http://{}/{status}/{place}", receiver.address)).await;
            let told = if let Outcome::Answered(answer) = &outcome { answer.status } else { 0 };
            assert_eq!(told, status, "{outcome:?} to {:?}", places[place]);
            let next = RetrySchedule::default().decide(&outcome, 0, None, Timestamp::UNIX_EPOCH, 0.5);
            assert!(matches!(next, Next::Retry { .. }), "{next:?}");
            tried += 1;
        }
    }
    assert_eq!((receiver.connects(), target.connects()), (1, 0));
    // A control: who asks there is served.
    assert!(sender.send(&target.url()).await.is_success());
    proof::held("S3", "redirects", tried, "none followed, each a failure");
}

#[tokio::test]
async fn a_redirect_is_recorded_as_the_failure_that_it_is() {
    let target = Receiver::answering(OK).await;
    let receiver = redirecting(Arc::new(vec![Some(target.url())])).await;
    let mut world = World::over(Sender::new().transport.clone()).await;
    let url = WebhookUrl::restore(&format!("http://{}/308/0", receiver.address)).unwrap();
    let webhook = world.add_webhook(world.platform.partner, |webhook| webhook.url = url).await;
    world.complete(0).await;
    let (attempts, state) = world.recorded(&webhook, 1).await;
    assert!(matches!(&attempts[0].outcome, Outcome::Answered(answer) if answer.status == 308), "{attempts:?}");
    assert!(matches!(state, DeliveryState::Pending { .. }), "{state:?}");
    assert_eq!(target.connects(), 0);
}
