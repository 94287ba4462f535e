-- What records are searched by, and what they show: a record about a key names the key's owner in `resource_id`, and the
-- key in the diff.
ALTER TABLE audit_records ADD COLUMN api_key_id TEXT COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN resource_type = 'api_key' AND length(resource_id) = 10 THEN resource_id
    ELSE diff::json -> 'additional_fields' ->> 'api_key_id' END
) STORED;

ALTER TABLE audit_records ADD COLUMN object_id TEXT COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN resource_type = 'api_key' AND length(resource_id) = 10
    THEN coalesce(diff::json -> 'user_id' ->> 'new', diff::json -> 'user_id' ->> 'old')
    ELSE resource_id END
) STORED;

DROP INDEX audit_records_resource;
CREATE INDEX audit_records_object ON audit_records (object_id);
CREATE INDEX audit_records_api_key ON audit_records (api_key_id) WHERE api_key_id IS NOT NULL;
