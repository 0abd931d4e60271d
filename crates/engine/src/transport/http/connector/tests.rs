use std::net::IpAddr;

use tokio::net::UdpSocket;
use url::Url;

use super::*;

/// A name server that knows these addresses for every name there is, whoever owns it.
async fn name_server(addresses: &'static [&'static str]) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            socket.send_to(&answer(&query[..length], addresses), from).await.unwrap();
        }
    });
    address
}

/// The answer to a query with one question: those of the addresses that are of the kind asked for.
fn answer(query: &[u8], addresses: &[&str]) -> Vec<u8> {
    const HEAD: usize = 12;
    let name = query[HEAD..].iter().position(|&byte| byte == 0).unwrap();
    let question = &query[HEAD..HEAD + name + 5];
    let kind = question[name + 2];
    let data = |address: &&str| match address.parse().unwrap() {
        IpAddr::V4(v4) if kind == 1 => Some(v4.octets().to_vec()),
        IpAddr::V6(v6) if kind == 28 => Some(v6.octets().to_vec()),
        _ => None,
    };
    let records: Vec<Vec<u8>> = addresses.iter().filter_map(data).collect();
    let mut answer = [&query[..2], &[0x81, 0x80, 0, 1, 0, records.len() as u8, 0, 0, 0, 0], question].concat();
    for record in records {
        answer.extend([0xc0, 0x0c, 0, kind, 0, 1, 0, 0, 0, 0, 0, record.len() as u8]);
        answer.extend(record);
    }
    answer
}

async fn connector(addresses: &'static [&'static str]) -> Connector {
    let mut connector = Connector::new(AddressPolicy::Public, Duration::from_secs(5), Err(String::new()));
    connector.names = Names::asking(name_server(addresses).await);
    connector
}

/// What a name resolves to whose name server knows these addresses.
async fn check(addresses: &'static [&'static str], expected: Result<&[&str], FailureKind>) {
    let url = Url::parse("http://example.com").unwrap();
    let policy = domain::webhook::UrlPolicy { allow_http: true, ..Default::default() };
    let resolved = connector(addresses).await.resolve(&Origin::of(&url, policy).unwrap()).await;
    let texts = resolved.map(|all| all.as_slice().iter().map(|one| one.ip().to_string()).collect::<Vec<_>>());
    assert_eq!(
        texts.map_err(|failure| failure.kind),
        expected.map(|all| all.iter().map(|one| (*one).to_owned()).collect())
    );
}

#[tokio::test]
async fn a_host_with_public_addresses_is_resolved_to_all_of_them() {
    check(&["93.184.216.34", "2606:4700::1111"], Ok(&["93.184.216.34", "2606:4700::1111"])).await;
}

#[tokio::test]
async fn one_address_that_is_refused_refuses_the_host() {
    check(&["93.184.216.34", "10.0.0.1"], Err(FailureKind::AddressRefused)).await;
    check(&["93.184.216.34", "::1"], Err(FailureKind::AddressRefused)).await;
    check(&["127.0.0.1", "2606:4700::1111"], Err(FailureKind::AddressRefused)).await;
}

#[tokio::test]
async fn a_name_without_addresses_is_not_resolved() {
    check(&[], Err(FailureKind::NameResolution)).await;
}
