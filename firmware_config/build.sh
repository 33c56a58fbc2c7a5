#!/bin/sh
# Makes the card: an image for a Raspberry Pi 3, 4 or Zero 2 W with a USB or network camera, from Debian packages only.
# docs/flash.md says how to use the image, and firmware_config/image/README.md how it is made.
set -eu

usage() {
    cat <<'TEXT'
firmware_config/build.sh --out FILE.img [--site FILE.toml] [--update-key FILE] [--mirror URL] [--work DIR] [--no-compress]

  --out FILE.img     the image; FILE.img.xz, FILE.img.bmap and FILE.img.sha256 are written beside it
  --site FILE.toml   settings for the card's FAT partition, with a USB or network camera; by default those of
                     edge/provision/maitred.toml, commented out, with a USB camera
  --update-key FILE  public key that must have signed an update (docs/updating.md); without it, the device installs none
  --mirror URL       Debian mirror; by default those of this machine's own apt
  --work DIR         folder in which packages and wheels stay for the next time; by default ~/.cache/maitred
  --no-compress      write only FILE.img
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
# shellcheck source=arm64/debian.sh
. "$here/arm64/debian.sh"
suite=trixie mirror='' out='' site='' key='' compress=yes
work=${XDG_CACHE_HOME:-$HOME/.cache}/maitred
while [ $# -gt 0 ]; do
    case $1 in
        --out) out=$(value "$@"); shift 2 ;;
        --site) site=$(value "$@"); shift 2 ;;
        --update-key) key=$(value "$@"); shift 2 ;;
        --mirror) mirror=$(value "$@"); shift 2 ;;
        --work) work=$(value "$@"); shift 2 ;;
        --no-compress) compress='' && shift ;;
        --help | -h) usage && exit 0 ;;
        *) misused "unknown option $1" ;;
    esac
done
[ -n "$out" ] || misused "--out is needed"
[ ! -d "$out" ] || fail "--out $out: is a folder; name the image in it, such as $out/maitred.img"
[ -z "$site" ] || [ -f "$site" ] || fail "--site $site: no such file"
[ -z "$key" ] || [ -f "$key" ] || fail "--update-key $key: no such file"
[ -z "$key" ] || grep -q '^maitred-ed25519 ' "$key" || fail "--update-key $key: not a public key; firmware_config/release.py keys makes a pair"
[ "$(id -u)" = 0 ] || fail "must run as root, because it makes a root file system with its owners (sudo $0 ...)"
check_tools mmdebstrap:mmdebstrap unshare:util-linux chroot:coreutils git:git mcopy:mtools mkfs.vfat:dosfstools \
    sfdisk:fdisk depmod:kmod flock:util-linux cpio:cpio xz:xz-utils bmaptool:bmap-tools
# The processor of a Pi, for Debian's own programs and Python, which run here under emulation.
# shellcheck disable=SC2034 # for in_root
CPUINFO=$here/arm64/cpuinfo-cortex-a72 QEMU_CPU=cortex-a72
export TZ=UTC LC_ALL=C.UTF-8
# Every file on the card gets the time of the commit, so that the same inputs make the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$project" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
say() {
    echo "maitred: $1" >&2
}

mkdir -p "$work" "$(dirname "$out")"
out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
exec 9> "$work/.lock"
flock 9 # one build at a time, because builds share what is stored there
build=$(mktemp -d "$work/build.XXXXXX")
trap 'rm -rf "$build"' EXIT
root=$build/root

# Debian, as it was packed the last time, unless the list of its packages changed. Another --work downloads them again.
packages=$(grep -v '^#' "$here/image/packages" | tr '\n' ',')
debian=$work/debian-$suite-$(cat "$here/image/packages" "$here/image/debian.sh" | sha256sum | cut -c1-12).tar
if [ ! -f "$debian" ]; then
    say "installing Debian $suite for ARM64 (some minutes: its scripts run under emulation) ..."
    debian_sources "$suite" "$mirror" 'main non-free-firmware' > "$build/sources.list"
    mmdebstrap --quiet --mode=root --format=tar --variant=minbase --architectures=arm64 --include="${packages%,}" \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --customize-hook="$here/image/debian.sh \"\$1\"" \
        "$suite" "$debian.new" "$build/sources.list" || fail "mmdebstrap failed; is arm64 of $suite on this mirror?"
    mv "$debian.new" "$debian"
fi
say "unpacking Debian ..."
mkdir "$root"
tar --numeric-owner --xattrs --xattrs-include='*' -xpf "$debian" -C "$root"
python=$(basename "$(readlink "$root/usr/bin/python3")")

# The locked wheels for that Python: pip chooses and checks them here, and they are unpacked in the image.
say "fetching the locked wheels for $python ..."
wheels=$work/wheels-${python#python}-$(sha256sum < "$project/requirements.lock" | cut -c1-12)
if [ ! -d "$wheels" ]; then
    arm_pip "$project" "${python#python}" download --require-hashes --no-deps -r "$project/requirements.lock" -d "$wheels.new" ||
        fail "some locked wheels are not available for aarch64 and $python"
    mv "$wheels.new" "$wheels"
fi

say "installing maitred ..."
mkdir -p "$root/var/tmp/maitred/wheels"
(cd "$project" && git ls-files -z -- ':!training/checkpoints' ':!tests' | tar --null -cf - -T -) |
    tar -xf - -C "$root/var/tmp/maitred"
cp "$wheels"/*.whl "$root/var/tmp/maitred/wheels/"
[ -z "$key" ] || cp "$key" "$root/var/tmp/maitred/update.pub"
# shellcheck disable=SC2086 # no word, or two
in_root "$root" env SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" PIP_NO_INDEX=1 PIP_FIND_LINKS=/var/tmp/maitred/wheels \
    PIP_NO_COMPILE=1 /var/tmp/maitred/firmware_config/install.sh --no-start --name factory \
    ${key:+--update-key /var/tmp/maitred/update.pub}
if [ -n "$site" ]; then
    say "checking $site ..."
    mkdir "$root/var/tmp/maitred/boot"
    cp "$site" "$root/var/tmp/maitred/boot/maitred.toml"
    # Exit code 2: the file has mistakes, which were printed. The device would print them, too, but only at the door.
    in_root "$root" /opt/maitred/bin/maitred provision --dry-run --boot /var/tmp/maitred/boot > /dev/null ||
        [ $? != 2 ] || fail "--site $site: correct the file, and run this again"
    in_root "$root" /opt/maitred/bin/python /var/tmp/maitred/firmware_config/image/camera.py /var/tmp/maitred/boot ||
        fail "--site $site: correct the file, and run this again"
fi
rm -rf "$root/var/tmp/maitred"
(cd "$here/image/files" && tar --owner=0 --group=0 -cf - .) | tar -xpf - -C "$root"
"$here/image/settle.sh" "$root"
in_root "$root" sh /usr/lib/maitred/finish
rm "$root/usr/lib/maitred/finish"

say "making the boot partition ..."
"$here/image/boot.sh" "$root" "$build/boot"
if [ -n "$site" ]; then
    cp "$site" "$build/boot/maitred.toml"
else # Debian's kernel does not support cameras on the ribbon cable
    sed 's|^source = "picamera2:"|source = "v4l2:/dev/video0"|' "$project/edge/provision/maitred.toml" > "$build/boot/maitred.toml"
fi

say "making the image ..."
"$here/image/assemble.sh" "$root" "$build/boot" "$build/card.img"
[ -z "$site" ] || chmod 600 "$build/card.img" # it has the passwords in it
[ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" "$build/card.img"
mv "$build/card.img" "$out"
[ -z "$compress" ] && { say "$out is ready" && exit 0; }
bmaptool --quiet create -o "$out.bmap" "$out"
xz --keep --force --threads=0 -6 "$out" # with its mode and owner
(cd "$(dirname "$out")" && sha256sum "$(basename "$out")" "$(basename "$out").xz" > "$(basename "$out").sha256")
say "$out is ready: $(du -h --apparent-size "$out.xz" | cut -f1) as .xz"
