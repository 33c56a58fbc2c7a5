#!/bin/sh
# Boots an image of build.sh in an emulated machine. Its dashboard is then at http://127.0.0.1:PORT/, its console here.
# Close it with Ctrl-A X, or with `poweroff` inside.
set -eu

usage() {
    cat <<'TEXT'
firmware_config/emulate.sh IMAGE [--machine virt|raspi3b] [--http PORT] [--ssh PORT] [--disk FILE] [--size SIZE] [--log FILE] [--monitor FILE]

  --machine NAME  virt (default): fast, any disk; raspi3b: a Raspberry Pi 3B as far as qemu knows it, from its SD card
  --http PORT     port here for the dashboard (8000)
  --ssh PORT      port here for ssh, if the image's maitred.toml names a key (2222)
  --disk FILE     where what the device writes is kept for the next time; by default it is thrown away
  --size SIZE     of the card (4G), a power of two
  --monitor FILE  socket of the emulator's monitor, which can take a picture of the screen (screendump FILE.ppm)
  --log FILE      console into a file instead of here; `kill` then is what pulling the plug is
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=arm64/debian.sh
. "$here/arm64/debian.sh"
machine=virt http=8000 ssh=2222 disk='' size=4G image='' log='' monitor=''
while [ $# -gt 0 ]; do
    case $1 in
        --machine) machine=$(value "$@"); shift 2 ;;
        --http) http=$(value "$@"); shift 2 ;;
        --ssh) ssh=$(value "$@"); shift 2 ;;
        --disk) disk=$(value "$@"); shift 2 ;;
        --size) size=$(value "$@"); shift 2 ;;
        --log) log=$(value "$@"); shift 2 ;;
        --monitor) monitor=$(value "$@"); shift 2 ;;
        --help | -h) usage && exit 0 ;;
        -*) misused "unknown option $1" ;;
        *) image=$1 && shift ;;
    esac
done
[ -n "$image" ] || misused "an IMAGE is needed"
case $machine in
    virt | raspi3b) ;;
    *) misused "--machine $machine: virt or raspi3b" ;;
esac
[ -f "$image" ] || fail "$image: no such file; firmware_config/build.sh makes it"
missing=''
for tool in qemu-system-aarch64:qemu-system-arm mcopy:mtools; do
    command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
[ -z "$missing" ] || fail "missing:$missing; on Debian: apt-get install$missing"

image=$(realpath "$image")
work=$(mktemp -d)
pid=''
trap 'rm -rf "$work"' EXIT
trap '[ -z "$pid" ] || kill "$pid"' INT TERM
if [ -z "$disk" ]; then
    disk=$work/card.img
fi
if [ ! -f "$disk" ]; then # the card, larger than the image as any is
    cp --sparse=always "$image" "$disk"
    truncate --size ">$size" "$disk" # never below the image's own
fi
# What the Pi's firmware does: kernel and first program out of the FAT partition, which starts at 4 MiB.
for file in vmlinuz initrd.img cmdline.txt bcm2837-rpi-3-b.dtb; do
    mcopy -n -i "$image@@4M" "::$file" "$work/$file" 2>/dev/null || fail "$image: no image of build.sh ($file is not in it)"
done
words=$(cat "$work/cmdline.txt")
forward="user,id=net,hostfwd=tcp:127.0.0.1:$http-:8000,hostfwd=tcp:127.0.0.1:$ssh-:22"
console=mon:stdio
[ -z "$log" ] || console=file:$log
case $machine in
    virt)
        set -- qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 2 -m 1024 -display none -serial "$console" \
            -kernel "$work/vmlinuz" -initrd "$work/initrd.img" -append "$words console=ttyAMA0" \
            -drive "if=none,id=card,file=$disk,format=raw" -device virtio-blk-pci,drive=card \
            -netdev "$forward" -device virtio-net-pci,netdev=net -device virtio-rng-pci \
            -device virtio-gpu-pci
        ;;
    raspi3b)
        # qemu resets this machine as soon as its watchdog is armed, not when it runs out.
        words="$words console=ttyS1,115200 systemd.watchdog_sec=0"
        set -- qemu-system-aarch64 -M raspi3b -display none -serial null -serial "$console" \
            -kernel "$work/vmlinuz" -initrd "$work/initrd.img" -dtb "$work/bcm2837-rpi-3-b.dtb" -append "$words" \
            -drive "if=sd,file=$disk,format=raw" -netdev "$forward" -device usb-net,netdev=net
        ;;
esac
[ -z "$monitor" ] || set -- "$@" -monitor "unix:$monitor,server,nowait"
"$@" <&0 &
pid=$!
[ -z "$log" ] || echo "$pid"
wait "$pid" || wait "$pid" # the first ends with the signal that is handed on
