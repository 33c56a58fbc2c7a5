#!/bin/sh
# Runs a command with this project in an emulated 64-bit ARM Debian; makes that Debian first, where it is not there yet.
# firmware_config/arm64/README.md says what it needs.
set -eu

usage() {
    cat <<'TEXT'
firmware_config/arm64/run.sh [--suite NAME] [--mirror URL] [--root DIR] [--cpu NAME] [COMMAND [ARG...]]

  --suite NAME  Debian release: bookworm (default) or trixie
  --mirror URL  Debian mirror; by default those of this machine's own apt
  --root DIR    where the ARM system is, or is put; by default ~/.cache/maitred/arm64-SUITE
  --cpu NAME    cortex-a76 (as in a Pi 5; default) or cortex-a72 (as in a Pi 4)
  COMMAND       runs in /opt/maitred, a copy of this project; by default only the system is made
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$(dirname "$here")")
# shellcheck source=firmware_config/arm64/debian.sh
. "$here/debian.sh"
suite=bookworm cpu=cortex-a76 mirror='' root=''
while [ $# -gt 0 ]; do
    case $1 in
        --suite) suite=$(value "$@"); shift 2 ;;
        --mirror) mirror=$(value "$@"); shift 2 ;;
        --root) root=$(value "$@"); shift 2 ;;
        --cpu) cpu=$(value "$@"); shift 2 ;;
        --help | -h) usage && exit 0 ;;
        -*) misused "unknown option $1" ;;
        *) break ;;
    esac
done
root=${root:-${XDG_CACHE_HOME:-$HOME/.cache}/maitred/arm64-$suite}
CPUINFO=$here/cpuinfo-$cpu QEMU_CPU=$cpu
[ -f "$CPUINFO" ] || fail "--cpu $cpu: there is no $CPUINFO; known: $(cd "$here" && echo cpuinfo-* | sed 's/cpuinfo-//g')"

# Unpacked, not configured: Python and what its wheels link to need no more, and no package's script is emulated.
make_root() {
    [ -f "$root/made" ] && return
    echo "maitred: unpacking Debian $suite for ARM64 into $root ..." >&2
    lines=$(debian_sources "$suite" "$mirror" main)
    rm -rf "$root.new"
    echo "$lines" | mmdebstrap --quiet --mode=root --variant=extract --architectures=arm64 --include="$PACKAGES" \
        "$suite" "$root.new" - || fail "mmdebstrap failed; is arm64 of $suite on this mirror?"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n' > "$root.new/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' > "$root.new/etc/group"
    printf '127.0.0.1 localhost\n::1 localhost\n' > "$root.new/etc/hosts"
    touch "$root.new/made"
    rm -rf "$root"
    mv "$root.new" "$root"
}
PACKAGES=base-files,coreutils,dash,libc-bin,libgcc-s1,libstdc++6,netbase,openssl,procps,python3,tzdata

# The agent's own wheels for aarch64, and what its tests need; pip chooses and unpacks them without emulation.
install_wheels() {
    python=$(basename "$(readlink "$root/usr/bin/python3")")
    wanted=$(cat "$project/setup.py" "$project/pyproject.toml"; echo "$python")
    [ ! -f "$root/opt/wheels" ] || [ "$(cat "$root/opt/wheels")" != "$wanted" ] || return 0
    echo "maitred: installing the wheels for aarch64, $python ..." >&2
    rm -rf "$root/opt/site" "$root/opt/wheels"
    arm_pip "$project" "${python#python}" install --no-compile --target "$root/opt/site" \
        "$project" 'pytest>=8.2' 'jsonschema[format]>=4.21' 'hypothesis>=6.100' 'paho-mqtt>=2.1' || fail "pip found no wheels for aarch64 and $python"
    # Of the project itself only its metadata: its code is the copy.
    rm -rf "$root/opt/site/edge" "$root/opt/site/convert" "$root/opt/site/training"
    printf '%s' "$wanted" > "$root/opt/wheels"
}

copy_project() {
    rm -rf "$root/opt/maitred"
    mkdir -p "$root/opt/maitred"
    cd "$project"
    git ls-files -z --cached --others --exclude-standard -- ':!training/checkpoints' |
        tar --null --ignore-failed-read -cf - -T - | tar -xf - -C "$root/opt/maitred"
}

[ "$(id -u)" = 0 ] || fail "must run as root: it mounts /proc for the ARM system (sudo $0)"
check_tools mmdebstrap:mmdebstrap unshare:util-linux flock:util-linux chroot:coreutils git:git
mkdir -p "$(dirname "$root")"
exec 9> "$root.lock"
flock 9 # one at a time: each copies the project anew
make_root
install_wheels
copy_project
[ $# -gt 0 ] || { echo "$root" && exit 0; }
# shellcheck disable=SC2016 # for the inner shell
in_root "$root" env PYTHONPATH=/opt/maitred:/opt/site sh -c 'cd /opt/maitred && exec "$@"' - "$@"
