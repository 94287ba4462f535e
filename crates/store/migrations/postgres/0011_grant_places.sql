-- What a grantee may do with a resource is one row, which knows the organization of the resource and where that is in lists:
-- what many access lists share is found in an index alone. The database keeps the copies like the originals.
ALTER TABLE resources
ADD CONSTRAINT resources_places UNIQUE (resource_type, id, organization_id, created_at);

CREATE TABLE shares (
    resource_type   TEXT COLLATE "C" NOT NULL,
    resource_id     UUID NOT NULL,
    organization_id UUID NOT NULL,
    created_at      BIGINT NOT NULL,
    grantee_kind    TEXT COLLATE "C" NOT NULL CHECK (grantee_kind IN ('user', 'group')),
    grantee_id      UUID NOT NULL,
    -- A list of texts, none of which has a quotation mark.
    actions         TEXT COLLATE "C" NOT NULL CHECK (actions::json IS NOT NULL),
    PRIMARY KEY (resource_type, resource_id, grantee_kind, grantee_id),
    FOREIGN KEY (resource_type, resource_id, organization_id, created_at)
        REFERENCES resources (resource_type, id, organization_id, created_at) ON UPDATE CASCADE ON DELETE CASCADE
);

INSERT INTO shares
SELECT resource_type, resource_id, organization_id, created_at, grantee_kind, grantee_id,
    replace(json_agg(action ORDER BY action)::text, '", "', '","')
FROM resource_grants JOIN resources USING (resource_type)
WHERE resources.id = resource_grants.resource_id
GROUP BY resource_type, resource_id, organization_id, created_at, grantee_kind, grantee_id;

DROP TABLE resource_grants;

ALTER TABLE shares RENAME TO resource_grants;

CREATE INDEX resource_grants_grantee
ON resource_grants (grantee_id, grantee_kind, resource_type, organization_id, created_at, resource_id);

DROP INDEX resources_owner;

CREATE INDEX resources_owner ON resources (owner_id, resource_type, organization_id, created_at, id);
