# Read by the other scripts: may packages be installed here, and how.
# shellcheck shell=sh

# as_root COMMAND...: run it with the rights apt-get needs; fails at once where a password would be asked for.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

# install_packages NAME...: Debian packages, asking nothing, starting no service.
# policy-rc.d answering 101 is Debian's way to say "do not start"; an existing one is respected.
install_packages() {
    policy=/usr/sbin/policy-rc.d
    made_policy=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made_policy=yes
    fi
    status=0
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null; then
        as_root apt-get update -q >/dev/null || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null || status=$?
    fi
    if [ "$made_policy" = yes ]; then as_root rm -f "$policy"; fi
    return $status
}
