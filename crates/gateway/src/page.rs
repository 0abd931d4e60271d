//! Pages of lists: what a client may ask for, and how a page is written.

use contract::api::page::Page;
use store::page::{Listed, Order, PageRequest};

use crate::refusal::Refusal;

/// What a list gives at once, and how deep one may page into it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageLimits {
    /// When nothing is asked for.
    pub(crate) limit_default: u32,
    /// At most so many; 0 gives the count alone (contract, quirk 11).
    pub(crate) limit_max: u32,
    /// `limit` and `offset` together, where the published API limits them; else `u32::MAX`.
    pub(crate) depth_max: u32,
}

impl PageLimits {
    /// The page asked for.
    pub(crate) fn page(self, limit: Option<u32>, offset: Option<u32>) -> Result<PageRequest, Refusal> {
        let limit = limit.unwrap_or(self.limit_default);
        let offset = offset.unwrap_or(0);
        if limit > self.limit_max {
            return Err(Refusal::field("limit", format_args!("limit must be at most {}", self.limit_max)));
        }
        if limit.saturating_add(offset) > self.depth_max {
            let message = format!("limit and offset together must be at most {}", self.depth_max);
            return Err(Refusal::field("offset", message));
        }
        Ok(PageRequest { limit, offset })
    }
}

/// Reads `asc` or `desc`; the latter when absent.
pub(crate) fn order(text: Option<&str>) -> Result<Order, Refusal> {
    match text {
        None | Some("desc") => Ok(Order::Descending),
        Some("asc") => Ok(Order::Ascending),
        Some(other) => Err(Refusal::field("order", format_args!("order must be asc or desc, not {other:?}"))),
    }
}

/// A page as it is written.
pub(crate) fn written<T, W>(listed: Listed<T>, write: impl FnMut(T) -> W) -> Page<W> {
    Page { total: listed.total, hits: listed.items.into_iter().map(write).collect() }
}

/// A part of a list that is had as a whole.
pub(crate) fn cut<T>(all: Vec<T>, page: PageRequest) -> Listed<T> {
    let total = all.len() as u64;
    Listed { total, items: all.into_iter().skip(page.offset as usize).take(page.limit as usize).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 50, depth_max: 10_000 };

    #[track_caller]
    fn check(limit: Option<u32>, offset: Option<u32>, expected: Option<(u32, u32)>) {
        let page = LIMITS.page(limit, offset).ok().map(|page| (page.limit, page.offset));
        assert_eq!(page, expected);
    }

    #[test]
    fn a_page_stays_within_its_limits() {
        check(None, None, Some((20, 0)));
        check(Some(0), None, Some((0, 0)));
        check(Some(50), Some(9_950), Some((50, 9_950)));
        check(Some(51), None, None);
        check(Some(50), Some(9_951), None);
        check(None, Some(u32::MAX), None);
    }

    #[test]
    fn where_depth_has_no_limit_any_offset_that_can_be_written_is_taken() {
        let limits = PageLimits { depth_max: u32::MAX, ..LIMITS };
        let page = limits.page(Some(50), Some(u32::MAX)).map(|page| page.offset);
        assert_eq!(page.ok(), Some(u32::MAX));
    }
}
