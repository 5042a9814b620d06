#!/bin/sh
# Starts workerd so that it ends with the process that started it, whatever that one dies of; the kernel sees to it.
if command -v setpriv >/dev/null 2>&1; then
  exec setpriv --pdeathsig KILL "$CALLGATE_WORKERD" "$@"
fi
exec "$CALLGATE_WORKERD" "$@"
