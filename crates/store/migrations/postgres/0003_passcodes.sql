-- Passcodes with which forgotten passwords are replaced; several of a user are good at a time.
CREATE TABLE passcodes (
    -- The notice that carries it.
    id      UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    BYTEA NOT NULL,
    ends_at BIGINT NOT NULL
);

CREATE INDEX passcodes_user ON passcodes (user_id);

ALTER TABLE users DROP COLUMN passcode_hash;
ALTER TABLE users DROP COLUMN passcode_ends_at;
