#!/bin/sh
# Installs maitred from the boot partition: run by maitred-install.service with every start, and tried again every minute,
# until it has worked once. What it waits for, or what went wrong, is in maitred-problems.txt on the boot partition.
#
#   --dry-run    say what would be done, and do nothing
set -eu

BOOT=${MAITRED_BOOT:-/boot/firmware}
SOURCE=${MAITRED_SOURCE:-/usr/local/src/maitred}
PATIENCE=120 # seconds, for a network and for the clock that certificates need
dry=
[ "${1:-}" != --dry-run ] || dry=yes

run() {
    if [ "$dry" ]; then
        echo "$*"
    else
        "$@"
    fi
}

# For people without a screen; the unit tries again.
problem() {
    echo "maitred-install: $1" >&2
    if [ -z "$dry" ]; then
        printf 'maitred is not installed yet: %s\r\nThe device tries again every minute while it is on.\r\n' "$1" \
            >"$BOOT/maitred-problems.txt"
        sync
    fi
    exit 1
}

# Until what is asked for is so, PATIENCE at most.
wait_for() {
    waited=0
    until "$@" >/dev/null 2>&1; do
        [ "$waited" -lt "$PATIENCE" ] || return 1
        sleep 5
        waited=$((waited + 5))
    done
}

clock_is_set() {
    [ "$(timedatectl show -p NTPSynchronized --value)" = yes ]
}

[ -e "$BOOT/maitred/maitred.tar.gz" ] || problem "the folder maitred is not on the boot partition"
rm -rf "$SOURCE.new"
mkdir -p "$SOURCE.new"
tar -xzf "$BOOT/maitred/maitred.tar.gz" -C "$SOURCE.new" --strip-components=1 ||
    problem "maitred/maitred.tar.gz is damaged; copy it again"
rm -rf "$SOURCE"
mv "$SOURCE.new" "$SOURCE"

# The Wi-Fi of maitred.toml, before anything is installed: it may be the only way to a network.
if [ "$dry" ]; then
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
else
    root=/
fi
if ! country=$(cd "$SOURCE" && PYTHONDONTWRITEBYTECODE=1 python3 -m edge.provision.early "$BOOT" "$root" 2>"$SOURCE/early.txt"); then
    problem "maitred.toml: $(tr '\n' ';' <"$SOURCE/early.txt")"
fi
if [ "$country" ]; then
    if command -v raspi-config >/dev/null; then
        run raspi-config nonint do_wifi_country "$country" || true
    fi
    run rfkill unblock wifi || true
    run nmcli connection reload || true
    run nmcli connection up maitred-wifi || true
fi

if [ -z "$dry" ]; then
    wait_for clock_is_set || problem "no network, or no time server in it (cable? [wifi] in maitred.toml?)"
fi
run apt-get update -q || problem "the package servers cannot be reached"
# Raspberry Pi OS adds an index of packages for 32-bit systems to pip; the hashes of the lock file are of the others.
export PIP_CONFIG_FILE=/dev/null
# shellcheck disable=SC2086 # a word, or none
sh "$SOURCE/firmware_config/install.sh" ${dry:+--dry-run} || problem "install.sh failed; see journalctl -u maitred-install"
run rm -f "$BOOT/maitred-problems.txt"
run systemctl restart maitred-provision.service || true # a mistake in the file is told by it, and installs nothing anew
run systemctl restart maitred.service maitred-dashboard.service
run systemctl disable maitred-install.service
run rm -rf "$BOOT/maitred"
