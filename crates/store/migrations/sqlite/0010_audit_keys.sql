-- What was done with a key of late is found at once, however much its owner did with others.
CREATE INDEX audit_records_key ON audit_records (key_id, recorded_at);
