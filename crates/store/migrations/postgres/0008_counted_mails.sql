-- Mails of the last hour, by user and kind: they bound how many a mailbox gets, also over a restart.
CREATE TABLE counted_mails (
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT COLLATE "C" NOT NULL,
    counted_at BIGINT NOT NULL
);

DROP TABLE passcode_requests;

CREATE INDEX counted_mails_user ON counted_mails (user_id, kind);
CREATE INDEX counted_mails_age ON counted_mails (counted_at);
