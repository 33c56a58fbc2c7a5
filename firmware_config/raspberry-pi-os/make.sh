#!/bin/sh
# Makes what belongs onto the boot partition of a freshly flashed Raspberry Pi OS Lite (64 bit), so that its first start
# installs maitred:
#
#   firmware_config/raspberry-pi-os/make.sh OUT_DIR
#
# OUT_DIR is the mounted boot partition (bootfs), or an empty folder whose content you copy there yourself. A maitred.toml
# that is there already stays.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
SOURCE=$(cd "$HERE/../.." && pwd)
# As Raspberry Pi Imager has Bookworm run a script once, before the system proper starts.
RUN_ONCE="systemd.run=/boot/firmware/maitred/first-start.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target"

fail() {
    echo "make.sh: $1" >&2
    exit "${2:-1}"
}

[ $# = 1 ] || fail "usage: make.sh OUT_DIR" 2
out=$1
[ -d "$out" ] || fail "$out: no such folder; name the mounted boot partition, or make an empty folder" 2
git -C "$SOURCE" rev-parse --verify --quiet HEAD >/dev/null || fail "$SOURCE: no clone of the repository (git)"

mkdir -p "$out/maitred"
git -C "$SOURCE" archive --format=tar.gz --prefix=maitred/ -o "$out/maitred/maitred.tar.gz.new" HEAD
mv "$out/maitred/maitred.tar.gz.new" "$out/maitred/maitred.tar.gz"
for script in first-start.sh install-once.sh; do
    cp "$HERE/$script" "$out/maitred/$script"
done
cp "$HERE/maitred-install.service" "$out/maitred/maitred-install.service"
[ -e "$out/maitred.toml" ] || cp "$SOURCE/edge/provision/maitred.toml" "$out/maitred.toml"

if [ -e "$out/cmdline.txt" ] && [ ! -e "$out/meta-data" ]; then
    # Bookworm. The file is one line, and differs from card to card.
    if ! grep -q maitred/first-start.sh "$out/cmdline.txt"; then
        line=$(tr -d '\r' <"$out/cmdline.txt" | head -n 1)
        printf '%s %s\n' "$line" "$RUN_ONCE" >"$out/cmdline.txt.new"
        mv "$out/cmdline.txt.new" "$out/cmdline.txt"
    fi
    echo "Bookworm: cmdline.txt runs first-start.sh once."
else
    # Trixie: its cloud-init reads this.
    cp "$HERE/user-data" "$out/user-data"
    [ -e "$out/meta-data" ] || {
        echo "Trixie: copy all of $out onto the boot partition; user-data replaces the one there."
        echo "Bookworm: copy it, too, and add this to the end of the one line in cmdline.txt:"
        echo " $RUN_ONCE"
    }
fi
echo "Now fill in $out/maitred.toml."
