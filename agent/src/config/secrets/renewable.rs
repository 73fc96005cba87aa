//! Secrets that may be replaced while the process runs.
//!
//! A client holds a [`Renewable`] and reads it for each call. An upstream that answers 401 or 403 may mean
//! that the secret was rotated: [`Renewable::refused`] then renews all secrets, that is, reads them again
//! from their source. So a rotation needs no restart and costs at most one refused call.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout};

use super::{SecretName, Secrets, SecretsError};

/// After a renewal that found nothing new, refusals cause no other renewal for this long.
const AFTER_IN_VAIN: Duration = Duration::from_secs(60);

/// The answer of a [`Renew`]: the secrets as they are now.
pub type Renewal<'a> = Pin<Box<dyn Future<Output = Result<Secrets, RenewError>> + Send + 'a>>;

/// Why secrets could not be renewed. No text contains a value.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// The source cannot be reached, or refuses.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// What the source holds is malformed.
    #[error(transparent)]
    Malformed(#[from] SecretsError),
}

impl RenewError {
    /// The source cannot be reached, or refuses.
    pub fn source(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Source(error.into())
    }
}

/// A source that the secrets can be read from again.
pub trait Renew: Send + Sync {
    /// Reads all secrets, past every cache.
    fn renew(&self) -> Renewal<'_>;
}

/// The secrets of a running process. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct RenewableSecrets(Arc<Shared>);

struct Shared {
    current: Mutex<Current>,
    source: Option<Box<dyn Renew>>,
    /// When a renewal last found nothing new. Locked during a renewal, so that only one of several callers
    /// asks.
    in_vain: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Clone)]
struct Current {
    /// Counts the replacements.
    edition: u64,
    secrets: Arc<Secrets>,
}

impl RenewableSecrets {
    /// Secrets that stay as they are.
    pub fn fixed(secrets: Secrets) -> Self {
        Self::new(secrets, None)
    }

    /// Secrets that can be renewed from `source`.
    pub fn with_source(secrets: Secrets, source: impl Renew + 'static) -> Self {
        Self::new(secrets, Some(Box::new(source)))
    }

    fn new(secrets: Secrets, source: Option<Box<dyn Renew>>) -> Self {
        let current = Mutex::new(Current {
            edition: 0,
            secrets: Arc::new(secrets),
        });
        Self(Arc::new(Shared {
            current,
            source,
            in_vain: tokio::sync::Mutex::new(None),
        }))
    }

    /// The secrets as they are known now.
    pub fn get(&self) -> Arc<Secrets> {
        self.current().secrets
    }

    /// How often the secrets were replaced.
    pub fn edition(&self) -> u64 {
        self.current().edition
    }

    /// Whether there is a source to renew them from.
    pub fn is_renewable(&self) -> bool {
        self.0.source.is_some()
    }

    /// Reads the secrets again. Returns whether any of them changed. A failure is logged, and the known
    /// secrets stay.
    pub async fn renew(&self) -> bool {
        let mut in_vain = self.0.in_vain.lock().await;
        self.fetch(&mut in_vain).await
    }

    /// The secrets of `edition` were refused. Returns whether there are newer ones; takes at most `within`.
    async fn refused(&self, edition: u64, within: Duration) -> bool {
        let asked = timeout(within, async {
            let mut in_vain = self.0.in_vain.lock().await;
            if self.current().edition != edition {
                return true;
            }
            if in_vain.is_some_and(|at| at.elapsed() < AFTER_IN_VAIN) {
                return false;
            }
            self.fetch(&mut in_vain).await
        });
        asked.await.unwrap_or_else(|_| {
            tracing::warn!(?within, "the secrets could not be read again in time");
            false
        })
    }

    async fn fetch(&self, in_vain: &mut Option<Instant>) -> bool {
        let Some(source) = &self.0.source else {
            return false;
        };
        // Marked as in vain first: the caller may drop this future, and the next caller must not ask at once.
        *in_vain = Some(Instant::now());
        match source.renew().await {
            Ok(secrets) => {
                let changed = self.get().differences(&secrets);
                *in_vain = changed.is_empty().then(Instant::now);
                if !changed.is_empty() {
                    tracing::info!(?changed, "secrets were replaced");
                    let mut current = self.lock();
                    *current = Current {
                        edition: current.edition + 1,
                        secrets: Arc::new(secrets),
                    };
                }
                !changed.is_empty()
            }
            Err(why) => {
                tracing::warn!(%why, "the secrets cannot be read again: going on with those that are known");
                false
            }
        }
    }

    fn current(&self) -> Current {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RenewableSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RenewableSecrets").field(&self.get()).finish()
    }
}

impl Secrets {
    /// The names whose values differ.
    fn differences(&self, others: &Self) -> Vec<SecretName> {
        let value = |secrets: &Self, name| secrets.get(name).map(|secret| secret.expose_secret().to_owned());
        SecretName::ALL
            .into_iter()
            .filter(|name| value(self, *name) != value(others, *name))
            .collect()
    }
}

/// A credential made of the secrets, as they are now. Cheap to clone.
pub struct Renewable<T> {
    secrets: RenewableSecrets,
    make: Make<T>,
    made: Arc<Mutex<Edition<T>>>,
}

/// A credential with the number of the secrets that it was made of.
#[derive(Debug)]
pub struct Edition<T> {
    /// How often the secrets had been replaced by then, from 0; for [`Renewable::refused`].
    pub number: u64,
    /// The credential.
    pub value: Arc<T>,
}

impl<T> Clone for Edition<T> {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            value: self.value.clone(),
        }
    }
}

/// Makes a credential; `None` if these secrets do not make one.
type Make<T> = Arc<dyn Fn(&Secrets) -> Option<T> + Send + Sync>;

impl<T> Clone for Renewable<T> {
    fn clone(&self) -> Self {
        Self {
            secrets: self.secrets.clone(),
            make: self.make.clone(),
            made: self.made.clone(),
        }
    }
}

impl<T> Renewable<T> {
    /// What `make` makes of the secrets.
    ///
    /// # Errors
    /// If the secrets do not make one. If later secrets do not, the last credential is kept.
    pub fn new<E: fmt::Display>(
        secrets: &RenewableSecrets,
        make: impl Fn(&Secrets) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let Current {
            edition,
            secrets: now,
        } = secrets.current();
        let made = Arc::new(Mutex::new(Edition {
            number: edition,
            value: Arc::new(make(&now)?),
        }));
        let make = move |secrets: &Secrets| {
            let made = make(secrets);
            made.map_err(
                |error| tracing::error!(%error, "the new secrets cannot be used: going on with the old ones"),
            )
            .ok()
        };
        Ok(Self {
            secrets: secrets.clone(),
            make: Arc::new(make),
            made,
        })
    }

    /// The credential as it is now.
    pub fn current(&self) -> Edition<T> {
        let Current { edition, secrets } = self.secrets.current();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.number != edition {
            let value = (self.make)(&secrets).map_or_else(|| made.value.clone(), Arc::new);
            *made = Edition {
                number: edition,
                value,
            };
        }
        made.clone()
    }

    /// An upstream refused the credential of this [`Edition::number`]. Returns whether there is a newer one
    /// to try; takes at most `within`.
    pub async fn refused(&self, edition: u64, within: Duration) -> bool {
        self.secrets.refused(edition, within).await
    }
}

impl<T: fmt::Debug> fmt::Debug for Renewable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Renewable").field(&self.current().value).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use secrecy::SecretString;

    use super::*;

    const NAME: SecretName = SecretName::TwilioAuthToken;

    /// Has a token, and counts how often it was asked.
    #[derive(Clone, Default)]
    struct Vault(Arc<(Mutex<String>, AtomicUsize)>);

    impl Vault {
        fn put(&self, token: &str) {
            *self.0.0.lock().unwrap() = token.to_owned();
        }

        fn asked(&self) -> usize {
            self.0.1.load(Ordering::Relaxed)
        }
    }

    impl Renew for Vault {
        fn renew(&self) -> Renewal<'_> {
            self.0.1.fetch_add(1, Ordering::Relaxed);
            let token = self.0.0.lock().unwrap().clone();
            Box::pin(async move {
                tokio::task::yield_now().await;
                if token.is_empty() {
                    Err(RenewError::source("denied"))
                } else {
                    Ok(secrets(&token))
                }
            })
        }
    }

    /// Never answers.
    struct Silent(Arc<AtomicUsize>);

    impl Renew for Silent {
        fn renew(&self) -> Renewal<'_> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::pending())
        }
    }

    fn secrets(token: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.insert(NAME, SecretString::from(token));
        secrets
    }

    fn live(secrets: &RenewableSecrets) -> Renewable<String> {
        let token = |secrets: &Secrets| {
            let token = secrets.get(NAME).map(|token| token.expose_secret().to_owned());
            token.filter(|token| token != "malformed").ok_or("no token")
        };
        Renewable::new(secrets, token).unwrap()
    }

    const WITHIN: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_refusal_brings_the_new_credential_and_of_many_callers_one_asks() {
        let vault = Vault::default();
        vault.put("new");
        let live = live(&RenewableSecrets::with_source(secrets("old"), vault.clone()));
        let old = live.current();
        assert_eq!(*old.value, "old");
        let refused = || live.refused(old.number, WITHIN);
        let (first, second) = tokio::join!(refused(), refused());
        assert!(first && second);
        assert_eq!((live.current().value.as_str(), vault.asked()), ("new", 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refetch_in_vain_is_not_repeated_at_once_but_later() {
        let vault = Vault::default();
        vault.put("old");
        let live = live(&RenewableSecrets::with_source(secrets("old"), vault.clone()));
        for _ in 0..3 {
            assert!(!live.refused(0, WITHIN).await);
        }
        assert_eq!(vault.asked(), 1);
        vault.put("");
        tokio::time::advance(AFTER_IN_VAIN).await;
        assert!(!live.refused(0, WITHIN).await, "a failure is no new secret");
        vault.put("new");
        tokio::time::advance(AFTER_IN_VAIN).await;
        assert!(live.refused(0, WITHIN).await);
        vault.put("newer");
        assert!(
            live.refused(1, WITHIN).await,
            "after a success the next rotation is found at once"
        );
        assert_eq!((live.current().value.as_str(), vault.asked()), ("newer", 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_does_not_answer_is_not_asked_by_everybody() {
        let asked = Arc::new(AtomicUsize::new(0));
        let live = live(&RenewableSecrets::with_source(
            secrets("old"),
            Silent(asked.clone()),
        ));
        for _ in 0..3 {
            assert!(!live.refused(0, WITHIN).await);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_new_secret_that_is_none_leaves_the_old_one() {
        let vault = Vault::default();
        vault.put("malformed");
        let all = RenewableSecrets::with_source(secrets("old"), vault);
        let live = live(&all);
        assert!(all.renew().await);
        assert_eq!(*live.current().value, "old");
        assert!(!RenewableSecrets::fixed(secrets("x")).renew().await);
    }
}
