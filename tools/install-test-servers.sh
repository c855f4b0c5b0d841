#!/bin/sh
# Installs the Debian packages a group of targets needs, when this user may; otherwise says what is missing.
# usage: tools/install-test-servers.sh [test] [bench] [pictures]
# Never fails for a missing package: the tests themselves say what they could not run (and fail under CI=true).
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
. tools/privileges.sh

missing=
# need PROGRAM PACKAGE...: the packages are wanted when the program is not there.
need() {
    program=$1; shift
    command -v "$program" >/dev/null 2>&1 || [ -e "$program" ] || missing="$missing $*"
}

for group in "${@:-test}"; do
    case $group in
        test)
            need dovecot dovecot-imapd dovecot-lmtpd
            need /usr/lib/dovecot/lmtp dovecot-lmtpd
            need postfix postfix
            need tmux tmux
            need strace strace
            need openssl openssl ;;
        bench)
            need neomutt neomutt
            need mbsync isync
            need vim vim ;;
        pictures)
            need chromium chromium
            need /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf fonts-dejavu-core
            need /usr/share/fonts/truetype/tlwg/TlwgMono.ttf fonts-thai-tlwg ;;
        *)
            echo "install-test-servers: no group '$group'; there are: test, bench, pictures" >&2; exit 2 ;;
    esac
done

[ -n "$missing" ] || exit 0
if ! may_install; then
    echo "note: not installed here, and this user may not install them:$missing" >&2
    echo "note: what needs them is skipped (under CI=true it fails). To install: apt-get install$missing" >&2
    exit 0
fi
case $missing in
    *postfix*)
        # The tests bring their own configuration; the package must not ask for one.
        echo "postfix postfix/main_mailer_type select No configuration" | as_root debconf-set-selections || true ;;
esac
echo "installing:$missing"
# shellcheck disable=SC2086  # a list of package names
install_packages $missing || echo "note: apt-get could not install:$missing" >&2
