#!/bin/sh
# Makes a bare Debian machine a media node, brings it to a newer version, or takes it away again:
#
#   install.sh install     files to /opt/callgate, service user, /etc/callgate/node.env, systemd unit, callgate-node on PATH; starts when configured
#   install.sh upgrade     the version of this checkout beside the running one, then a restart that drains first: calls that are up go on for
#                          CALLGATE_DRAIN_SECONDS at most; the old version stays for `rollback`
#   install.sh rollback    back to the version before
#   install.sh uninstall   everything but /etc/callgate and the records not yet delivered; --purge takes these as well
#
#   --now                  do not drain: calls that are up end with BYE
#   --root DIR             stage into DIR and touch neither users nor systemd (images, tests)
#
# Needs root, npm and a Node of 20 or newer; the node itself runs on the Node 24 that npm brings.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
root=
purge=no
now=no
action=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --purge) purge=yes; shift ;;
    --now) now=yes; shift ;;
    *) echo "install.sh: unknown option $1" >&2; exit 2 ;;
  esac
done

opt=$root/opt/callgate
env_file=$root/etc/callgate/node.env
unit=$root/etc/systemd/system/callgate-node.service
journal=$root/etc/systemd/journald@callgate.conf
command=$root/usr/local/bin/callgate-node

say() { echo "callgate: $*"; }
fail() { echo "install.sh: $*" >&2; exit 1; }
staged() { [ -n "$root" ]; }
has_systemd() { ! staged && [ -d /run/systemd/system ]; }

[ "$(id -u)" = 0 ] || staged || fail "must be run as root"
command -v npm >/dev/null || fail "npm is missing: apt-get install npm"

# Copies this checkout into a folder of its own and installs what a node needs, nothing that only tests need.
place_release() {
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/package.json")
  release=$opt/releases/$version-$(date -u +%Y%m%d%H%M%S)
  mkdir -p "$release"
  say "installing version $version to $release"
  for part in package.json package-lock.json .npmrc LICENSE README.md docs shared media-node edge-worker/package.json infra/package.json; do
    [ -e "$here/$part" ] || continue
    mkdir -p "$release/$(dirname "$part")"
    (cd "$here" && tar -cf - --exclude=node_modules --exclude='*.test.ts' --exclude='*.fake.ts' --exclude=testdata "$part") | tar -xf - -C "$release"
  done
  (cd "$release" && npm ci --omit=dev --workspace @callgate/media-node --workspace @callgate/shared --include-workspace-root \
    --prefer-offline --loglevel=error) || { rm -rf "$release"; fail "npm ci failed, see above; nothing was changed"; }
  # Not node_modules/.bin/node: npm 9, which Debian has, makes no link there. One machine has one of the two.
  for brought in "$release"/node_modules/node-linux-*/bin/node; do ln -sf "${brought#"$release/"}" "$release/node"; done
  "$release/node" --version >/dev/null 2>&1 ||
    { rm -rf "$release"; fail "the Node that npm brought does not run on this machine ($(uname -m)); nothing was changed"; }
  "$release/node" "$release/media-node/build/build.ts" "$release/program" ||
    { rm -rf "$release"; fail "see above; nothing was changed"; }
}

# The link is swapped in one step, so that there is always a version to start.
make_current() {
  if [ -L "$opt/current" ]; then ln -sfn "$(readlink "$opt/current")" "$opt/previous"; fi
  ln -s "releases/$(basename "$1")" "$opt/current.new"
  mv -T "$opt/current.new" "$opt/current"
}

# The running version, the one before it, and no others.
forget_old() {
  for one in "$opt"/releases/*; do
    name=releases/$(basename "$one")
    [ "$name" = "$(readlink "$opt/current")" ] && continue
    [ "$name" = "$(readlink "$opt/previous" 2>/dev/null)" ] && continue
    rm -rf "$one"
  done
}

# The token stands there, or the file that `callgate-node enrol` has written is named.
configured() { grep -Eq '^CALLGATE_NODE_TOKEN(_FILE)?=.' "$env_file" && grep -q '^CALLGATE_EDGE_URL=.' "$env_file"; }

install_service() {
  mkdir -p "$(dirname "$unit")" "$(dirname "$env_file")" "$(dirname "$command")"
  install -m 0755 "$here/infra/node/callgate-node.sh" "$command"
  cp "$here/infra/node/callgate-node.service" "$unit"
  [ -e "$journal" ] || cp "$here/infra/node/journald@callgate.conf" "$journal"
  if [ ! -e "$env_file" ]; then
    cp "$here/infra/node/node.env" "$env_file"
    chmod 0640 "$env_file"
  fi
  staged && return
  getent group callgate >/dev/null || groupadd --system callgate
  getent passwd callgate >/dev/null ||
    useradd --system --gid callgate --home-dir /var/lib/callgate --no-create-home --shell /usr/sbin/nologin callgate
  chown root:callgate "$env_file"
  # As StateDirectory of the unit makes it; here, so that a token can be written before the first start.
  install -d -m 0750 -o callgate -g callgate /var/lib/callgate
  ! has_systemd || systemctl daemon-reload
}

# SIGTERM drains, SIGINT does not (media-node/src/main.ts).
stop_service() {
  systemctl is-active --quiet callgate-node || return 0
  if [ "$now" = yes ]; then systemctl kill --kill-whom=main --signal=SIGINT callgate-node || true
  else say "draining: no new calls, those that are up may go on for a while; --now ends them"; fi
  systemctl stop callgate-node
}

restart_service() {
  configured || { say "now fill in $env_file, then: systemctl enable --now callgate-node"; return 0; }
  has_systemd || return 0
  systemctl enable --quiet callgate-node
  stop_service
  systemctl start callgate-node
  stays_up || { last_words >&2; fail "$(readlink "$opt/current") does not stay up, see above; mend $env_file and try again, or use rollback"; }
  say "running; see journalctl --namespace=callgate and docs/node.md"
}

# What cannot run ends within a second of its start, and systemd starts it again after another.
stays_up() {
  sleep 3
  systemctl is-active --quiet callgate-node && [ "$(systemctl show --property=NRestarts --value callgate-node)" = 0 ]
}

last_words() { journalctl --namespace=callgate --unit=callgate-node --lines=5 --output=cat --no-pager || true; }

case $action in
  install | upgrade)
    [ "$action" = install ] || [ -L "$opt/current" ] || fail "nothing is installed here; use install"
    place_release
    install_service
    make_current "$release"
    forget_old
    restart_service
    ;;
  rollback)
    [ -L "$opt/previous" ] || fail "there is no version before this one"
    old=$opt/$(readlink "$opt/previous")
    # Of before there was a program to build: it runs from its sources.
    [ -e "$old/program/main.mjs" ] || { mkdir -p "$old/program" && echo "import '../media-node/src/main.ts';" >"$old/program/main.mjs"; }
    make_current "$old"
    say "back to $(readlink "$opt/current")"
    restart_service
    ;;
  uninstall)
    if has_systemd; then
      stop_service
      systemctl disable --quiet callgate-node 2>/dev/null || true
    fi
    rm -rf "$opt" "$unit" "$command" "$root/var/cache/callgate"
    ! has_systemd || systemctl daemon-reload
    if [ "$purge" = yes ]; then
      rm -rf "$root/etc/callgate" "$root/var/lib/callgate" "$journal"
      staged || userdel callgate 2>/dev/null || true
    else
      say "kept: $(dirname "$env_file") and $root/var/lib/callgate; --purge removes them"
    fi
    ;;
  *)
    sed -n '2,/^set/p' "$0" | sed -n 's/^# \{0,1\}//p' >&2
    exit 2
    ;;
esac
