#!/bin/sh
# fbdock step jails: the jails of fbdock.hcl, each a clone of a release's base
# system with a configuration for rc.d/jail. Jails that fbdock.hcl does not name
# stay as they are.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../block.sh
. "$libexec/block.sh"
# shellcheck source=../undo.sh
. "$libexec/undo.sh"
# shellcheck source=../pf.sh
. "$libexec/pf.sh"
# shellcheck source=../jail.sh
. "$libexec/jail.sh"
# shellcheck source=../jailbase.sh
. "$libexec/jailbase.sh"
# shellcheck source=../jailmake.sh
. "$libexec/jailmake.sh"
# shellcheck source=../jailrenew.sh
. "$libexec/jailrenew.sh"
begin jails

[ -n "$FBDOCK_JAILS" ] || finish 'none in fbdock.hcl'
[ -n "$(pool)" ] || fail 'jails need ZFS, and there is no pool' 'fbdock up'

# What cannot be is told before anything is made.
for jail in $FBDOCK_JAILS; do
  jail_named "$jail"
  # One by hand that a killed run has begun is made as it is declared.
  jail_unfinished "$jail"
  [ ! -e "$jails_record/$jail/making" ] || change rm -f "$jails_record/$jail/making"
  jail_load "$etc/jails/$jail/settings"
  jail_check "$jail"
done
for jail in $FBDOCK_JAILS; do
  jail_give_up "$jail"
done
waiting=
for jail in $FBDOCK_JAILS; do
  jail_converge "$jail" "$etc/jails/$jail/settings"
  [ -z "$waits" ] || waiting="$waiting $jail"
done

text=$FBDOCK_JAILS
[ -z "$waiting" ] || text="$text; of these$waiting are started when the host's folders are there"
finish "$text"
