-- Passcodes with which forgotten passwords are replaced; several of a user are good at a time.
CREATE TABLE passcodes (
    -- The notice that carries it.
    id      BLOB    NOT NULL PRIMARY KEY,
    user_id BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    BLOB    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX passcodes_user ON passcodes (user_id);

ALTER TABLE users DROP COLUMN passcode_hash;
ALTER TABLE users DROP COLUMN passcode_ends_at;
