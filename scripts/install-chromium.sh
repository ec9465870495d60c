#!/bin/sh
# Makes sure that the tests of the pages find a browser: the one that REFUNDDESK_CHROMIUM
# names, or one that is installed. Where neither is there, Debian's package is installed, with
# a font for Chinese, which the pages are also looked at in.
set -eu

say() { echo "install-chromium: $*" >&2; }

if [ -n "${REFUNDDESK_CHROMIUM:-}" ]; then
	exit 0
fi
for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null 2>&1; then
		exit 0
	fi
done

if ! command -v apt-get >/dev/null 2>&1; then
	say "there is no Chromium here and no apt-get to install it with."
	say "Install it your system's way, or name a Chromium in REFUNDDESK_CHROMIUM."
	exit 1
fi

if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif sudo -n true 2>/dev/null; then
	as_root=sudo
else
	say "there is no Chromium here, and installing it needs root. Run"
	say "    sudo apt-get install chromium fonts-noto-cjk"
	say "or name a Chromium in REFUNDDESK_CHROMIUM."
	exit 1
fi

say "installing Debian's Chromium for the tests"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-liberation fonts-noto-cjk >/dev/null
