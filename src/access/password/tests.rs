//! Logins with a file and a throttle of their own.

use std::fs;

use super::*;

const ANNA: &str = "anna:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n";
const BERT: &str = "bert:$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/\n";

struct Scene {
    passwords: Passwords,
    throttle: Arc<Throttle>,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("htpasswd");
        fs::write(&path, text).unwrap();
        Self {
            passwords: Passwords::load(&path).unwrap(),
            throttle: Arc::new(Throttle::new()),
            _folder: folder,
        }
    }

    async fn log_in(&self, user: &str, password: &str, host: u8) -> Result<bool, Throttled> {
        let basic = Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        let address = IpAddr::from([192, 0, 2, host]);
        let verified = self
            .passwords
            .verify(&basic, address, &self.throttle)
            .await?;
        assert!(verified.is_none_or(|entry| self.passwords.fingerprint(user) == Some(entry)));
        Ok(verified.is_some())
    }
}

#[tokio::test]
async fn the_correct_password_of_a_known_user_is_verified() {
    let scene = Scene::new(BERT);
    assert_eq!(scene.log_in("bert", "correct horse", 1).await, Ok(true));
    assert_eq!(scene.log_in("bert", "correct horse", 1).await, Ok(true));
    assert_eq!(scene.log_in("bert", "wrong", 1).await, Ok(false));
    assert_eq!(scene.log_in("anna", "correct horse", 1).await, Ok(false));
}

#[tokio::test]
async fn a_guessing_address_is_throttled_even_with_the_correct_password() {
    let scene = Scene::new(ANNA);
    assert_eq!(scene.log_in("anna", "correct horse", 2).await, Ok(true));
    for _ in 0..6 {
        assert_eq!(scene.log_in("anna", "wrong", 1).await, Ok(false));
    }
    assert!(scene.log_in("anna", "correct horse", 1).await.is_err());
    assert_eq!(scene.log_in("anna", "correct horse", 2).await, Ok(true));
}

#[tokio::test]
async fn a_verified_password_passes_while_its_user_is_throttled() {
    let scene = Scene::new(ANNA);
    assert_eq!(scene.log_in("anna", "correct horse", 250).await, Ok(true));
    let mut throttled = 0;
    for guess in 0..48 {
        let guessed = scene.log_in("anna", "wrong", guess % 8).await;
        throttled += u32::from(guessed.is_err());
    }
    assert!(throttled > 0, "the guesses at one user share a rate limit");
    assert_eq!(scene.log_in("anna", "correct horse", 251).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parallel_requests_of_a_page_all_pass() {
    let scene = Scene::new(BERT);
    let page = (0..40).map(|_| scene.log_in("bert", "correct horse", 1));
    let results = futures_util::future::join_all(page).await;
    assert!(results.into_iter().all(|result| result == Ok(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_share_the_free_failures_of_their_address() {
    let scene = Scene::new(BERT);
    let words: Vec<String> = (0..60).map(|word| format!("guess {word}")).collect();
    let guesses = words.iter().map(|word| scene.log_in("bert", word, 1));
    let results = futures_util::future::join_all(guesses).await;
    let hashed = results.iter().filter(|result| result.is_ok()).count();
    assert!(hashed <= 6, "{hashed} were hashed");
}

#[tokio::test]
async fn a_changed_file_forgets_verified_passwords() {
    let scene = Scene::new(ANNA);
    assert_eq!(scene.log_in("anna", "correct horse", 1).await, Ok(true));
    let path = scene.passwords.path().to_owned();
    fs::write(&path, format!("{BERT}carl\n")).unwrap();
    assert!(scene.passwords.refresh().unwrap());
    assert_eq!(scene.log_in("anna", "correct horse", 1).await, Ok(false));
    assert_eq!(scene.log_in("bert", "correct horse", 1).await, Ok(true));
    assert_eq!(scene.passwords.faults()[0].line, 2);

    fs::write(&path, "").unwrap();
    assert!(scene.passwords.refresh().is_err());
    assert_eq!(scene.log_in("bert", "correct horse", 1).await, Ok(true));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("htpasswd");
    let fault = Passwords::load(&path).err().unwrap();
    assert!(format!("{fault:#}").contains("hubgate user add NAME"));
}
