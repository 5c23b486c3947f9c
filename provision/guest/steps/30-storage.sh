#!/bin/sh
# fbdock step storage: a ZFS pool, the datasets and zvols in it, ZFS' memory.
# A disk is taken only when it is proven blank.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../pool.sh
. "$libexec/pool.sh"
begin storage

has_pool() { zpool list -H -o name "$1" >/dev/null 2>&1; }
has_dataset() { zfs list -H -o name "$1" >/dev/null 2>&1; }
mib=1048576

# blank DISK is true when nothing claims the disk and nothing is on it.
# Every question must be answered "no"; an error counts as a "yes".
blank() {
  case $1 in
    cd[0-9]* | md[0-9]* | fd[0-9]*) return 1 ;;
  esac
  size=$(diskinfo "$1" | awk '{ print $3 }')
  [ "${size:-0}" -ge $((8192 * mib)) ] || return 1
  ! gpart show "$1" >/dev/null 2>&1 || return 1
  ! fstyp "/dev/$1" >/dev/null 2>&1 || return 1
  # Open by nobody: no file system, no swap, no pool, no geom.
  geom disk list "$1" | grep -q 'Mode: r0w0e0' || return 1
  [ ! -e /etc/fstab ] || [ "$(grep -cE "/dev/$1([^0-9]|\$)" /etc/fstab)" = 0 ] || return 1
  # Labels of ZFS, GPT, swap and RAID stand at an end of the disk.
  zero "$1" 0 "$size" && zero "$1" $((size / mib - 4)) "$size"
}

# zero DISK MIB SIZE is true when the 5 MiB from there, or what the disk has
# of them, could all be read and are zeros.
zero() {
  expected=$(($3 - $2 * mib))
  [ "$expected" -le $((5 * mib)) ] || expected=$((5 * mib))
  rm -f "$run/zeros"
  truncate -s "$expected" "$run/zeros" &&
    dd "if=/dev/$1" "of=$run/blank" bs=1m count=5 "skip=$2" 2>/dev/null &&
    cmp -s "$run/blank" "$run/zeros"
}

make_pool() {
  change zpool create -o ashift=12 -o autotrim=on -O "compression=$FBDOCK_COMPRESSION" -O atime=off -m none "$1" "$2"
}

# new_pool NAME makes a pool on the first blank disk, else on a file. Asked
# twice: a question that failed once must not put the engine on a file for good.
new_pool() {
  disks=$(sysctl -n kern.disks) || fail "sysctl kern.disks: status $?"
  for disk in $disks $disks; do
    if blank "$disk"; then
      rm -f "$run/blank" "$run/zeros"
      make_pool "$1" "/dev/$disk"
      return 0
    fi
    note "disk $disk is not blank or too small: left alone"
  done
  rm -f "$run/blank" "$run/zeros"
  free=$(df -P -k "$db" | awk 'NR == 2 { print int($4 / 1024) }')
  size=10240
  beside || size=$((FBDOCK_ENGINE_DISK / mib + size))
  if [ "$size" -gt $((free - 2048)) ]; then
    size=$((free - 2048))
  fi
  [ "$size" -ge 8192 ] || fail "no ZFS pool, no blank disk, and only $free MiB free on the guest's disk" \
    'choose a box with ZFS (bento/freebsd-15), or give the guest a second disk'
  warning=", on a file: slower, for tests"
  # Without a pool on record a file that is there is from a run that was
  # killed before zpool create.
  rm -f "$db/pool.img"
  change truncate -s "${size}m" "$db/pool.img"
  make_pool "$1" "$db/pool.img"
}

# choose_pool prints the pool to use, nothing when one has to be made.
choose_pool() {
  for candidate in "$(pool)" "${1#auto}"; do
    if [ -n "$candidate" ] && has_pool "$candidate"; then
      echo "$candidate"
      return 0
    fi
  done
  [ "$1" = auto ] || return 0
  root=$(printf '%s\n' "$mounts" | awk '$2 == "/" && $3 == "zfs" { sub("/.*", "", $1); print $1 }')
  if [ -n "$root" ]; then
    echo "$root"
  else
    # Of several pools of the user's own none is taken by chance.
    zpool list -H -o name | awk -v own="${FBDOCK_OWN_COMPUTER:-no}" '{ p[NR] = $1 } END { if (NR == 1 || NR && own != "yes") print p[1] }'
  fi
}

warning=
mounts=$(mount -p) || fail "mount -p: status $?"
wanted=$FBDOCK_POOL
if [ "$wanted" != auto ] && [ -n "$(pool)" ] && [ "$(pool)" != "$wanted" ]; then
  fail "the engine's disks are in pool $(pool), fbdock.hcl now says $wanted" "set storage.pool back, or destroy the machine first"
fi
# A pool of ours that this boot did not import. On a computer of the user's
# own pools and disks are the user's alone.
name=$wanted
[ "$name" != auto ] || name=$(pool)
name=${name:-fbdock}
if ! own && ! has_pool "$name"; then
  attempt zpool import "$name" || attempt zpool import -d "$db" "$name" || true
fi
chosen=$(choose_pool "$wanted")
if [ -z "$chosen" ]; then
  if own; then
    fail "this computer has no ZFS pool ${wanted#auto}, and fbdock takes no disk of yours" \
      'make one as you like it (zpool-create(8)) and name it in fbdock.hcl: storage { pool = "NAME" }'
  fi
  [ -z "$(pool)" ] || fail "pool $(pool), which holds the engine's disks, is gone: $(words)" \
    "is its disk still attached? zpool import; to start anew: fbdock destroy"
  new_pool "$name"
  chosen=$name
fi
put_fact pool "$chosen"
rc_conf zfs_enable YES

state=$(zpool list -H -o health "$chosen")
[ "$state" = ONLINE ] || [ "$state" = DEGRADED ] || fail "pool $chosen is $state" "look at zpool status $chosen"
full=$(zpool list -H -o capacity "$chosen")
full=${full%\%}
[ "${full:-0}" -lt 95 ] || fail "pool $chosen is $full% full" "free space in it: zfs list -o space -r $chosen"
[ "${full:-0}" -lt 80 ] || warning="$warning, $full% full"

# dataset NAME OPTION... makes a file system once.
dataset() {
  name=$1
  shift
  has_dataset "$name" || change zfs create "$@" "$name"
}

node() { [ -e "/dev/zvol/$1" ]; }

# volume NAME BYTES makes a zvol, or lets it grow. Its node must be there
# before anything touches it: a resize without one panics FreeBSD 14.
volume() {
  has_dataset "$1" || change zfs create -s -V "$2" -o volblocksize=16k -o primarycache=metadata "$1"
  await 30 node "$1" || fail "/dev/zvol/$1 did not appear within 30 s" \
    "$(restart_hint); zfs get volmode $1 should say dev, inherited"
  now=$(zfs get -H -p -o value volsize "$1")
  if [ "$now" -lt "$2" ]; then
    change zfs set "volsize=$2" "$1"
  elif [ "$now" -gt "$2" ] && [ "$1" = "$base/vm/data" ]; then
    warning="$warning, $1 stays at $((now / mib)) MiB: disks do not shrink"
  fi
}

# lacks prints the feature that the pool lacks, and ends the step where ZFS
# does not say.
lacks() { lacks_feature "$chosen" "$FBDOCK_COMPRESSION" || fail "zpool get of the features of $chosen: status $?"; }
feature=$(lacks)
if [ -n "$feature" ]; then
  # On a computer of the user's own a pool is the user's to upgrade.
  ! own || fail "pool $chosen has not enabled $feature, which compression $FBDOCK_COMPRESSION needs" "$(upgrade_hint "$chosen")"
  change zpool upgrade "$chosen"
  feature=$(lacks)
  [ -z "$feature" ] || fail "pool $chosen has not enabled $feature after zpool upgrade" \
    "see zpool get compatibility $chosen, or set another storage.compression in fbdock.hcl"
  warning="$warning, upgraded by zpool upgrade"
fi

base=$chosen/fbdock
if own; then
  # The mark says whose it is; without it nothing is touched.
  mark=fbdock:instance=$FBDOCK_INSTANCE
  if has_dataset "$base" && [ "$(zfs get -H -o value fbdock:instance "$base")" != "$FBDOCK_INSTANCE" ]; then
    fail "$base is there already, and this project did not make it" "rename it, or name another pool in fbdock.hcl: storage { pool = \"NAME\" }"
  fi
  has_dataset "$base" || change zfs create -o "$mark" -o mountpoint=none -o "compression=$FBDOCK_COMPRESSION" -o atime=off "$base"
fi
dataset "$base" -o mountpoint=none -o "compression=$FBDOCK_COMPRESSION" -o atime=off
# What is below inherits it.
kept=$(zfs get -H -o value compression "$base") || fail "zfs get compression $base: status $?"
[ "$kept" = "$FBDOCK_COMPRESSION" ] || change zfs set "compression=$FBDOCK_COMPRESSION" "$base"
# volmode stands on the parent: set on a zvol itself its node does not come.
dataset "$base/shares" -o mountpoint=none
if ! beside; then
  dataset "$base/vm" -o volmode=dev -o mountpoint=none
  volume "$base/vm/root" "$FBDOCK_ROOT_DISK"
  volume "$base/vm/data" "$FBDOCK_ENGINE_DISK"
fi

for share in $(shares all | awk '{ print $1 }'); do
  dataset "$base/shares/$share" -o "mountpoint=/fbdock/$share" -o recordsize=128k
  mounted=$(zfs get -H -o value mounted "$base/shares/$share") || fail "zfs get mounted $base/shares/$share: status $?"
  [ "$mounted" = yes ] || change zfs mount "$base/shares/$share"
done

# ZFS gives memory back too slowly for a virtual machine that starts beside
# it. rc.d/fbdock sets the same limit at each boot.
limit=$FBDOCK_ARC_MAX
if own && [ "$limit" = 0 ]; then
  put_fact arc-max ''
  finish "pool $chosen$warning"
fi
if [ "$limit" = 0 ]; then
  engine=$((FBDOCK_ENGINE_MEMORY * mib))
  ! beside || engine=0
  limit=$((($(sysctl -n hw.physmem) - engine - 1024 * mib) / 2))
  [ "$limit" -ge $((256 * mib)) ] || limit=$((256 * mib))
fi
had=$(sysctl -n vfs.zfs.arc.max)
if [ "$had" != "$limit" ]; then
  remember sysctl vfs.zfs.arc.max "$had"
  least=$(sysctl -n vfs.zfs.arc.min) || fail "sysctl vfs.zfs.arc.min: status $?"
  [ "$least" -lt "$limit" ] || sysctl_set vfs.zfs.arc.min "$((32 * mib))"
  attempt sysctl "vfs.zfs.arc.max=$limit" || fail "sysctl vfs.zfs.arc.max=$limit: $(words)" \
    'set storage.arc_max to at least 64MiB and less than the memory of the guest'
  changed=1
fi
put_fact arc-max "$limit"

finish "pool $chosen$warning"
