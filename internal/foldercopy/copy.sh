# shellcheck shell=sh disable=SC2154
# fbdock's end of a copy, run as root after mounted.sh:
# copy.sh open|rewrite|note|unlink|rmdir|put|links|live TARGET UID:GID
# open prints the list of what was put here before. Words for fbdock are as
# in guest.sh.
do=$1 target=$2 owner=$3
copies=/var/db/fbdock/copies
id=$(printf '%s' "$target" | cksum | tr ' ' -)

if [ "$do" = open ]; then
  parent=$(dirname "$target")
  points parent "$target" || exit 1
  mkdir -p "$parent" "$copies" || fail failed "mkdir -p $parent $copies"
fi
parent=$(cd "$(dirname "$target")" && pwd -P) || fail failed "there is no $(dirname "$target")"
real=${parent%/}/$(basename "$target")

case $do in
open)
  rm -f "$state/$id.live"
  ours "$real" && fail failed "$real lies in a mounted folder of the host"
  tries=0
  while mounted "$real"; do
    [ "$tries" -lt 5 ] || fail failed "the mount that was there before does not go: umount $real"
    detach "$real" || sleep 1
    tries=$((tries + 1))
  done
  points free "$target" || exit 1
  [ -e "$copies/$id" ] || points clear "$target" || exit 1
  if [ -z "$(ls -A "$real" 2>/dev/null)" ]; then
    rm -f "$copies/$id" # what the list is about was taken away
    mkdir -p "$real" && chown "$owner" "$real" || fail failed "mkdir -p $real"
  elif ! [ -e "$copies/$id" ]; then
    fail foreign "$real is not empty, and not of fbdock"
  fi
  touch "$copies/$id" && cat "$copies/$id" || fail failed "$copies cannot be written"
  ;;
rewrite) cat >"$copies/$id.new" && mv "$copies/$id.new" "$copies/$id" || fail failed "$copies cannot be written" ;;
note) cat >>"$copies/$id" || fail failed "$copies cannot be written" ;;
unlink) cd "$real" && xargs -0 rm -f -- || fail failed "what is gone from the host cannot be taken away" ;;
# A folder stays while there is something in it that the guest has made.
rmdir) cd "$real" && { xargs -0 rmdir -- 2>/dev/null || :; } ;;
put) tar -xpf - -C "$real" || fail failed "tar -x in $real" ;;
# BusyBox's tar gives the owner to files and folders alone.
links) cd "$real" && xargs -0 chown -h -- "$owner" || fail failed "chown -h in $real" ;;
live) mkdir -p "$state" && echo "$target" >"$state/$id.live" || fail failed "$state cannot be written" ;;
esac
