use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use futures_util::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, PutMultipartOptions,
    PutPayload, PutResult, Result, memory::InMemory,
};

use tokio::sync::Notify;

use super::*;

/// A bucket in memory that can be out of reach, lose replies and lie.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    objects: InMemory,
    down: AtomicBool,
    lose_replies: AtomicBool,
    hang: AtomicBool,
    down_to_readers: AtomicBool,
    held: Mutex<Option<Held>>,
    calls: Mutex<Vec<&'static str>>,
}

#[test]
fn the_folder_of_copies_is_for_its_owner_alone_also_if_an_older_release_made_it() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let folder = tempfile::tempdir().unwrap();
    let copies = folder.path().join("copies/state");
    fs::create_dir_all(&copies).unwrap();
    fs::set_permissions(&copies, fs::Permissions::from_mode(0o755)).unwrap();
    let url = url::Url::from_directory_path(folder.path().join("copies")).unwrap();
    Remote::open(&url).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&copies), 0o700);
}

/// The reply to one put, which waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    created: Arc<Notify>,
    released: Arc<Notify>,
}

impl Held {
    /// Waits until the object was created.
    pub(crate) async fn is_created(&self) {
        self.created.notified().await;
    }

    /// Lets the reply go.
    pub(crate) fn release(&self) {
        self.released.notify_one();
    }
}

impl Bucket {
    /// A handle for an agent, and one for the test.
    pub(crate) fn new() -> (Arc<Self>, Remote) {
        let bucket = Arc::new(Self::default());
        let remote = Remote::new(
            Arc::clone(&bucket) as Arc<dyn ObjectStore>,
            &Path::from("prefix"),
            "memory:",
        );
        (bucket, remote)
    }

    /// Nobody reaches it, or everybody does again.
    pub(crate) fn down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Nothing can be fetched, but things can be created.
    pub(crate) fn down_to_readers(&self, down: bool) {
        self.down_to_readers.store(down, Ordering::SeqCst);
    }

    /// Objects are created, and nobody hears of it.
    pub(crate) fn lose_replies(&self, lose: bool) {
        self.lose_replies.store(lose, Ordering::SeqCst);
    }

    /// The next object is created, and its maker hears of it later.
    pub(crate) fn hold_next_reply(&self) -> Held {
        self.held.lock().unwrap().insert(Held::default()).clone()
    }

    /// Nobody ever gets an answer.
    pub(crate) fn hang(&self, hang: bool) {
        self.hang.store(hang, Ordering::SeqCst);
    }

    /// What was asked since the last time.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    async fn gate(&self, call: &'static str) -> Result<()> {
        self.calls.lock().unwrap().push(call);
        if self.hang.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let to_readers = call == "get" && self.down_to_readers.load(Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) || to_readers {
            Err(no_reply())
        } else {
            Ok(())
        }
    }
}

fn no_reply() -> object_store::Error {
    object_store::Error::Generic {
        store: "bucket",
        source: "connection reset".into(),
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bucket")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        assert_eq!(options.mode, PutMode::Create, "a generation is never overwritten");
        self.gate("put").await?;
        let put = self.objects.put_opts(path, payload, options).await;
        let held = self.held.lock().unwrap().take();
        if let Some(held) = held {
            held.created.notify_one();
            held.released.notified().await;
        }
        if self.lose_replies.load(Ordering::SeqCst) {
            Err(no_reply())
        } else {
            put
        }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        unreachable!("generations are small")
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.gate("get").await?;
        self.objects.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.objects.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.calls.lock().unwrap().push("list");
        if self.hang.load(Ordering::SeqCst) {
            Box::pin(futures_util::stream::pending())
        } else if self.down.load(Ordering::SeqCst) {
            Box::pin(futures_util::stream::iter([Err(no_reply())]))
        } else {
            self.objects.list(prefix)
        }
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        unreachable!("there are no folders below state/")
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        unreachable!("generations are not copied")
    }
}

#[tokio::test]
async fn a_generation_is_created_once_and_listed_in_order() {
    let (_, remote) = Bucket::new();
    for generation in [2, 10, HIGHEST, 1] {
        assert_eq!(
            remote
                .create(generation, Bytes::from_static(b"first"))
                .await
                .unwrap(),
            Creation::Created
        );
    }
    assert_eq!(
        remote.create(10, Bytes::from_static(b"second")).await.unwrap(),
        Creation::Exists
    );
    assert_eq!(remote.fetch(10).await.unwrap().unwrap(), "first");
    assert_eq!(remote.fetch(3).await.unwrap(), None);
    let numbers = |listed: Vec<Generation>| {
        listed
            .iter()
            .map(|generation| generation.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(remote.list(0).await.unwrap()), [1, 2, 10, HIGHEST]);
    assert_eq!(numbers(remote.list(9).await.unwrap()), [10, HIGHEST]);
    assert_eq!(remote.newest(HIGHEST).await.unwrap(), None);
    remote.delete(10).await.unwrap();
    remote.delete(10).await.unwrap();
    assert_eq!(remote.fetch(10).await.unwrap(), None);
}

#[tokio::test]
async fn a_number_from_which_nobody_could_go_on_is_none_of_ours() {
    let (_, remote) = Bucket::new();
    for generation in [0, 1, HIGHEST + 1, 9_999_999_999, 10_000_000_000, u64::MAX] {
        remote
            .create(generation, Bytes::from_static(b"any"))
            .await
            .unwrap();
    }
    assert_eq!(remote.newest(0).await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_generation_larger_than_any_state_is_not_read() {
    let (bucket, remote) = Bucket::new();
    let large = Bytes::from(vec![0; usize::try_from(LARGEST).unwrap() + 1]);
    let error = remote.create(1, large.clone()).await.unwrap_err();
    assert!(
        error.to_string().starts_with("the state has 16777217 bytes"),
        "{error}"
    );
    bucket.objects.put(&remote.path(1), large.into()).await.unwrap();
    assert_eq!(
        remote.fetch(1).await.unwrap_err().to_string(),
        "generation 1 is damaged: it has 16777217 bytes, and no generation has more than 16777216"
    );
}

#[tokio::test]
async fn a_folder_is_a_remote_too_and_other_files_in_it_are_none_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let url = url::Url::from_directory_path(folder.path().join("copies here")).unwrap();
    let remote = Remote::open(&url).unwrap();
    assert_eq!(remote.newest(0).await.unwrap(), None);
    assert_eq!(
        remote.create(7, Bytes::from_static(b"seven")).await.unwrap(),
        Creation::Created
    );
    assert_eq!(
        remote.create(7, Bytes::from_static(b"again")).await.unwrap(),
        Creation::Exists
    );
    let inside = folder.path().join("copies here/state");
    for name in ["notes.txt", "8.db.zst", "0000000009.db", "000000000x.db.zst"] {
        std::fs::write(inside.join(name), b"").unwrap();
    }
    let listed = remote.list(0).await.unwrap();
    assert_eq!(
        listed.iter().map(|g| (g.number, g.bytes)).collect::<Vec<_>>(),
        [(7, 5)]
    );
    assert!(inside.join("0000000007.db.zst").exists());
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_hangs_is_given_up() {
    let (bucket, remote) = Bucket::new();
    bucket.hang(true);
    for error in [
        remote.list(0).await.map(drop).unwrap_err(),
        remote.create(1, Bytes::new()).await.map(drop).unwrap_err(),
        remote.fetch(1).await.map(drop).unwrap_err(),
    ] {
        assert!(error.is_silence());
        assert_eq!(error.to_string(), "memory:: no answer within 5s");
    }
}
