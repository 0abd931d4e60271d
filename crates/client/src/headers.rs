//! How a request's headers are handed over, whichever HTTP library holds them.

use std::collections::HashMap;

/// The headers of a request.
///
/// Implemented for lists of names and values, for maps, and (feature `http`) for the `HeaderMap` of the `http`
/// crate, which axum, hyper and reqwest use.
pub trait Headers {
    /// The value of the first header of this name. The case of its letters does not matter.
    fn header(&self, name: &str) -> Option<&[u8]>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(own, _)| own.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const COUNT: usize> Headers for [(N, V); COUNT] {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.as_slice().header(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, S> Headers for HashMap<N, V, S> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(own, _)| own.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}

#[cfg(feature = "http")]
impl Headers for reqwest::header::HeaderMap {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.get(name).map(|value| value.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &(impl Headers + ?Sized)) {
        assert_eq!(headers.header("Go1-Signature"), Some(b"t=1".as_slice()));
        assert_eq!(headers.header("webhook-id"), None);
    }

    #[test]
    fn names_have_no_case_and_the_first_value_counts() {
        let list = [("content-type", "application/json"), ("go1-SIGNATURE", "t=1"), ("Go1-Signature", "t=2")];
        check(&list);
        check(&list[..]);
        check(&HashMap::from([("go1-signature".to_owned(), b"t=1".to_vec())]));
        #[cfg(feature = "http")]
        {
            let value = reqwest::header::HeaderValue::from_static("t=1");
            check(&reqwest::header::HeaderMap::from_iter([("go1-signature".parse().unwrap(), value)]));
        }
    }
}
