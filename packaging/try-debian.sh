#!/bin/sh
# Installs a package on a bare Debian with systemd, in a container, and does what the guide says. For a release:
#
#   packaging/try-debian.sh target/package/cliquet_*.deb
#
# As root, with debootstrap and systemd-container. The container shares this machine's network: port 8000 has to be free.
set -eu

package=$(realpath "$1")
root=$(mktemp --directory)
chmod 755 "$root"
log=$root.log
leader=

finish() {
    [ -z "$leader" ] || kill -s KILL "$leader"
    wait
    rm -rf "$root"
}
trap finish EXIT

echo "a bare Debian in $root"
debootstrap --include=systemd,systemd-sysv,dbus,ca-certificates bookworm "$root" >"$log"
cp "$package" "$root/root/cliquet.deb"
systemd-nspawn --boot --directory="$root" --register=no --keep-unit --console=pipe </dev/null >>"$log" 2>&1 &
container=$!
until leader=$(pgrep --parent "$container" systemd); do sleep 0.2; done
inside() { nsenter --target "$leader" --all -- "$@"; }
until inside systemctl --quiet is-active basic.target 2>/dev/null; do sleep 0.2; done

echo "apt-get install, cliquet init, systemctl enable --now cliquet"
begin=$(date +%s)
inside apt-get install --yes --quiet /root/cliquet.deb >>"$log" 2>&1
inside cliquet init --name chat.example.org --proxy caddy --registration invite
inside systemctl enable --now cliquet
tries=0
until inside cliquet health; do
    tries=$((tries + 1))
    if [ "$tries" = 50 ]; then
        inside journalctl --unit cliquet --no-pager
        exit 1
    fi
    sleep 0.2
done
echo "from the package to a server that is well: $(($(date +%s) - begin)) seconds"
inside cliquet invite create
inside systemctl show cliquet --property=ActiveState,NRestarts,User
[ "$(inside systemctl show cliquet --property=NRestarts --value)" = 0 ]

echo "a restart, and the end"
inside systemctl restart cliquet
inside systemctl stop cliquet
[ "$(inside systemctl show cliquet --property=Result --value)" = success ]
inside apt-get purge --yes --quiet cliquet >>"$log" 2>&1
[ ! -e "$root/etc/cliquet" ] && [ ! -e "$root/var/lib/cliquet" ]
echo "all of it worked"
