//! An answer that is rendered once, for all who ask for it in the same second.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

/// The newest body of an answer that depends on nothing but what was recorded and the time.
///
/// The body is good until something is recorded or the second is over. So a caller who has written reads what they
/// wrote, and many callers in one second cost as much as one caller.
#[derive(Default)]
pub(super) struct Rendered(Mutex<Option<Kept>>);

struct Kept {
    /// How many changes were counted before the body was made.
    changes: u64,
    second: i64,
    body: Bytes,
}

impl Rendered {
    /// The kept body, or else what `render` makes for `now`. `changes` counts what the answer depends on; `None`:
    /// it cannot be counted, so nothing is kept.
    ///
    /// # Errors
    /// That of `render`. A failure is not kept.
    pub(super) fn body<E>(
        &self,
        changes: Option<u64>,
        now: Timestamp,
        render: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let Some(changes) = changes else {
            return render();
        };
        let second = now.as_second();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept
            .as_ref()
            .filter(|kept| (kept.changes, kept.second) == (changes, second))
        {
            return Ok(kept.body.clone());
        }
        let body = render()?;
        *kept = Some(Kept {
            changes,
            second,
            body: body.clone(),
        });
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use super::*;

    #[test]
    fn a_body_is_good_until_a_change_or_the_next_second() {
        let (rendered, renderings) = (Rendered::default(), Cell::new(0_u32));
        let ask = |changes, at: &str| {
            let body = rendered.body(changes, at.parse().unwrap(), || {
                renderings.set(renderings.get() + 1);
                Ok::<_, Infallible>(renderings.get().to_string().into())
            });
            String::from_utf8(body.unwrap().to_vec()).unwrap()
        };
        assert_eq!(ask(Some(7), "2026-03-01T12:00:00.1Z"), "1");
        assert_eq!(ask(Some(7), "2026-03-01T12:00:00.9Z"), "1");
        assert_eq!(ask(Some(8), "2026-03-01T12:00:00.9Z"), "2");
        assert_eq!(ask(Some(8), "2026-03-01T12:00:01Z"), "3");
        assert_eq!(
            ask(Some(8), "2026-03-01T12:00:00.9Z"),
            "4",
            "the clock was set back"
        );
        assert_eq!(ask(None, "2026-03-01T12:00:00.9Z"), "5");
        assert_eq!(ask(None, "2026-03-01T12:00:00.9Z"), "6");
    }

    #[test]
    fn a_failure_is_not_kept() {
        let (rendered, now) = (Rendered::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(rendered.body(Some(1), now, || Err("the disk")), Err("the disk"));
        assert_eq!(
            rendered.body(Some(1), now, || Ok::<_, &str>("good".into())),
            Ok(Bytes::from("good"))
        );
    }
}
