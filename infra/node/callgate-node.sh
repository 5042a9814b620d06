#!/bin/sh
# callgate-node, as install.sh puts it on PATH: the program of the unit with its Node, its configuration and its user, whoever calls it. So a token that root
# asks for (`callgate-node enrol`) can be read by the service.
set -eu

# Empty, or the folder that all was staged into.
root=$(cd "$(dirname "$0")/../../.." && pwd)
root=${root%/}
current=$root/opt/callgate/current
env_file=$root/etc/callgate/node.env

set -- "$current/node" "--env-file-if-exists=$env_file" "$current/program/main.mjs" "$@"
if [ -z "$root" ] && [ "$(id -u)" = 0 ] && getent passwd callgate >/dev/null; then
  set -- setpriv --reuid=callgate --regid=callgate --init-groups -- "$@"
fi
exec "$@"
