#!/bin/sh
# Makes sure that the tests find a PostgreSQL: a server named by REFUNDDESK_TEST_POSTGRES, or
# local binaries of version 15 or later, which the tests start private servers from. Where
# neither is there, Debian's package is installed, without a server of its own running.
set -eu

oldest=15

say() { echo "install-postgres: $*" >&2; }

# version prints the major version of the binaries in a folder, 0 when they are not all there.
version() {
	if [ -x "$1/initdb" ] && [ -x "$1/postgres" ]; then
		"$1/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
	else
		echo 0
	fi
}

found() {
	for folder in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null || true)" \
		"$(dirname "$(command -v postgres 2>/dev/null || echo /nowhere/postgres)")"; do
		[ -n "$folder" ] && [ "$(version "$folder")" -ge "$oldest" ] && return 0
	done
	return 1
}

if [ -n "${REFUNDDESK_TEST_POSTGRES:-}" ] || found; then
	exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
	say "there is no PostgreSQL $oldest or later here and no apt-get to install it with."
	say "Install it your system's way, or name a server in REFUNDDESK_TEST_POSTGRES"
	say "(postgres://user:password@host:5432/postgres, a role that may create databases and roles)."
	exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif sudo -n true 2>/dev/null; then
	as_root=sudo
else
	say "there is no PostgreSQL $oldest or later here, and installing it needs root. Run"
	say "    sudo apt-get install postgresql"
	say "or name a server in REFUNDDESK_TEST_POSTGRES."
	exit 1
fi

install() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null; }

say "installing Debian's PostgreSQL for the tests"
$as_root apt-get update -qq
install postgresql-common
# The tests need the programs only: no server should start here and take the usual port.
conf=/etc/postgresql-common/createcluster.conf
[ ! -f "$conf" ] || $as_root sed -i 's/^#\{0,1\}create_main_cluster *=.*/create_main_cluster = false/' "$conf"
install postgresql

if ! found; then
	say "the package that was installed is older than PostgreSQL $oldest;"
	say "add apt.postgresql.org to your sources, or name a server in REFUNDDESK_TEST_POSTGRES."
	exit 1
fi
