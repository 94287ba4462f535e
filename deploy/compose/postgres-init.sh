#!/bin/sh
# Run by the image of PostgreSQL when it makes the database: a user for Keyfob, who owns its database and nothing else.
set -eu
password=$(cat /run/secrets/postgres-password)
psql --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres --set=password="$password" <<'SQL'
CREATE ROLE keyfob LOGIN PASSWORD :'password';
CREATE DATABASE keyfob OWNER keyfob ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE keyfob FROM PUBLIC;
SQL
