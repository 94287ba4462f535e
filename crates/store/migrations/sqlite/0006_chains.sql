-- How many narrow keys there are from the nearest full key above a key down to the key itself; zero for a full key.
ALTER TABLE api_keys ADD COLUMN narrow_depth INTEGER NOT NULL DEFAULT 0;

-- How far above its key an ancestor is: 1 for the parent. The nearest ancestors are kept, no others.
ALTER TABLE api_key_ancestors ADD COLUMN distance INTEGER NOT NULL DEFAULT 1;

-- Until now a key's ancestors were written from the farthest to the nearest.
UPDATE api_key_ancestors SET distance = placed.distance
FROM (
    SELECT rowid AS id, row_number() OVER (PARTITION BY key_id ORDER BY rowid DESC) AS distance
    FROM api_key_ancestors
) AS placed
WHERE api_key_ancestors.rowid = placed.id;

DELETE FROM api_key_ancestors WHERE distance > 16;

CREATE TEMP TABLE full_keys AS
SELECT id FROM api_keys
WHERE EXISTS (SELECT 1 FROM json_each(scopes) WHERE value = 'coder:all')
  AND EXISTS (SELECT 1 FROM json_each(allow_list) WHERE value = '*:*');

UPDATE api_keys SET narrow_depth = 1 + (
    SELECT count(*) FROM api_key_ancestors AS above
    JOIN api_keys AS key ON key.id = above.ancestor_id
    WHERE above.key_id = api_keys.id AND key.id NOT IN (SELECT id FROM full_keys)
)
WHERE id NOT IN (SELECT id FROM full_keys);

DROP TABLE full_keys;
