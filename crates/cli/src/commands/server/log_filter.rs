//! `--log`: which lines the log has (`docs/operating.md`, *The log*).
use std::str::FromStr;

use keyfob_server::ACCESS_LOG;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// Where each statement is logged, with its text, on either database.
const STATEMENTS: &str = "sqlx::query";

/// A level for all lines, and levels for those of some targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogFilter {
    level: LevelFilter,
    targets: Vec<(String, LevelFilter)>,
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no level: use off, error, warn, info, debug or trace, alone or after a target, as in \
     `info,keyfob_server=debug`"
)]
pub(super) struct NoLevel(String);

impl FromStr for LogFilter {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        // Lines of other targets are left out where only some are named.
        let mut filter = Self { level: LevelFilter::OFF, targets: Vec::new() };
        for part in text.split(',').map(str::trim) {
            match part.split_once('=') {
                None => filter.level = level(part)?,
                Some(("", _)) => return Err(NoLevel(part.to_owned())),
                Some((target, of_target)) => filter.targets.push((target.to_owned(), level(of_target)?)),
            }
        }
        Ok(filter)
    }
}

/// The level of this name, in any case.
fn level(name: &str) -> Result<LevelFilter, NoLevel> {
    let known = name.chars().all(|letter| letter.is_ascii_alphabetic()) && !name.is_empty();
    name.parse().ok().filter(|_| known).ok_or_else(|| NoLevel(name.to_owned()))
}

impl LogFilter {
    /// The filter as the log takes it. The access log, if there is one, is written whichever level others have, and the
    /// texts of statements at `trace` alone, unless the filter names them.
    pub(super) fn targets(&self, has_access_log: bool) -> Targets {
        let mut targets = Targets::new().with_default(self.level);
        if self.level == LevelFilter::DEBUG || self.level == LevelFilter::INFO {
            // Statements that take long are worth a warning.
            targets = targets.with_target(STATEMENTS, LevelFilter::WARN);
        }
        if has_access_log {
            targets = targets.with_target(ACCESS_LOG, LevelFilter::INFO);
        }
        targets.with_targets(self.targets.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn targets(text: &str, has_access_log: bool) -> Targets {
        text.parse::<LogFilter>().unwrap().targets(has_access_log)
    }

    #[test]
    fn a_filter_is_levels_alone_and_of_targets() {
        let filter = targets("warn, keyfob_server=debug,keyfob_store=off", false);
        assert!(filter.would_enable("hyper", &Level::WARN) && !filter.would_enable("hyper", &Level::INFO));
        assert!(filter.would_enable("keyfob_server::http", &Level::DEBUG));
        assert!(!filter.would_enable("keyfob_store", &Level::ERROR));
        assert!(!targets("keyfob_server=debug", false).would_enable("hyper", &Level::ERROR));
        assert!(targets("TRACE", false).would_enable("hyper", &Level::TRACE));
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for (text, named) in [
            ("loud", "loud"),
            ("", ""),
            ("info,", ""),
            ("3", "3"),
            ("keyfob_server", "keyfob_server"),
            ("keyfob_server=loud", "loud"),
            ("keyfob_server=", ""),
            ("keyfob_server=a=debug", "a=debug"),
            ("=debug", "=debug"),
        ] {
            assert_eq!(text.parse::<LogFilter>(), Err(NoLevel(named.to_owned())), "{text}");
        }
    }

    #[test]
    fn statements_are_logged_at_trace_alone_unless_they_are_named() {
        for text in ["debug", "info", "info,keyfob_server=trace"] {
            let filter = targets(text, false);
            assert!(filter.would_enable(STATEMENTS, &Level::WARN), "{text}");
            assert!(!filter.would_enable(STATEMENTS, &Level::INFO), "{text}");
        }
        assert!(!targets("error", false).would_enable(STATEMENTS, &Level::WARN));
        for text in ["trace", "info,sqlx::query=debug"] {
            assert!(targets(text, false).would_enable(STATEMENTS, &Level::DEBUG), "{text}");
        }
    }

    #[test]
    fn the_access_log_is_written_at_every_level_unless_it_is_named() {
        for text in ["off", "warn", "info", "keyfob_server=warn"] {
            assert!(targets(text, true).would_enable(ACCESS_LOG, &Level::INFO), "{text}");
        }
        assert!(!targets("info,keyfob::access=off", true).would_enable(ACCESS_LOG, &Level::INFO));
    }
}
