# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: a marked block in a file that others own too. Sourced after lib.sh.

block_begin='# BEGIN fbdock: managed by fbdock, changes in this block are lost'
block_end='# END fbdock'

# block_range FILE prints the first and the last line of fbdock's block.
block_range() {
  awk '/^# BEGIN fbdock/ { b = NR } /^# END fbdock/ && b { print b, NR; b = 0; exit }
    END { if (b) print "open" }' "$1"
}

# put_block FILE TEXT [LINE] makes TEXT fbdock's block in a file that others
# own too, before LINE or at the end; an empty TEXT removes it. Bytes outside of the
# block stay as they are. The result is left in $new for a check; take_block
# puts it in place.
put_block() {
  file=$1
  [ -L "$file" ] && file=$(readlink -f "$file")
  new=${file%/*}/.${file##*/}.fbdock-new
  rm -f "$new"
  first=${3:-}
  last=
  if [ -e "$file" ]; then
    try cp -p "$file" "$new"
    range=$(block_range "$file")
    [ "$range" != open ] || fail "$file: fbdock's block has a BEGIN line and no END line" "remove what is left of the block from $file"
    if [ -n "$range" ]; then
      first=${range% *}
      last=${range#* }
    fi
    total=$(awk 'END { print NR }' "$file")
    : "${first:=$((total + 1))}"
  else
    first=1
    total=0
  fi
  write_block "$2" >"$new" || fail "write $new" "is the disk full? df -h"
}

write_block() {
  if [ "$first" -gt 1 ]; then
    head -n "$((first - 1))" "$file" || return 1
    [ "$first" -le "$total" ] || [ -z "$(tail -c 1 "$file")" ] || echo
  fi
  [ -z "$1" ] || printf '%s\n%s\n%s\n' "$block_begin" "$1" "$block_end"
  rest=$((${last:-$((first - 1))} + 1))
  [ "$rest" -gt "$total" ] || tail -n "+$rest" "$file"
}

take_block() {
  if [ -e "$file" ] && cmp -s "$new" "$file"; then
    rm -f "$new"
    return 1
  fi
  change mv -f "$new" "$file"
}
