#!/bin/sh
# Brings the engine's two databases to the schema that is built into this image's tool.
# Runs on every start: an update of what is up to date does nothing. The connection comes
# from SQL_* variables.
set -eu

bring() {
	database=$1
	schema=$2
	if ! temporal-sql-tool --database "$database" update-schema --schema-name "$schema"; then
		# No version table yet: this is the first start.
		temporal-sql-tool --database "$database" setup-schema --version 0.0
		temporal-sql-tool --database "$database" update-schema --schema-name "$schema"
	fi
}

bring temporal postgresql/v12/temporal
bring temporal_visibility postgresql/v12/visibility
