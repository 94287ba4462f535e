-- What records are searched by, and what they show: a record about a key names the key's owner in `resource_id`, and the
-- key in the diff. Records that were written before name the key in `resource_id`; they stay as they are, because the
-- chain is over them. What they say of the owner is in the diff, if at all.
ALTER TABLE audit_records ADD COLUMN api_key_id TEXT GENERATED ALWAYS AS (
    CASE WHEN resource_type = 'api_key' AND length(resource_id) = 10 THEN resource_id
    ELSE json_extract(diff, '$.additional_fields.api_key_id') END
) VIRTUAL;

ALTER TABLE audit_records ADD COLUMN object_id TEXT GENERATED ALWAYS AS (
    CASE WHEN resource_type = 'api_key' AND length(resource_id) = 10
    THEN coalesce(json_extract(diff, '$.user_id.new'), json_extract(diff, '$.user_id.old'))
    ELSE resource_id END
) VIRTUAL;

DROP INDEX audit_records_resource;
CREATE INDEX audit_records_object ON audit_records (object_id);
CREATE INDEX audit_records_api_key ON audit_records (api_key_id) WHERE api_key_id IS NOT NULL;
