#!/usr/bin/env bash
# Put a headless Chromium on this machine, for the tests of the report page, unless it has one.
# As root on Debian (86 MB to load, 288 MB on disk); elsewhere it says what is missing and ends 1.
set -euo pipefail
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "no Chromium, and only root on Debian can install it: the page is not tried in a browser"
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
install() {
    apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null 2>&1
}
install || { apt-get update -qq >/dev/null 2>&1 && install; } || {
    echo "apt-get cannot install chromium-headless-shell: the page is not tried in a browser"
    exit 1
}
