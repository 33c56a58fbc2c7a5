# Sourced by demo.sh and test.sh from the project's root.

# environment FOLDER REQUIREMENT: a virtual environment with this project in it, made anew when its packages change.
environment() {
    wanted=$(cat setup.py pyproject.toml; python3 --version; pwd)
    if [ ! -f "$1/ready" ] || [ "$(cat "$1/ready")" != "$wanted" ]; then
        echo "maitred: setting up $1 (takes a minute or two, once) ..." >&2
        rm -rf "$1"
        if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            echo "maitred needs Python 3.11 or newer; this is $(python3 --version)" >&2
            exit 1
        fi
        python3 -m venv "$1" || {
            echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2
            exit 1
        }
        "$1/bin/pip" install --quiet --disable-pip-version-check --editable "$2"
        printf '%s' "$wanted" > "$1/ready"
    fi
}

# What some tests need from Debian; without it they are skipped with a reason. Only root can install.
system_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        missing=
        for package in chromium mosquitto shellcheck python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good; do
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
        done
        if [ -n "$missing" ]; then
            echo "maitred: installing$missing for the tests ..." >&2
            { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
                >/dev/null 2>&1 || echo "maitred: could not install$missing; tests that need it are skipped" >&2
        fi
    fi
}
