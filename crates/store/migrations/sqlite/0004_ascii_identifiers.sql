-- Names and addresses are the same if they differ only in the case of ASCII letters, which is what `lower` compares.
-- Before, letters that Unicode counts as another case of each other were the same, too.
UPDATE users SET username_key = lower(username) WHERE username_key <> lower(username);
UPDATE users SET email_key = lower(email) WHERE email_key <> lower(email);
UPDATE organizations SET name_key = lower(name) WHERE name_key <> lower(name);
UPDATE custom_roles SET name_key = lower(name) WHERE name_key <> lower(name);
