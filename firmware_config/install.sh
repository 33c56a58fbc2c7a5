#!/bin/sh
# Installs maitred on a running Raspberry Pi OS or Debian (Bookworm or later, 64 bit), or brings it up to date.
# Run it as root from a copy of the repository. It may be run again at any time; configuration and counts stay.
#
#   firmware_config/install.sh                 install or update, and start counting
#   firmware_config/install.sh --no-start      the same, but start with the next boot (for images)
#   firmware_config/install.sh --name NAME     name of the release; by default the date
#   firmware_config/install.sh --update-key F  trust the public keys in the file F from now on, for signed updates
#   firmware_config/install.sh --dry-run       print what would be done, and change nothing
#   firmware_config/install.sh --uninstall     remove it; configuration and counts stay
#   firmware_config/install.sh --purge         remove it, and configuration, secrets and counts, too
set -eu
# Use the system's own Python, for which apt installs venv. The units could not reach a Python in somebody's home.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
PLACE=/opt/maitred
RELEASES=/opt/maitred.d
LIBRARY=/usr/lib/maitred
SHARE=/usr/share/maitred
CONFIG=/etc/maitred
STATE=/var/lib/maitred
DEVICE=/var/lib/maitred-device
UNITS="maitred.service maitred-dashboard.service maitred-provision.service maitred-settle.service maitred-update.service"
dry=
start=yes
action=install
key=

fail() {
    echo "install.sh: $1" >&2
    exit "${2:-1}"
}

# Run a command, or only print it with --dry-run.
run() {
    if [ "$dry" ]; then
        echo "$*"
    else
        "$@"
    fi
}

name=$(date -u +%Y%m%dT%H%M%S)
while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
        --name)
            [ $# -gt 0 ] || fail "--name needs a name" 2
            name=$1
            shift
            case $name in
                '' | */* | .* | *.part | *.new | current | previous | trial) fail "--name '$name': letters, digits, - and _ only" 2 ;;
            esac
            ;;
        --update-key)
            [ $# -gt 0 ] || fail "--update-key needs a file" 2
            key=$1
            shift
            grep -q '^maitred-ed25519 ' "$key" || fail "$key: not a public key for updates; release.py keys makes a pair" 2
            ;;
        --dry-run) dry=yes ;;
        --no-start) start= ;;
        --uninstall) action=uninstall ;;
        --purge) action=purge ;;
        *) fail "unknown option $option; the first lines of this file list them" 2 ;;
    esac
done

[ "$dry" ] || [ "$(id -u)" = 0 ] || fail "must run as root: sudo $0 …" 2

running() { # whether systemd runs this machine; it does not while an image is made
    [ -d /run/systemd/system ]
}

remove() {
    if running; then
        for unit in $UNITS; do
            run systemctl disable --now "$unit" || true
        done
    else
        for unit in $UNITS; do
            run systemctl disable "$unit" || true
        done
    fi
    for unit in $UNITS; do
        run rm -f "/usr/lib/systemd/system/$unit" "/run/systemd/system/$unit" "/etc/systemd/system/$unit"
    done
    run rm -f /usr/lib/sysusers.d/maitred.conf /usr/lib/tmpfiles.d/maitred.conf /etc/issue.d/maitred.issue
    run rm -rf "$PLACE" "$PLACE.new" "$RELEASES" "$LIBRARY" "$SHARE"
    if running; then run systemctl daemon-reload; fi
    if [ "$action" = purge ]; then
        run rm -rf "$CONFIG" "$STATE" "$DEVICE"
        # Files that maitred.toml on the boot partition asked for. Its Wi-Fi stays: it may be the only way to the device.
        run rm -f /etc/ssh/authorized_keys.d/maitred-admin /etc/ssh/sshd_config.d/10-maitred.conf \
            /etc/sudoers.d/maitred-admin
    else
        echo "$CONFIG, $STATE and $DEVICE stay (--purge removes them, and every count)."
    fi
}

if [ "$action" != install ]; then
    remove
    exit 0
fi

case $(uname -m) in
    aarch64 | x86_64) ;;
    *) fail "$(uname -m): the model runtime needs a 64-bit system; flash the 64-bit Raspberry Pi OS" ;;
esac
command -v apt-get >/dev/null || fail "needs Raspberry Pi OS or Debian (apt-get is not here)"

# picamera2 is only in Raspberry Pi's own packages; other systems use a USB or network camera.
packages="python3 python3-venv"
site=
missing=
if apt-cache show python3-picamera2 >/dev/null 2>&1; then
    packages="$packages python3-picamera2"
    site=--system-site-packages
fi
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ "$missing" ]; then
    # shellcheck disable=SC2086 # a list of words
    run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    fail "$(python3 --version) is too old; maitred needs Python 3.11, as in Bookworm"
fi

# The new environment is made beside the one in use, and the link is switched to it only when it works. Its scripts contain
# its path, so it is never moved. docs/updating.md shows the folder.
release=$RELEASES/$name
if [ -z "$dry" ]; then
    mkdir -p "$RELEASES"
    # Without this lock, an update and this script could remove each other's new release.
    exec 9>"$RELEASES/.lock"
    flock --nonblock 9 || fail "an update is under way; wait until it has ended" 2
fi
[ ! -e "$release" ] || fail "$release exists already; give another --name" 2
# shellcheck disable=SC2086 # no word, or one
run python3 -m venv $site "$release"
run "$release/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$SOURCE/requirements.lock"
# Files that an earlier installation from this copy left there would get into this one.
run rm -rf "$SOURCE/build/lib"
# Only the agent is installed: training, conversion and the receiver are on no device.
run env MAITRED_FOR=device "$release/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$SOURCE"
run "$release/bin/maitred" --version
run touch "$release/ready"
before=$(readlink "$RELEASES/current" || readlink "$PLACE" || true) # earlier versions of this script had no link `current`
before=${before##*/}
turn() { # switch a link to another release, in one step
    run ln -sfn "$1" "$2.new"
    run mv -T "$2.new" "$2"
}
if [ "$before" ] && [ -d "$RELEASES/$before" ]; then turn "$before" "$RELEASES/previous"; fi
turn "$name" "$RELEASES/current"
run rm -f "$RELEASES/trial" "$RELEASES/trial.starts" # from an update that was cut off: this release shall stay
if [ -d "$PLACE" ] && [ ! -L "$PLACE" ]; then # made by hand, as an earlier version of the documentation said
    run rm -rf "$PLACE"
fi
turn maitred.d/current "$PLACE"

run install -D -m 644 "$SOURCE/systemd/sysusers.d/maitred.conf" /usr/lib/sysusers.d/maitred.conf
run install -D -m 644 "$SOURCE/systemd/tmpfiles.d/maitred.conf" /usr/lib/tmpfiles.d/maitred.conf
# The units go to the folder of packages: those of an update take precedence over them, and an owner's drop-ins in /etc over
# both.
for unit in $UNITS; do
    run install -D -m 644 "$SOURCE/systemd/$unit" "/usr/lib/systemd/system/$unit"
    run rm -f "/etc/systemd/system/$unit" # from an earlier version of this script
done
run install -D -m 755 "$SOURCE/firmware_config/update/settle" "$LIBRARY/settle"
if [ "$key" ]; then run install -D -m 644 "$key" "$SHARE/update.pub"; fi
if [ ! -e "$CONFIG/maitred.toml" ]; then
    run install -D -m 640 "$SOURCE/firmware_config/maitred.toml" "$CONFIG/maitred.toml"
fi
run systemd-sysusers maitred.conf
run systemd-tmpfiles --create maitred.conf
# The dashboard needs no `enable`: the agent's unit starts it.
run systemctl enable maitred.service maitred-provision.service maitred-settle.service maitred-update.service
if running; then
    run "$LIBRARY/settle" units # removes the units of an update, so that the new ones are used
    run systemctl daemon-reload
    if [ "$start" ]; then run systemctl restart maitred.service maitred-dashboard.service; fi
fi
# The previous environment stays, so that one can return to it, and so does that of the image; older ones are removed.
if [ -z "$dry" ]; then
    for old in "$RELEASES"/*/; do
        case $(basename "$old") in
            factory | current | previous | "$name" | "$before") ;;
            *) rm -rf "${old%/}" ;;
        esac
    done
fi

if [ -z "$dry" ]; then
    echo "maitred is installed. Edit $CONFIG/maitred.toml, then: systemctl restart agent"
    echo "To check the device: systemctl stop agent; $PLACE/bin/maitred doctor --config $CONFIG/maitred.toml"
fi
