#!/bin/sh
# boot.sh ROOT FOLDER: what the FAT partition holds: the Pi's firmware, kernel, device trees, the first program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 boot=$2
fetched=$root/var/cache/maitred
mkdir "$boot" "$fetched/firmware" "$fetched/busybox"
dpkg-deb -x "$fetched"/raspi-firmware_*.deb "$fetched/firmware"
dpkg-deb -x "$fetched"/busybox-static_*.deb "$fetched/busybox"
cp "$fetched"/firmware/usr/lib/raspi-firmware/*.bin "$fetched"/firmware/usr/lib/raspi-firmware/*.dat \
    "$fetched"/firmware/usr/lib/raspi-firmware/*.elf "$boot/"
cp "$fetched"/kernel/boot/vmlinuz-* "$boot/vmlinuz"
for tree in bcm2837-rpi-3-a-plus bcm2837-rpi-3-b bcm2837-rpi-3-b-plus bcm2837-rpi-zero-2-w bcm2837-rpi-cm3-io3 bcm2711-rpi-4-b \
    bcm2711-rpi-400 bcm2711-rpi-cm4-io; do
    found=$(find "$fetched/kernel" -name "$tree.dtb")
    [ -z "$found" ] || cp "$found" "$boot/"
done
cp "$here/config.txt" "$here/cmdline.txt" "$boot/"

# The first program: busybox, and modules with what they depend on.
first=$fetched/first
version=$(basename "$root"/usr/lib/modules/*)
mkdir -p "$first/bin" "$first/lib/modules/$version"
cp "$here/init" "$first/init"
cp "$(find "$fetched/busybox" -path "*/bin/busybox")" "$first/bin/busybox"
grep -v '^#' "$here/modules" | while read -r module; do
    modprobe --dirname "$root" --set-version "$version" --show-depends "$module"
done > "$fetched/needed" # a name that the kernel does not know ends it here
sed -n 's/^insmod \([^ ]*\).*/\1/p' "$fetched/needed" | sort -u | while read -r file; do
    name=$(basename "$file")
    case $name in
        *.xz) xz --decompress --stdout "$file" > "$first/lib/modules/$version/${name%.xz}" ;;
        *) cp "$file" "$first/lib/modules/$version/" ;;
    esac
done
cp "$root/usr/lib/modules/$version"/modules.builtin* "$root/usr/lib/modules/$version/modules.order" "$first/lib/modules/$version/"
depmod -b "$first" "$version"
find "$first" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
(cd "$first" && find . | sort | cpio --quiet --reproducible --create --format=newc --owner=0:0) | gzip -n -9 > "$boot/initrd.img"
