-- Instants are microseconds since 1970 in UTC. Texts are compared byte by byte, as SQLite does, and JSON is text, so that it
-- is read as it was written.

CREATE TABLE settings (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE users (
    id                 UUID NOT NULL PRIMARY KEY,
    username           TEXT COLLATE "C" NOT NULL CHECK (username <> ''),
    username_key       TEXT COLLATE "C" NOT NULL,
    email              TEXT COLLATE "C" NOT NULL,
    email_key          TEXT COLLATE "C" NOT NULL,
    name               TEXT COLLATE "C" NOT NULL,
    avatar_url         TEXT COLLATE "C" NOT NULL DEFAULT '',
    password_hash      TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- Wrong passwords in a row, and when the last was given.
    password_failures  BIGINT NOT NULL DEFAULT 0,
    password_failed_at BIGINT NOT NULL DEFAULT 0,
    -- What the passcode of a reset hashes to, once it was mailed, and when it ends; 0 if none was asked for.
    passcode_hash      BYTEA,
    passcode_ends_at   BIGINT NOT NULL DEFAULT 0,
    status             TEXT COLLATE "C" NOT NULL CHECK (status IN ('active', 'dormant', 'suspended')),
    login_type         TEXT COLLATE "C" NOT NULL CHECK (login_type IN ('password', 'github', 'oidc', 'none')),
    roles              TEXT COLLATE "C" NOT NULL CHECK (roles::json IS NOT NULL),
    is_service_account BOOLEAN NOT NULL DEFAULT FALSE,
    deleted            BOOLEAN NOT NULL DEFAULT FALSE,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    last_seen_at       BIGINT,
    CHECK ((email = '') = is_service_account),
    CHECK (NOT is_service_account OR login_type = 'none')
);

-- A deleted user's name and address are free again.
CREATE UNIQUE INDEX users_live_username ON users (username_key) WHERE NOT deleted;
CREATE UNIQUE INDEX users_live_email ON users (email_key) WHERE NOT deleted AND email_key <> '';

CREATE TABLE organizations (
    id                         UUID NOT NULL PRIMARY KEY,
    name                       TEXT COLLATE "C" NOT NULL,
    name_key                   TEXT COLLATE "C" NOT NULL,
    display_name               TEXT COLLATE "C" NOT NULL,
    description                TEXT COLLATE "C" NOT NULL DEFAULT '',
    icon                       TEXT COLLATE "C" NOT NULL DEFAULT '',
    is_default                 BOOLEAN NOT NULL DEFAULT FALSE,
    default_org_member_roles   TEXT COLLATE "C" NOT NULL CHECK (default_org_member_roles::json IS NOT NULL),
    shareable_workspace_owners TEXT COLLATE "C" NOT NULL DEFAULT 'everyone'
        CHECK (shareable_workspace_owners IN ('everyone', 'service_accounts', 'none')),
    deleted                    BOOLEAN NOT NULL DEFAULT FALSE,
    created_at                 BIGINT NOT NULL,
    updated_at                 BIGINT NOT NULL
);

CREATE UNIQUE INDEX organizations_live_name ON organizations (name_key) WHERE NOT deleted;
CREATE UNIQUE INDEX organizations_default ON organizations (is_default) WHERE is_default;

CREATE TABLE organization_members (
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    roles           TEXT COLLATE "C" NOT NULL CHECK (roles::json IS NOT NULL),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);

CREATE INDEX organization_members_user ON organization_members (user_id);

-- How a user likes pages to look; nothing that decides anything.
CREATE TABLE user_settings (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT COLLATE "C" NOT NULL,
    value   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- Which account at an identity provider is whose.
CREATE TABLE user_links (
    user_id              UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    login_type           TEXT COLLATE "C" NOT NULL CHECK (login_type IN ('github', 'oidc')),
    linked_id            TEXT COLLATE "C" NOT NULL CHECK (linked_id <> ''),
    sealed_refresh_token BYTEA,
    -- When the provider's own token ends; NULL if it does not.
    token_ends_at        BIGINT,
    claims               TEXT COLLATE "C" NOT NULL CHECK (claims::json IS NOT NULL),
    PRIMARY KEY (user_id, login_type),
    UNIQUE (login_type, linked_id)
);

-- What people are still to be told by mail. None holds a secret: what a mail says is written when it is sent.
CREATE TABLE notices (
    id         UUID NOT NULL PRIMARY KEY,
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Of notices about the same there is one.
    about      TEXT COLLATE "C" NOT NULL,
    content    TEXT COLLATE "C" NOT NULL CHECK (content::json IS NOT NULL),
    created_at BIGINT NOT NULL,
    -- Not to be sent before.
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    UNIQUE (user_id, about)
);

CREATE INDEX notices_due ON notices (due_at);

-- The group with its organization's own id holds every member, whatever group_members says.
CREATE TABLE groups (
    id              UUID NOT NULL PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    display_name    TEXT COLLATE "C" NOT NULL DEFAULT '',
    avatar_url      TEXT COLLATE "C" NOT NULL DEFAULT '',
    quota_allowance INTEGER NOT NULL DEFAULT 0,
    source          TEXT COLLATE "C" NOT NULL DEFAULT 'user' CHECK (source IN ('user', 'oidc')),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE group_members (
    group_id UUID NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
);

CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE custom_roles (
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            TEXT COLLATE "C" NOT NULL,
    name_key        TEXT COLLATE "C" NOT NULL,
    display_name    TEXT COLLATE "C" NOT NULL DEFAULT '',
    permissions     TEXT COLLATE "C" NOT NULL CHECK (permissions::json IS NOT NULL),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, name_key)
);

-- A key's live name is its name while it may still block another of that name; minting clears it from expired rows.
CREATE TABLE api_keys (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    secret_hash      BYTEA NOT NULL,
    user_id          UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    parent_id        TEXT COLLATE "C",
    login_type       TEXT COLLATE "C" NOT NULL,
    token_name       TEXT COLLATE "C" NOT NULL DEFAULT '',
    live_name        TEXT COLLATE "C",
    scopes           TEXT COLLATE "C" NOT NULL CHECK (json_array_length(scopes::json) > 0),
    allow_list       TEXT COLLATE "C" NOT NULL CHECK (json_array_length(allow_list::json) > 0),
    lifetime_seconds BIGINT NOT NULL,
    ip_address       TEXT COLLATE "C" NOT NULL DEFAULT '0.0.0.0',
    user_agent       TEXT COLLATE "C" NOT NULL DEFAULT '',
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    last_used        BIGINT NOT NULL DEFAULT 0,
    expires_at       BIGINT NOT NULL,
    absolute_end     BIGINT,
    revoked_at       BIGINT,
    UNIQUE (user_id, live_name)
);

CREATE INDEX api_keys_expiry ON api_keys (expires_at);

-- Every ancestor of a key, also of those long gone: deleting the middle of a chain keeps the chain.
CREATE TABLE api_key_ancestors (
    key_id      TEXT COLLATE "C" NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    ancestor_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (key_id, ancestor_id)
);

CREATE INDEX api_key_ancestors_ancestor ON api_key_ancestors (ancestor_id);

-- Sign-ins that machines without a browser asked for (RFC 8628). Of a machine's own code only the hash is kept; no scopes,
-- or no allow list, mean all that the key has with which it is approved.
CREATE TABLE device_grants (
    code_hash  BYTEA NOT NULL PRIMARY KEY,
    user_code  TEXT COLLATE "C" NOT NULL UNIQUE,
    scopes     TEXT COLLATE "C" NOT NULL CHECK (scopes::json IS NOT NULL),
    allow_list TEXT COLLATE "C" NOT NULL CHECK (allow_list::json IS NOT NULL),
    ip_address TEXT COLLATE "C" NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'redeemed')),
    -- The key with which it was approved; once it was redeemed, the key that it was redeemed for.
    key_id     TEXT COLLATE "C",
    CHECK ((key_id IS NULL) = (state IN ('pending', 'denied')))
);

CREATE INDEX device_grants_end ON device_grants (ends_at);

-- One for the user or organization that an object has none of is the nil UUID: NULL would not be unique.
CREATE TABLE resources (
    resource_type   TEXT COLLATE "C" NOT NULL,
    id              UUID NOT NULL,
    name            TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    organization_id UUID NOT NULL,
    owner_id        UUID NOT NULL,
    attributes      TEXT COLLATE "C" NOT NULL CHECK (attributes::json IS NOT NULL),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (resource_type, id)
);

-- Names are looked up without regard to case.
CREATE UNIQUE INDEX resources_name ON resources (resource_type, organization_id, owner_id, lower(name));

CREATE INDEX resources_created ON resources (created_at, id);
CREATE INDEX resources_created_by_type ON resources (resource_type, created_at, id);
CREATE INDEX resources_owner ON resources (owner_id, resource_type, id);

CREATE TABLE resource_grants (
    resource_type TEXT COLLATE "C" NOT NULL,
    resource_id   UUID NOT NULL,
    grantee_kind  TEXT COLLATE "C" NOT NULL CHECK (grantee_kind IN ('user', 'group')),
    grantee_id    UUID NOT NULL,
    action        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (resource_type, resource_id, grantee_kind, grantee_id, action),
    FOREIGN KEY (resource_type, resource_id) REFERENCES resources (resource_type, id) ON DELETE CASCADE
);

CREATE INDEX resource_grants_grantee ON resource_grants (grantee_id, grantee_kind, resource_type, action, resource_id);

-- Allow lists may name a deleted resource: its id is never given out again.
CREATE TABLE retired_resources (
    id            UUID NOT NULL,
    resource_type TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id, resource_type)
);

-- No foreign keys: records outlive what they speak of. The sequence is the order in which they were committed; the hash
-- is over the record and the hash of the one before.
CREATE TABLE audit_records (
    sequence        BIGINT NOT NULL UNIQUE,
    id              UUID NOT NULL PRIMARY KEY,
    recorded_at     BIGINT NOT NULL,
    request_id      UUID NOT NULL,
    user_id         UUID,
    key_id          TEXT COLLATE "C" NOT NULL,
    ip_address      TEXT COLLATE "C" NOT NULL,
    user_agent      TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    resource_type   TEXT COLLATE "C" NOT NULL,
    resource_id     TEXT COLLATE "C" NOT NULL,
    resource_target TEXT COLLATE "C" NOT NULL,
    organization_id UUID,
    status_code     INTEGER NOT NULL,
    diff            TEXT COLLATE "C" NOT NULL CHECK (diff::json IS NOT NULL),
    hash            BYTEA NOT NULL
);

CREATE INDEX audit_records_time ON audit_records (recorded_at);
CREATE INDEX audit_records_user ON audit_records (user_id);
CREATE INDEX audit_records_resource ON audit_records (resource_id);

-- Where the chain begins after its first records were retired; at most one row.
CREATE TABLE audit_checkpoint (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence   BIGINT NOT NULL,
    hash       TEXT COLLATE "C" NOT NULL,
    retired_at BIGINT NOT NULL,
    signature  TEXT COLLATE "C" NOT NULL
);
