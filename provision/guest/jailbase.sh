# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: base systems that jails are clones of. Sourced after jail.sh.

jail_arch() {
  case $(uname -m) in
    arm64) echo arm64/aarch64 ;;
    *) echo "$(uname -m)/$(uname -p)" ;;
  esac
}

# base_pin RELEASE prints the SHA-512 that the project's lock file has.
base_pin() {
  [ ! -e "$etc/jail-pins" ] || awk -v r="$1" -v a="$(uname -m)" '$1 == r && $2 == a { print $3; exit }' "$etc/jail-pins"
}

# base_ready RELEASE: the snapshot is made last.
base_ready() { zfs list -H -t snapshot -o name "$(jails_base)/$1@base" >/dev/null 2>&1; }

# base_refuse TEXT HINT takes away what was made of a base that cannot be used.
base_refuse() {
  rm -rf "$media"
  ! zfs list -H -o name "$set" >/dev/null 2>&1 || attempt zfs destroy -r "$set" || note "$set stays: $(words)"
  rmdir "$jails_root/.base/${set##*/}" 2>/dev/null || true
  fail "$1" "$2"
}

# base_fetch RELEASE gets base.txz from the mirror of fbdock.hcl, else from FreeBSD,
# whose MANIFEST says in $wanted which file it is.
base_fetch() {
  if [ -n "${FBDOCK_JAIL_MIRROR:-}" ]; then
    from=$FBDOCK_JAIL_MIRROR/releases/$(jail_arch)/$1-RELEASE/base.txz
    if ! attempt fetch -q -T 60 -o "$media/base.txz" "$from"; then
      say "detail fetch $from: $(words); FreeBSD's own is taken"
    elif [ "$(sha256 -q "$media/base.txz")" = "$wanted" ]; then
      return 0
    else
      say "detail $from is not the file that FreeBSD's MANIFEST names; FreeBSD's own is taken"
    fi
  fi
  attempt fetch -q -T 60 -o "$media/base.txz" "$url/base.txz" || base_unfetched "$1" base.txz
}

base_unfetched() {
  base_refuse "fetch $url/$2: $(words)" "is $1 a release of FreeBSD? does the guest reach download.freebsd.org? behind a proxy set engine.proxy in fbdock.hcl"
}

# base_make RELEASE fetches a release's base system, checks it against the
# release's MANIFEST and the lock file, and keeps it as the snapshot @base.
base_make() {
  set=$(jails_base)/$1
  media=$db/jail-media
  if base_ready "$1"; then
    [ ! -e "$media" ] || change rm -rf "$media" # of a run that was killed
    return 0
  fi
  url=$FBDOCK_JAIL_SITE/$(jail_arch)/$1-RELEASE
  zfs list -H -o name "$(jails_base)" >/dev/null 2>&1 || change zfs create -o mountpoint=none "$(jails_base)"
  # What a run that was killed has left.
  ! zfs list -H -o name "$set" >/dev/null 2>&1 || change zfs destroy -r "$set"
  try rm -rf "$media"
  try mkdir -m 0700 "$media"
  attempt fetch -q -T 60 -o "$media/MANIFEST" "$url/MANIFEST" || base_unfetched "$1" MANIFEST
  wanted=$(awk -F '\t' '$1 == "base.txz" { print $2; exit }' "$media/MANIFEST")
  [ -n "$wanted" ] || base_refuse "$url/MANIFEST does not name base.txz" "is there a proxy between that answers in its place? see $url/MANIFEST"
  base_fetch "$1"
  got=$(sha256 -q "$media/base.txz")
  [ "$got" = "$wanted" ] || base_refuse "base.txz of $1 is not the file that its MANIFEST names: sha256 $got, not $wanted" 'run it again; a proxy or a mirror may be out of step'
  sum=$(sha512 -q "$media/base.txz")
  pin=$(base_pin "$1")
  [ -z "$pin" ] || [ "$pin" = "$sum" ] ||
    base_refuse "base.txz of $1 is not the file that is pinned: sha512 $sum, not $pin" "ask who publishes it why it changed; if you trust it, remove its block jail_base \"$1\" from fbdock.lock.hcl"
  attempt zfs create -o "mountpoint=$jails_root/.base/$1" -o "fbdock:sha512=$sum" "$set" ||
    base_refuse "create $set: $(words)" "is pool $(pool) full? zfs list -o space $(pool)"
  changed=1
  attempt tar -xpf "$media/base.txz" -C "$jails_root/.base/$1" ||
    base_refuse "unpack base.txz of $1: $(words)" "is pool $(pool) full? zfs list -o space $(pool)"
  [ -x "$jails_root/.base/$1/bin/sh" ] || base_refuse "base.txz of $1 holds no /bin/sh" "see $url"
  attempt zfs snapshot "$set@base" || base_refuse "snapshot $set@base: $(words)" "is pool $(pool) full? zfs list -o space $(pool)"
  try rm -rf "$media"
}

# bases says what each base system was made of.
bases() {
  zfs list -H -r -o name,fbdock:sha512 "$(jails_base)" 2>/dev/null | while read -r name sum; do
    case $sum in
      *[!0-9a-f]* | '') ;;
      *) base_ready "${name##*/}" && printf 'fbdock-jail-base %s %s %s\n' "${name##*/}" "$(uname -m)" "$sum" ;;
    esac
  done
}
