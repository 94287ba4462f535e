-- Ids are 16-byte UUIDs, instants microseconds since 1970 in UTC, booleans 0 or 1.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id                 BLOB    NOT NULL PRIMARY KEY,
    username           TEXT    NOT NULL CHECK (username <> ''),
    username_key       TEXT    NOT NULL,
    email              TEXT    NOT NULL,
    email_key          TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    avatar_url         TEXT    NOT NULL DEFAULT '',
    password_hash      TEXT    NOT NULL DEFAULT '',
    -- Wrong passwords in a row, and when the last was given.
    password_failures  INTEGER NOT NULL DEFAULT 0,
    password_failed_at INTEGER NOT NULL DEFAULT 0,
    -- What the passcode of a reset hashes to, once it was mailed, and when it ends; 0 if none was asked for.
    passcode_hash      BLOB,
    passcode_ends_at   INTEGER NOT NULL DEFAULT 0,
    status             TEXT    NOT NULL CHECK (status IN ('active', 'dormant', 'suspended')),
    login_type         TEXT    NOT NULL CHECK (login_type IN ('password', 'github', 'oidc', 'none')),
    roles              TEXT    NOT NULL CHECK (json_valid(roles)),
    is_service_account INTEGER NOT NULL DEFAULT 0,
    deleted            INTEGER NOT NULL DEFAULT 0,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    last_seen_at       INTEGER,
    CHECK ((email = '') = (is_service_account = 1)),
    CHECK (is_service_account = 0 OR login_type = 'none')
) STRICT;

-- A deleted user's name and address are free again.
CREATE UNIQUE INDEX users_live_username ON users (username_key) WHERE deleted = 0;
CREATE UNIQUE INDEX users_live_email ON users (email_key) WHERE deleted = 0 AND email_key <> '';

CREATE TABLE organizations (
    id                         BLOB    NOT NULL PRIMARY KEY,
    name                       TEXT    NOT NULL,
    name_key                   TEXT    NOT NULL,
    display_name               TEXT    NOT NULL,
    description                TEXT    NOT NULL DEFAULT '',
    icon                       TEXT    NOT NULL DEFAULT '',
    is_default                 INTEGER NOT NULL DEFAULT 0,
    default_org_member_roles   TEXT    NOT NULL CHECK (json_valid(default_org_member_roles)),
    shareable_workspace_owners TEXT    NOT NULL DEFAULT 'everyone'
        CHECK (shareable_workspace_owners IN ('everyone', 'service_accounts', 'none')),
    deleted                    INTEGER NOT NULL DEFAULT 0,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX organizations_live_name ON organizations (name_key) WHERE deleted = 0;
CREATE UNIQUE INDEX organizations_default ON organizations (is_default) WHERE is_default = 1;

CREATE TABLE organization_members (
    organization_id BLOB    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    roles           TEXT    NOT NULL CHECK (json_valid(roles)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT;

CREATE INDEX organization_members_user ON organization_members (user_id);

-- How a user likes pages to look; nothing that decides anything.
CREATE TABLE user_settings (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT;

-- Which account at an identity provider is whose.
CREATE TABLE user_links (
    user_id              BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    login_type           TEXT NOT NULL CHECK (login_type IN ('github', 'oidc')),
    linked_id            TEXT NOT NULL CHECK (linked_id <> ''),
    sealed_refresh_token BLOB,
    -- When the provider's own token ends; NULL if it does not.
    token_ends_at        INTEGER,
    claims               TEXT NOT NULL CHECK (json_valid(claims)),
    PRIMARY KEY (user_id, login_type),
    UNIQUE (login_type, linked_id)
) STRICT;

-- What people are still to be told by mail. None holds a secret: what a mail says is written when it is sent.
CREATE TABLE notices (
    id         BLOB    NOT NULL PRIMARY KEY,
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Of notices about the same there is one.
    about      TEXT    NOT NULL,
    content    TEXT    NOT NULL CHECK (json_valid(content)),
    created_at INTEGER NOT NULL,
    -- Not to be sent before.
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_id, about)
) STRICT;

CREATE INDEX notices_due ON notices (due_at);

-- The group with its organization's own id holds every member, whatever group_members says.
CREATE TABLE groups (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL CHECK (name <> ''),
    display_name    TEXT    NOT NULL DEFAULT '',
    avatar_url      TEXT    NOT NULL DEFAULT '',
    quota_allowance INTEGER NOT NULL DEFAULT 0,
    source          TEXT    NOT NULL DEFAULT 'user' CHECK (source IN ('user', 'oidc')),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (organization_id, name)
) STRICT;

CREATE TABLE group_members (
    group_id BLOB NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id  BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) STRICT;

CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE custom_roles (
    organization_id BLOB    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    name_key        TEXT    NOT NULL,
    display_name    TEXT    NOT NULL DEFAULT '',
    permissions     TEXT    NOT NULL CHECK (json_valid(permissions)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, name_key)
) STRICT;

-- A key's live name is its name while it may still block another of that name; minting clears it from expired rows.
CREATE TABLE api_keys (
    id               TEXT    NOT NULL PRIMARY KEY,
    secret_hash      BLOB    NOT NULL,
    user_id          BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    parent_id        TEXT,
    login_type       TEXT    NOT NULL,
    token_name       TEXT    NOT NULL DEFAULT '',
    live_name        TEXT,
    scopes           TEXT    NOT NULL CHECK (json_array_length(scopes) > 0),
    allow_list       TEXT    NOT NULL CHECK (json_array_length(allow_list) > 0),
    lifetime_seconds INTEGER NOT NULL,
    ip_address       TEXT    NOT NULL DEFAULT '0.0.0.0',
    user_agent       TEXT    NOT NULL DEFAULT '',
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    last_used        INTEGER NOT NULL DEFAULT 0,
    expires_at       INTEGER NOT NULL,
    absolute_end     INTEGER,
    revoked_at       INTEGER,
    UNIQUE (user_id, live_name)
) STRICT;

CREATE INDEX api_keys_expiry ON api_keys (expires_at);

-- Every ancestor of a key, also of those long gone: deleting the middle of a chain keeps the chain.
CREATE TABLE api_key_ancestors (
    key_id      TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    ancestor_id TEXT NOT NULL,
    PRIMARY KEY (key_id, ancestor_id)
) STRICT;

CREATE INDEX api_key_ancestors_ancestor ON api_key_ancestors (ancestor_id);

-- Sign-ins that machines without a browser asked for (RFC 8628). Of a machine's own code only the hash is kept; no scopes,
-- or no allow list, mean all that the key has with which it is approved.
CREATE TABLE device_grants (
    code_hash  BLOB    NOT NULL PRIMARY KEY,
    user_code  TEXT    NOT NULL UNIQUE,
    scopes     TEXT    NOT NULL CHECK (json_valid(scopes)),
    allow_list TEXT    NOT NULL CHECK (json_valid(allow_list)),
    ip_address TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'redeemed')),
    -- The key with which it was approved; once it was redeemed, the key that it was redeemed for.
    key_id     TEXT,
    CHECK ((key_id IS NULL) = (state IN ('pending', 'denied')))
) STRICT;

CREATE INDEX device_grants_end ON device_grants (ends_at);

-- One for the user or organization that an object has none of is the nil UUID: NULL would not be unique.
CREATE TABLE resources (
    resource_type   TEXT    NOT NULL,
    id              BLOB    NOT NULL,
    name            TEXT    NOT NULL CHECK (name <> ''),
    organization_id BLOB    NOT NULL,
    owner_id        BLOB    NOT NULL,
    attributes      TEXT    NOT NULL CHECK (json_valid(attributes)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (resource_type, id)
) STRICT;

-- Names are looked up without regard to case.
CREATE UNIQUE INDEX resources_name ON resources (resource_type, organization_id, owner_id, lower(name));

CREATE INDEX resources_created ON resources (created_at, id);
CREATE INDEX resources_created_by_type ON resources (resource_type, created_at, id);
CREATE INDEX resources_owner ON resources (owner_id, resource_type, id);

CREATE TABLE resource_grants (
    resource_type TEXT NOT NULL,
    resource_id   BLOB NOT NULL,
    grantee_kind  TEXT NOT NULL CHECK (grantee_kind IN ('user', 'group')),
    grantee_id    BLOB NOT NULL,
    action        TEXT NOT NULL,
    PRIMARY KEY (resource_type, resource_id, grantee_kind, grantee_id, action),
    FOREIGN KEY (resource_type, resource_id) REFERENCES resources (resource_type, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX resource_grants_grantee ON resource_grants (grantee_id, grantee_kind, resource_type, action, resource_id);

-- Allow lists may name a deleted resource: its id is never given out again.
CREATE TABLE retired_resources (
    id            BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    PRIMARY KEY (id, resource_type)
) STRICT;

-- No foreign keys: records outlive what they speak of. The sequence is the order in which they were committed; the hash
-- is over the record and the hash of the one before.
CREATE TABLE audit_records (
    sequence        INTEGER NOT NULL UNIQUE,
    id              BLOB    NOT NULL PRIMARY KEY,
    recorded_at     INTEGER NOT NULL,
    request_id      BLOB    NOT NULL,
    user_id         BLOB,
    key_id          TEXT    NOT NULL,
    ip_address      TEXT    NOT NULL,
    user_agent      TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    resource_type   TEXT    NOT NULL,
    resource_id     TEXT    NOT NULL,
    resource_target TEXT    NOT NULL,
    organization_id BLOB,
    status_code     INTEGER NOT NULL,
    diff            TEXT    NOT NULL CHECK (json_valid(diff)),
    hash            BLOB    NOT NULL
) STRICT;

CREATE INDEX audit_records_time ON audit_records (recorded_at);
CREATE INDEX audit_records_user ON audit_records (user_id);
CREATE INDEX audit_records_resource ON audit_records (resource_id);

-- Where the chain begins after its first records were retired; at most one row.
CREATE TABLE audit_checkpoint (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence   INTEGER NOT NULL,
    hash       TEXT    NOT NULL,
    retired_at INTEGER NOT NULL,
    signature  TEXT    NOT NULL
) STRICT;
