-- Moves with every change of what callers may do, in the transaction of the change; one row.
CREATE TABLE rights_version (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO rights_version (id, number) VALUES (1, 0);
