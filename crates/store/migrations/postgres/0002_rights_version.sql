-- Moves with every change of what callers may do, in the transaction of the change; one row.
CREATE TABLE rights_version (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);

INSERT INTO rights_version (id, number) VALUES (1, 0);
