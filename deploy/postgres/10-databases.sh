#!/bin/bash
# Makes the roles and databases on PostgreSQL's first start. Passwords come from the
# environment and pass through psql variables, which quote them.
#
#   refunddesk_migrator  owns the database refunddesk and its schema
#   refunddesk_app       works in it with the rights of app_rw, which the migrations grant
#   temporal             owns the engine's two databases and sees nothing else
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres \
  --set=migrator_password="$MIGRATOR_PASSWORD" \
  --set=app_password="$APP_PASSWORD" \
  --set=temporal_password="$TEMPORAL_PASSWORD" <<'SQL'
CREATE ROLE app_rw NOLOGIN;
CREATE ROLE app_ro NOLOGIN;
CREATE ROLE refunddesk_migrator LOGIN PASSWORD :'migrator_password';
CREATE ROLE refunddesk_app LOGIN PASSWORD :'app_password' IN ROLE app_rw;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';

CREATE DATABASE refunddesk OWNER refunddesk_migrator ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE refunddesk FROM PUBLIC;
GRANT CONNECT ON DATABASE refunddesk TO app_rw, app_ro;

CREATE DATABASE temporal OWNER temporal ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE temporal_visibility OWNER temporal ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE temporal FROM PUBLIC;
REVOKE ALL ON DATABASE temporal_visibility FROM PUBLIC;
SQL
