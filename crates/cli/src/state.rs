//! The files that `keyfob login` stores: one each for the URL, the token and the organization.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use keyfob_api::secret::SecretText;

/// The folder with those files; none for a user without a home folder, for whom nothing is stored.
#[derive(Clone, Debug)]
pub(crate) struct StateDir(Option<PathBuf>);

/// The files of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateFile {
    /// The server's URL.
    Url,
    /// The token to use with it.
    Session,
    /// The selected organization.
    Organization,
}

impl StateFile {
    pub(crate) const ALL: [Self; 3] = [Self::Url, Self::Session, Self::Organization];

    fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Session => "session",
            Self::Organization => "organization",
        }
    }

    /// The file's name in messages.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::Session => "session",
            Self::Organization => "organization",
        }
    }
}

impl StateDir {
    /// The wanted folder, else the one in the user's configuration folder.
    pub(crate) fn new(wanted: Option<&Path>) -> Self {
        let own = || directories::ProjectDirs::from("", "", "keyfob").map(|folders| folders.config_dir().to_owned());
        Self(wanted.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned).or_else(own))
    }

    /// Makes the folder, before something is made that only its files will hold.
    ///
    /// # Errors
    /// When there is none, or it cannot be made.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        let path = self.0.as_deref().context("there is no home folder: name a folder with --global-config")?;
        private::create_dir(path).with_context(|| format!("cannot make the folder `{}`", path.display()))
    }

    /// The server's URL, if there is one.
    pub(crate) fn url(&self) -> anyhow::Result<Option<String>> {
        self.read(StateFile::Url)
    }

    /// The token, if there is one.
    pub(crate) fn session(&self) -> anyhow::Result<Option<SecretText>> {
        Ok(self.read(StateFile::Session)?.map(SecretText::new))
    }

    /// The selected organization, if there is one.
    pub(crate) fn organization(&self) -> anyhow::Result<Option<String>> {
        self.read(StateFile::Organization)
    }

    /// Stores a server and the token to use with it. At no time does the folder hold the token of another server.
    pub(crate) fn store(&self, url: &str, session: &SecretText) -> anyhow::Result<()> {
        self.prepare()?;
        self.remove(StateFile::Session).context("cannot remove the old session")?;
        self.write(StateFile::Url, url).context("cannot store the URL")?;
        self.write(StateFile::Session, session.reveal()).context("cannot store the session")
    }

    /// Removes a file; a missing one is not an error.
    pub(crate) fn remove(&self, file: StateFile) -> io::Result<()> {
        let Some(path) = self.path(file) else { return Ok(()) };
        match fs::remove_file(path) {
            Err(error) if !is_missing(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn read(&self, file: StateFile) -> anyhow::Result<Option<String>> {
        let Some(path) = self.path(file) else { return Ok(None) };
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// Readers see the old text or the new one, never a part.
    fn write(&self, file: StateFile, text: &str) -> io::Result<()> {
        let path = self.path(file).ok_or(io::ErrorKind::NotFound)?;
        let new = path.with_file_name(format!(".{}.{}", file.name(), std::process::id()));
        private::write_file(&new, text.as_bytes())
            .and_then(|()| fs::rename(&new, path))
            .inspect_err(|_| drop(fs::remove_file(&new)))
    }

    fn path(&self, file: StateFile) -> Option<PathBuf> {
        Some(self.0.as_ref()?.join(file.name()))
    }
}

/// Whether the file is not there. The home folder of some service users is `/dev/null`.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Files that only their owner can read.
mod private {
    use std::{
        fs::{self, DirBuilder, OpenOptions},
        io::{self, Write as _},
        path::Path,
    };

    pub(super) fn create_dir(path: &Path) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
        builder.create(path)
    }

    pub(super) fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
        let _left_over = fs::remove_file(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(content)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, StateDir) {
        let temporary = tempfile::tempdir().unwrap();
        let state = StateDir::new(Some(&temporary.path().join("a/b")));
        (temporary, state)
    }

    #[test]
    fn stored_values_are_read_without_white_space() {
        let (_temporary, state) = folder();
        assert_eq!(state.url().unwrap(), None);
        state.store("http://localhost:3000", &SecretText::new("key")).unwrap();
        fs::write(state.path(StateFile::Organization).unwrap(), " coder\n").unwrap();
        assert_eq!(state.url().unwrap().as_deref(), Some("http://localhost:3000"));
        assert_eq!(state.session().unwrap().unwrap().reveal(), "key");
        assert_eq!(state.organization().unwrap().as_deref(), Some("coder"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_token() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_temporary, state) = folder();
        state.store("http://localhost:3000", &SecretText::new("key")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = state.0.as_deref().unwrap();
        assert_eq!(mode(folder) & 0o027, 0o0, "the folder is closed to others");
        assert_eq!(mode(&folder.join("session")), 0o600);
        assert_eq!(mode(&folder.join("url")), 0o600);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "nothing else is left over");
    }

    #[test]
    fn without_a_folder_nothing_is_stored() {
        let state = StateDir(None);
        assert_eq!(state.url().unwrap(), None);
        assert!(state.session().unwrap().is_none());
        state.remove(StateFile::Session).unwrap();
        let error = state.store("http://localhost:3000", &SecretText::new("key")).unwrap_err();
        assert!(error.to_string().contains("--global-config"), "{error}");
        // As the home folder of some service users.
        let state = StateDir(Some("/dev/null/.config/keyfob".into()));
        assert_eq!(state.url().unwrap(), None);
        state.remove(StateFile::Session).unwrap();
    }

    #[test]
    fn removing_missing_files_is_not_an_error() {
        let (_temporary, state) = folder();
        state.store("http://localhost:3000", &SecretText::new("key")).unwrap();
        for _ in 0..2 {
            for file in StateFile::ALL {
                state.remove(file).unwrap();
            }
        }
        assert_eq!(state.url().unwrap(), None);
    }
}
