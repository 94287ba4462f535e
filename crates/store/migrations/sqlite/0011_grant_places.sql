-- What a grantee may do with a resource is one row, which knows the organization of the resource and where that is in lists:
-- what many access lists share is found in an index alone. The database keeps the copies like the originals.
CREATE UNIQUE INDEX resources_places ON resources (resource_type, id, organization_id, created_at);

CREATE TABLE shares (
    resource_type   TEXT    NOT NULL,
    resource_id     BLOB    NOT NULL,
    organization_id BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    grantee_kind    TEXT    NOT NULL CHECK (grantee_kind IN ('user', 'group')),
    grantee_id      BLOB    NOT NULL,
    -- A list of texts, none of which has a quotation mark.
    actions         TEXT    NOT NULL CHECK (json_valid(actions)),
    PRIMARY KEY (resource_type, resource_id, grantee_kind, grantee_id),
    FOREIGN KEY (resource_type, resource_id, organization_id, created_at)
        REFERENCES resources (resource_type, id, organization_id, created_at) ON UPDATE CASCADE ON DELETE CASCADE
) STRICT;

INSERT INTO shares
SELECT resource_type, resource_id, organization_id, created_at, grantee_kind, grantee_id,
    json_group_array(action ORDER BY action)
FROM resource_grants JOIN resources USING (resource_type)
WHERE resources.id = resource_grants.resource_id
GROUP BY resource_type, resource_id, organization_id, created_at, grantee_kind, grantee_id;

DROP TABLE resource_grants;

ALTER TABLE shares RENAME TO resource_grants;

CREATE INDEX resource_grants_grantee
ON resource_grants (grantee_id, grantee_kind, resource_type, organization_id, created_at, resource_id, actions);

DROP INDEX resources_owner;

CREATE INDEX resources_owner ON resources (owner_id, resource_type, organization_id, created_at, id);
