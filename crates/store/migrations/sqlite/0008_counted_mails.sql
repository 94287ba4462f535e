-- Mails of the last hour, by user and kind: they bound how many a mailbox gets, also over a restart.
CREATE TABLE counted_mails (
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL,
    counted_at INTEGER NOT NULL
) STRICT;

INSERT INTO counted_mails (user_id, kind, counted_at)
SELECT user_id, 'password_reset', requested_at FROM passcode_requests;

DROP TABLE passcode_requests;

CREATE INDEX counted_mails_user ON counted_mails (user_id, kind);
CREATE INDEX counted_mails_age ON counted_mails (counted_at);
