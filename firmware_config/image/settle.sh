#!/bin/sh
# settle.sh ROOT: the kernel's modules and the Wi-Fi firmware into the root, and out of it what is not the same twice or
# belongs to one device.
set -eu
root=$1
fetched=$root/var/cache/maitred
mkdir "$fetched/kernel" "$fetched/other"
dpkg-deb -x "$fetched"/linux-image-*.deb "$fetched/kernel"
dpkg-deb -x "$fetched"/firmware-brcm80211_*.deb "$fetched/other"
modules=$(find "$fetched/kernel" -path '*/lib/modules/*' -prune)
version=$(basename "$modules")
# Drivers of what no Pi has make up most of the package.
for of_others in drivers/gpu/drm/amd drivers/gpu/drm/nouveau drivers/gpu/drm/radeon drivers/gpu/drm/msm drivers/infiniband \
    drivers/net/ethernet/mellanox drivers/net/ethernet/intel drivers/net/ethernet/broadcom/bnxt drivers/scsi/qla2xxx \
    drivers/net/wireless/ath drivers/net/wireless/intel drivers/net/wireless/mediatek drivers/net/wireless/realtek \
    drivers/net/wireless/marvell drivers/media/pci drivers/media/tuners drivers/media/dvb-frontends drivers/staging \
    drivers/isdn sound fs/ocfs2 fs/xfs fs/btrfs fs/ceph fs/gfs2; do
    rm -rf "${modules:?}/kernel/$of_others"
done
mkdir -p "$root/usr/lib/modules" "$root/usr/lib/firmware"
mv "$modules" "$root/usr/lib/modules/$version"
depmod -b "$root" "$version"
cp -a "$(find "$fetched/other" -type d -name firmware)/." "$root/usr/lib/firmware/"
mkdir -p "$root/boot/firmware" "$root/data" "$root/var/lib/maitred" "$root/var/lib/maitred-device" "$root/etc/maitred"
rm -f "$root"/etc/ssh/ssh_host_* "$root"/var/lib/dbus/machine-id "$root"/etc/resolv.conf "$root"/var/lib/systemd/random-seed
: > "$root/etc/machine-id" # of one device: made anew at every boot
rm -rf "$root"/var/log/* "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/var/cache/ldconfig/* "$root"/var/cache/debconf/*-old \
    "$root"/var/lib/dpkg/*-old "$root"/tmp/* "$root"/var/tmp/*
