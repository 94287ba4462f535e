-- Whose rights changed, with the version of rights that the change made: what replicas learn of each other's changes. Rows
-- are removed when no replica can have missed them.
CREATE TABLE rights_changes (
    version    INTEGER NOT NULL,
    reach      TEXT NOT NULL CHECK (reach IN ('everybody', 'user', 'key')),
    -- The id of the user or key; empty for everybody.
    id         TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (version, reach, id)
) STRICT;

CREATE INDEX rights_changes_age ON rights_changes (changed_at);

-- The processes that share the database.
CREATE TABLE replicas (
    id         TEXT NOT NULL PRIMARY KEY,
    -- The version of rights up to which the replica has read the changes.
    seen       INTEGER NOT NULL,
    -- For so many microseconds after `renewed_at`, by the database's clock, the replica may decide by what it remembers.
    lease      INTEGER NOT NULL,
    renewed_at INTEGER NOT NULL
) STRICT;

-- Background work that one replica does for all.
CREATE TABLE duties (
    name    TEXT NOT NULL PRIMARY KEY,
    replica TEXT NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
