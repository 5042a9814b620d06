#!/bin/sh
# Tries install.sh for real: service user, ownership, the command on PATH, upgrade, roll-back and removal, on a view of this machine's files that is thrown away,
# and starts the node in a network of its own. What it lacks of a machine is systemd: in its place a program writes down what it is told, so the unit itself is not started.
#
#   sudo sh infra/node/try-install.sh
#
# Needs root, overlayfs and util-linux; npm fetches what a node needs. Prints what it has seen; status 0: all of it was as it must be.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
fail() { echo "try-install: $*" >&2; exit 1; }

if [ "${1:-}" = "" ]; then
  [ "$(id -u)" = 0 ] || fail "must be run as root"
  exec unshare --mount sh "$0" mounted
fi

if [ "$1" = mounted ]; then
  view=/mnt
  mount -t tmpfs none "$view"
  mkdir "$view/changes" "$view/work" "$view/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$view/changes,workdir=$view/work" "$view/root"
  mount -t proc proc "$view/root/proc"
  mount --rbind /dev "$view/root/dev"
  # systemd of the machine outside is not the one in here.
  rm -rf "$view/root/run/systemd"
  chroot "$view/root" sh "$here/infra/node/try-install.sh" inside || fail "see above"
  exit 0
fi

script() { sh "$here/infra/node/install.sh" "$@"; }
seen() { echo "ok   $*"; }
owned() { [ "$(stat -c '%U:%G %a' "$1")" = "$2" ] || fail "$1 is $(stat -c '%U:%G %a' "$1"); expected $2"; }

for one in /opt/callgate /etc/callgate /var/lib/callgate; do
  [ ! -e "$one" ] || fail "$one is there; expected a machine that is no node yet"
done

script install | grep -q 'now fill in' || fail "install did not ask for the configuration"
owned /etc/callgate/node.env 'root:callgate 640'
owned /var/lib/callgate 'callgate:callgate 750'
owned /opt/callgate/current/program 'root:root 755'
getent passwd callgate | grep -q nologin || fail "the service user may log in"
seen "installed: a user without login, and a token's file that only it and root may read"

callgate-node 2>&1 | grep -q 'CALLGATE_EDGE_URL is not set' || fail "a missing variable was not named"
seen "not configured: the node does not start, and names what is missing"

cat >>/etc/callgate/node.env <<'ENV'
CALLGATE_NODE_NAME=tried
CALLGATE_EDGE_URL=http://127.0.0.1:9
CALLGATE_NODE_TOKEN=a-token-for-a-try
CALLGATE_SIP_LISTEN=127.0.0.1:5060
ENV
unshare --net sh -eu <<'RUN' || fail "the node did not run as it must, see above"
ip link set lo up
callgate-node >/var/lib/node.log &
node=$!
ask() { /opt/callgate/current/node -e 'fetch("http://127.0.0.1:8080/ready").then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))'; }
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do if ask; then break; fi; sleep 1; done
ask || { cat /var/lib/node.log; exit 1; }
[ "$(stat -c %U /proc/$node)" = callgate ] || { echo "the node runs as $(stat -c %U /proc/$node)"; exit 1; }
kill -TERM $node
wait $node || { cat /var/lib/node.log; exit 1; }
RUN
seen "it runs as its user, takes calls, and ends with status 0 when it is told to"

mkdir -p /run/systemd/system /tmp/told
cat >/tmp/told/systemctl <<'SYSTEMCTL'
#!/bin/sh
echo "$* at $(readlink /opt/callgate/current)" >>/tmp/told/lines
case $1 in show) cat /tmp/told/restarts ;; esac
SYSTEMCTL
printf '#!/bin/sh\necho the last words of the node\n' >/tmp/told/journalctl
chmod +x /tmp/told/systemctl /tmp/told/journalctl
echo 0 >/tmp/told/restarts
PATH=/tmp/told:$PATH
# What systemctl was told since the last look, without what only asks.
told() { grep -Ev '^(is-active|show)' /tmp/told/lines | sed 's/ at .*//' | tr '\n' ';'; rm /tmp/told/lines; }
expect() { is=$(told); [ "$is" = "$2" ] || fail "$1 told systemctl: $is expected: $2"; }
drained='stop callgate-node;start callgate-node;'
cut='kill --kill-whom=main --signal=SIGINT callgate-node;stop callgate-node;start callgate-node;'

first=$(readlink /opt/callgate/current)
script upgrade >/dev/null
second=$(readlink /opt/callgate/current)
[ "$second" != "$first" ] || fail "upgrade left the version as it was"
grep -q "^start callgate-node at $second$" /tmp/told/lines || fail "upgrade did not start the new version"
expect upgrade "daemon-reload;enable --quiet callgate-node;$drained"
script rollback >/dev/null
[ "$(readlink /opt/callgate/current)" = "$first" ] || fail "rollback did not lead back"
expect rollback "enable --quiet callgate-node;$drained"
script rollback --now >/dev/null
[ "$(readlink /opt/callgate/current)" = "$second" ] || fail "a second rollback did not take the first back"
expect 'rollback --now' "enable --quiet callgate-node;$cut"
seen "upgraded, and back: the service is stopped, which drains, and started again; --now ends calls first"

echo 2 >/tmp/told/restarts
if script rollback >/tmp/told/said 2>&1; then fail "a version that does not stay up was called running"; fi
grep -q 'the last words of the node' /tmp/told/said || fail "its last words were not shown"
grep -q 'does not stay up' /tmp/told/said || fail "it was not said that it does not stay up"
expect rollback "enable --quiet callgate-node;$drained"
seen "a version that does not stay up is said to be none, with its last words"

script uninstall >/dev/null
expect uninstall 'stop callgate-node;disable --quiet callgate-node;daemon-reload;'
[ -e /etc/callgate/node.env ] || fail "uninstall took the configuration"
[ ! -e /opt/callgate ] || fail "uninstall left the program"
script uninstall --purge >/dev/null
for one in /etc/callgate /var/lib/callgate /usr/local/bin/callgate-node; do [ ! -e "$one" ] || fail "--purge left $one"; done
if getent passwd callgate >/dev/null; then fail "--purge left the user"; fi
seen "removed, and nothing left"
