#!/bin/sh
# Makes .venv at the root of the project and installs csconsole into it, editable, at the pinned versions.
# usage: tools/setup.sh run|dev      run: what the program needs; dev: the test and check tools too
set -eu
cd "$(dirname "$0")/.."
. tools/privileges.sh
want=${1:-dev}
venv=.venv

modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && modern "$name"; then command -v "$name"; return 0; fi
    done
    return 1
}

has_pip() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

make_venv() {
    echo "setup: making $venv with $("$python" --version)"
    if "$python" -m venv --clear "$venv" >/dev/null 2>&1 && has_pip; then return 0; fi
    if may_install && command -v apt-get >/dev/null 2>&1; then
        echo "setup: this Python has no venv module; installing python3-venv"
        install_packages python3-venv || true
        if "$python" -m venv --clear "$venv" >/dev/null 2>&1 && has_pip; then return 0; fi
    fi
    # A venv without pip needs no ensurepip; any pip of the machine (22.3 or newer) can fill it.
    if "$python" -m venv --clear --without-pip "$venv"; then
        "$python" -m pip --python "$venv/bin/python" install --quiet pip || pip --python "$venv/bin/python" install --quiet pip || true
        if has_pip; then return 0; fi
    fi
    return 1
}

python=$(find_python) || {
    echo "setup: csconsole needs Python 3.11 or newer, and none is on PATH. Install one (Debian: apt-get install python3 python3-venv) or name it: make setup PYTHON=/path/to/python3" >&2
    exit 1
}

if ! { [ -x "$venv/bin/python" ] && modern "$venv/bin/python" && has_pip; }; then
    make_venv || {
        echo "setup: no virtual environment could be made with $python. Install its venv module (Debian: apt-get install python3-venv) and run this again." >&2
        exit 1
    }
fi

if [ "$want" = dev ]; then target='.[dev]'; else target='.'; fi
echo "setup: installing csconsole ($want)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt --config-settings editable_mode=compat -e "$target"
