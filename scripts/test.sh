#!/bin/sh
# Runs all tests. Arguments go to `go test` (say, -run Refund).
#
# Everything runs under the race detector but what links the embedded engine, which would be
# built a second time for that (five minutes), and the end-to-end tests, which start the
# built programs as processes of their own.
set -eu
cd "$(dirname "$0")/.."

GO=${GO:-go}
race=-race
if [ "$($GO env CGO_ENABLED)" != 1 ] || ! command -v "$($GO env CC | cut -d' ' -f1)" >/dev/null 2>&1; then
	echo "No C compiler here: the tests run without the race detector (apt-get install gcc)."
	race=
fi

all=$($GO list ./...)
# Packages whose code or tests link the engine, and the end-to-end tests.
heavy=$($GO list -test -f '{{$package := .}}{{range .Deps}}{{if eq . "go.temporal.io/server/temporal"}}{{$package.ImportPath}}{{"\n"}}{{end}}{{end}}' ./... |
	sed -e 's/ \[.*//' -e 's/_test$//' -e 's/\.test$//' -e '/^$/d' | sort -u)
heavy=$(printf '%s\n' "$heavy" "$(printf '%s\n' "$all" | grep -E '/internal/e2e(/|$)' || true)" | sed '/^$/d' | sort -u)
light=$(printf '%s\n' "$all" | grep -vxF "$heavy")

status=0
echo "== Tests${race:+ under the race detector}"
# shellcheck disable=SC2086 # lists of packages, which hold no blanks
$GO test $race -timeout 15m "$@" $light || status=1

echo "== Programs"
$GO build -o bin/ ./cmd/refunddesk ./cmd/refunddesk-dev

echo "== Tests with the engine"
export REFUNDDESK_BIN="$PWD/bin/refunddesk" REFUNDDESK_DEV_BIN="$PWD/bin/refunddesk-dev"
# Programs are not seen by the cache of results: -count=1 runs their tests also when only they changed.
# shellcheck disable=SC2086
$GO test -count=1 -timeout 20m "$@" $heavy || status=1

[ $status -eq 0 ] || echo "FAILED: see above"
exit $status
