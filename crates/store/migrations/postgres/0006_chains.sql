-- How many narrow keys there are from the nearest full key above a key down to the key itself; zero for a full key.
ALTER TABLE api_keys ADD COLUMN narrow_depth BIGINT NOT NULL DEFAULT 0;

-- How far above its key an ancestor is: 1 for the parent. The nearest ancestors are kept, no others.
ALTER TABLE api_key_ancestors ADD COLUMN distance BIGINT NOT NULL DEFAULT 1;
