#!/bin/sh
# Run once, by Bookworm's kernel command line or by Trixie's cloud-init: has the installation start with the system, as
# soon as there is a network. Nothing is installed yet: at this point of Bookworm's start there is no network.
#
#   first-start.sh          and the system starts again afterwards (Bookworm)
#   first-start.sh --now    the system is up already: begin (Trixie)
set -eu

BOOT=${MAITRED_BOOT:-/boot/firmware}
UNITS=/etc/systemd/system

# Never again, whatever comes of it: a start that repeats this for ever would be worse.
if [ -e "$BOOT/cmdline.txt" ]; then
    sed 's/ systemd\.run=[^ ]*first-start\.sh//; s/ systemd\.run_success_action=[^ ]*//; s/ systemd\.unit=kernel-command-line\.target//' \
        "$BOOT/cmdline.txt" >"$BOOT/cmdline.txt.new"
    if ! cmp -s "$BOOT/cmdline.txt" "$BOOT/cmdline.txt.new"; then
        sync
        mv "$BOOT/cmdline.txt.new" "$BOOT/cmdline.txt"
    else
        rm "$BOOT/cmdline.txt.new"
    fi
fi

install -D -m 755 "$BOOT/maitred/install-once.sh" /usr/local/sbin/maitred-install
install -D -m 644 "$BOOT/maitred/maitred-install.service" "$UNITS/maitred-install.service"
systemctl enable maitred-install.service

# The system would ask on the screen for a user and wait for ever. maitred.toml says who may log in, by key.
if [ -e /lib/systemd/system/userconfig.service ]; then
    systemctl disable userconfig.service
    systemctl mask userconfig.service
    systemctl enable getty@tty1.service
fi
sync
if [ "${1:-}" = --now ]; then
    systemctl daemon-reload
    systemctl start --no-block maitred-install.service
fi
