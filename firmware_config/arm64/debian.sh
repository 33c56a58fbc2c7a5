# Sourced by what makes an ARM64 Debian here: run.sh and ../build.sh, which set `project`; and for its messages by ../emulate.sh.

fail() {
    echo "maitred: $1" >&2
    exit 1
}

# misused MESSAGE: what is wrong with the command line, below how it is used.
misused() {
    usage >&2
    echo "maitred: $1" >&2
    exit 2
}

# value OPTION VALUE...: the option's value. Only as NAME=$(value "$@") by itself: there `set -e` sees that there is none.
value() {
    [ -n "${2:-}" ] || misused "$1 needs a value"
    printf '%s' "$2"
}

# check_tools TOOL:PACKAGE...: all that is missing, named at once; and what arm_pip needs for the PROJECT.
check_tools() {
    missing=''
    for tool; do
        command -v "${tool%:*}" >/dev/null || case "$missing " in
            *" ${tool#*:} "*) ;;
            *) missing="$missing ${tool#*:}" ;;
        esac
    done
    find_pip "$project" || missing="$missing python3-pip"
    if [ "$(uname -m)" != aarch64 ]; then
        registered=/proc/sys/fs/binfmt_misc
        command -v qemu-aarch64-static >/dev/null || missing="$missing qemu-user-static"
        command -v update-binfmts >/dev/null || missing="$missing binfmt-support"
        command -v arch-test >/dev/null || missing="$missing arch-test" # mmdebstrap asks it
        [ -e $registered/register ] || mount -t binfmt_misc binfmt_misc $registered 2>/dev/null || true
        [ -e $registered/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64 2>/dev/null || true
    fi
    [ -z "$missing" ] || fail "missing:$missing; on Debian: apt-get install$missing"
    [ "$(uname -m)" = aarch64 ] || [ -e "$registered/qemu-aarch64" ] || fail "this kernel does not start ARM programs:
  $registered has no qemu-aarch64, and it could not be added. In a container, register it on the host
  (apt-get install qemu-user-static binfmt-support) or give the container CAP_SYS_ADMIN"
    unshare --mount true 2>/dev/null || fail "may not make mounts of its own (unshare --mount); a container needs CAP_SYS_ADMIN"
}

# debian_sources SUITE MIRROR COMPONENTS: lines of sources.list, one for each archive of the release. Without a MIRROR, those
# of this machine's own apt.
debian_sources() {
    if [ -n "$2" ]; then
        echo "deb $2 $1 $3"
        return
    fi
    command -v apt-get >/dev/null || fail "no apt here to take a mirror from; give --mirror URL"
    # shellcheck disable=SC2016 # apt-get fills these in
    all=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages')
    found=$(echo "$all" | awk -v s="$1" -v c="$3" \
        '$3 == "main" && ($2 == s || $2 == s "-updates" || $2 == s "-security") {print "deb " $1 " " $2 " " c}' | sort -u)
    # Another release than this machine's: its own mirrors have it too.
    [ -n "$found" ] || found=$(echo "$all" | awk -v s="$1" -v c="$3" \
        '$3 == "main" && $1 ~ /\/debian\/?$/ {print "deb " $1 " " s " " c; print "deb " $1 " " s "-updates " c}
         $3 == "main" && $1 ~ /\/debian-security\/?$/ {print "deb " $1 " " s "-security " c}' | sort -u)
    [ -n "$found" ] || fail "this machine's apt knows no Debian mirror; give --mirror URL"
    echo "$found"
}

# find_pip PROJECT: that of an environment of the project, or the system's.
find_pip() {
    pip="python3 -m pip"
    for environment in .venv-dev .venv; do
        [ ! -x "$1/$environment/bin/pip" ] || { pip=$1/$environment/bin/pip && return; }
    done
    python3 -m pip --version >/dev/null 2>&1
}

# arm_pip PROJECT PYTHON COMMAND [ARG...]: pip download or install of wheels for aarch64 that suit the C library of
# Debian bookworm and later, without emulation.
arm_pip() {
    find_pip "$1"
    version=$2 verb=$3 && shift 3
    $pip "$verb" --quiet --disable-pip-version-check --implementation cp --python-version "$version" --only-binary=:all: \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 "$@"
}

# in_root ROOT COMMAND [ARG...]: in that Debian, with mounts that are gone with the command. LiteRT reads /proc/cpuinfo to
# choose its kernels: the host's own, x86, crashes it, and without one it runs slow kernels and does not say so. CPUINFO and
# QEMU_CPU say which processor it sees.
in_root() {
    place=$1 && shift
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation private sh -euc '
        root=$1 cpuinfo=$2 cpu=$3 && shift 3
        mount -t proc proc "$root/proc"
        [ "$(uname -m)" = aarch64 ] || mount --bind "$cpuinfo" "$root/proc/cpuinfo"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        exec env -i QEMU_CPU="$cpu" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LANG=C.UTF-8 TZ=UTC \
            PYTHONDONTWRITEBYTECODE=1 "$(command -v chroot)" "$root" "$@"
    ' - "$place" "$CPUINFO" "$QEMU_CPU" "$@"
}
