#!/bin/sh
# assemble.sh ROOT BOOT IMAGE: three partitions in a file, without a loop device or a mount.
set -eu
root=$1 boot=$2 image=$3
stem=${image%.img}
data=$stem.data
mib=1048576

# What outlives a boot starts empty, but for the configuration.
mkdir -p "$data/maitred" "$data/device" "$data/systemd" "$data/releases/new" "$data/releases/work"
cp -a "$root/etc/maitred" "$data/config"
cp -a "$root/var/lib/systemd/." "$data/systemd/"
chmod 700 "$data/device"
rm -rf "$root/var/cache/maitred"
find "$root" "$boot" "$data" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

# The release's own mke2fs, so that the image does not depend on the age of the machine that makes it.
mke2fs() {
    E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH "$root/usr/lib/ld-linux-aarch64.so.1" --library-path "$root/usr/lib/aarch64-linux-gnu" \
        "$root/usr/sbin/mke2fs" -q -t ext4 -b 4096 -m 0 "$@"
}
# Identifiers follow from the date: two devices never meet in one machine.
identifier() {
    printf '%s-%s' "$1" "$SOURCE_DATE_EPOCH" | sha256sum | sed 's/\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/\1-\2-\3-\4-\5/'
}

boot_mib=256
root_mib=$(($(du -sm --apparent-size "$root" | cut -f1) * 112 / 100 + 48))
data_mib=64
truncate -s ${boot_mib}M "$stem.boot"
mkfs.vfat --invariant -F 32 -i "$(identifier boot | cut -c1-8)" -n MAITRED "$stem.boot" > /dev/null
mcopy -m -s -i "$stem.boot" "$boot"/* ::
# The root is never written: it needs no journal. The data partition grows with the card, which its table foresees.
mke2fs -L MAITRED-ROOT -U "$(identifier root)" -E "hash_seed=$(identifier seed),lazy_itable_init=0" -O ^has_journal,^resize_inode \
    -d "$root" "$stem.root" "${root_mib}M"
mke2fs -L MAITRED-DATA -U "$(identifier data)" -E "hash_seed=$(identifier seed),lazy_itable_init=0,resize=33554432" \
    -d "$data" "$stem.data.ext4" "${data_mib}M"

truncate -s $(((4 + boot_mib + root_mib + data_mib) * mib)) "$image"
# Zeros that have to be on the card are written into the image; the rest are holes, which a block map leaves out. So none is
# left as it was on a card that was used before: not what another partition table left behind in front of the partitions, not
# the FATs, not the journal of the data partition.
dd if=/dev/zero of="$image" bs=$mib count=4 conv=notrunc status=none
sfdisk --quiet "$image" <<TABLE
label: dos
label-id: 0x$(identifier disk | cut -c1-8)
start=$((4 * 2048)), size=$((boot_mib * 2048)), type=c, bootable
start=$(((4 + boot_mib) * 2048)), size=$((root_mib * 2048)), type=83
start=$(((4 + boot_mib + root_mib) * 2048)), size=$((data_mib * 2048)), type=83
TABLE
place() { # FILE AT [MIB]: the first MIB with their zeros
    dd if="$1" of="$image" bs=$mib seek="$2" conv=notrunc,sparse status=none
    [ -z "${3:-}" ] || dd if="$1" of="$image" bs=$mib seek="$2" count="$3" conv=notrunc status=none
    rm "$1"
}
place "$stem.boot" 4 8 # both FATs
place "$stem.root" $((4 + boot_mib)) # read only, without a journal: what is not in use is never looked at
place "$stem.data.ext4" $((4 + boot_mib + root_mib)) $data_mib
rm -rf "$data"
