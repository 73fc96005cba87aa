use std::error::Error;

/// The innermost source of an error: what went wrong first, without the layers that libraries put around it.
/// The error itself, if it has no source.
pub fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_last_source_is_found() {
        let inner = std::io::Error::other("inner");
        assert_eq!(innermost(&inner).to_string(), "inner");
        assert_eq!(innermost(&Outer(inner)).to_string(), "inner");
    }
}
