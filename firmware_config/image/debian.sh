#!/bin/sh
# Last step of the Debian installation, in the root it is given: what boots, only fetched. Their own scripts would make an
# initrd under emulation, for minutes, and copy files to a boot partition that is not there.
set -eu
mkdir -p "$1/var/cache/maitred"
# shellcheck disable=SC2016 # for the inner shell
chroot "$1" sh -euc 'cd /var/cache/maitred
    kernel=$(apt-cache depends --important linux-image-arm64 | sed -n "s/^ *Depends: *//p")
    apt-get download --quiet=2 -o APT::Sandbox::User=root "$kernel" raspi-firmware firmware-brcm80211 busybox-static'
