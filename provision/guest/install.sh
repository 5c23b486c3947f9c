#!/bin/sh
# fbdock: puts an unpacked payload in its places and runs the guest steps.
# Run as root from the payload's own directory; safe to run again.
set -eu
PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin
export PATH

src=$(cd "$(dirname "$0")" && pwd)
if [ "$(id -u)" != 0 ]; then
  echo 'fbdock-step install fail not root | hint: run it with sudo'
  exit 1
fi
# One run at a time; a second waits for the first.
if [ "${FBDOCK_LOCKED:-}" != 1 ]; then
  FBDOCK_LOCKED=1
  export FBDOCK_LOCKED
  status=0
  lockf -k -s -t 1800 /var/run/fbdock-steps.lock sh "$0" || status=$?
  [ "$status" != 75 ] || echo 'fbdock-step install fail another run has not ended within 30 minutes | hint: ps -ax in the guest shows it'
  exit "$status"
fi

# The values first: lib.sh reads them. Nobody but root reads keys.
made=
for d in /usr/local/libexec /usr/local/etc/rc.d; do
  [ -d "$d" ] || made="$made $d"
done
mkdir -p /usr/local/libexec /usr/local/etc/fbdock /usr/local/etc/rc.d
chmod 0700 /usr/local/etc/fbdock
env=/usr/local/etc/fbdock/fbdock.env
if ! cmp -s "$src/fbdock.env" "$env"; then
  (umask 077 && cp "$src/fbdock.env" "$env.new")
  chmod 0600 "$env.new"
  mv -f "$env.new" "$env"
fi

# shellcheck source=lib.sh
. "$src/libexec/lib.sh"
begin install
for d in $made; do
  remember folder "$d"
done

put_dir "$src/libexec" "$libexec" 0700
put_file /usr/local/etc/rc.d/fbdock 0555 <"$src/rc.d/fbdock"
for d in seed client provisions jails; do
  if [ -d "$src/$d" ]; then
    put_dir "$src/$d" "$etc/$d" u+rwX,go-rwx
  elif [ -e "$etc/$d" ]; then
    change rm -rf "${etc:?}/$d"
  fi
done
if [ -e "$src/jail-pins" ]; then
  put_file "$etc/jail-pins" 0644 <"$src/jail-pins"
fi
# What the user has agreed to holds for this run.
if [ -e "$src/jail-renewals" ]; then
  put_file "$etc/jail-renewals" 0644 <"$src/jail-renewals"
elif [ -e "$etc/jail-renewals" ]; then
  change rm -f "$etc/jail-renewals"
fi
put_file "$etc/hash" 0644 <"$src/hash"

# The copy that came over the wire has keys in it: it goes, where it is one
# of the two places that fbdock uploads to.
case $src in
  /var/db/fbdock/incoming | /tmp/fbdock-guest) rm -rf "$src" ;;
esac

told=1
say "$([ -n "$changed" ] && echo ok || echo skip) payload $(head -n 1 "$etc/hash" | cut -c 1-12)"
exec sh "$libexec/fbdock-steps" >&3 3>&-
