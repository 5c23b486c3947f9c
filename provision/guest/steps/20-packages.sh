#!/bin/sh
# fbdock step packages: what the base system lacks. The network is asked
# only when something is missing.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../hypervisor.sh
. "$libexec/hypervisor.sh"
begin packages

ASSUME_ALWAYS_YES=yes
export ASSUME_ALWAYS_YES

has() { command -v "$1" >/dev/null 2>&1; }

bootstrap() {
  if ! attempt pkg -N; then
    hint='does the guest reach pkg.FreeBSD.org? behind a proxy set engine.proxy in fbdock.hcl'
    change pkg bootstrap
    hint=
  fi
}

# harmless PACKAGE... refuses, on a computer of the user's own, what would
# take other packages away.
harmless() {
  own || return 0
  attempt pkg install -n "$@" || true # its status says whether there is something to do
  ! grep -qi 'to be REMOVED' "$said"
}

# install PACKAGE [-r REPOSITORY] adds one package.
install() {
  bootstrap
  if ! harmless "$@"; then
    rc=1
    return 1
  fi
  for last in "$@"; do :; done
  remember package "$last"
  if attempt pkg install -y "$@"; then
    changed=1
    return 0
  fi
  # Packages built for a newer patch level than this kernel: none of ours
  # holds kernel code. On a computer of the user's own that is not for fbdock
  # to decide.
  if ! own && grep -q IGNORE_OSVERSION "$said"; then
    note 'packages are built for a newer FreeBSD: going on with IGNORE_OSVERSION'
    if attempt env IGNORE_OSVERSION=yes pkg install -y "$@"; then
      changed=1
      return 0
    fi
  fi
  return 1
}

# need NAME TEST... installs a package unless the test is true, and asks again.
need() {
  package=$1
  shift
  if ! "$@"; then
    install "$package" || fail "pkg install -y $package: status $rc: $(words)" \
      "try it in the guest: pkg update -f && pkg install $package; is the repository of this release still served?"
    "$@" || fail "package $package is installed and does not hold what fbdock needs ($*)" "see pkg info -l $package"
  fi
}

if [ "$(hypervisor)" = bhyve ]; then
  # pkgbase systems may come without it.
  if ! has bhyve; then
    install -r FreeBSD-base FreeBSD-bhyve || fail "pkg install -r FreeBSD-base FreeBSD-bhyve: $(words)" "install bhyve in the guest by hand"
    has bhyve || fail "bhyve is not in the guest after installing FreeBSD-bhyve"
    decide_hypervisor
  fi
fi

# converts is true where the engine image is here as a file of qcow2, brought
# by Vagrant without fbdock: fbdock itself sends the disk in it.
converts() {
  [ -e "$db/images/$FBDOCK_IMAGE_FILE" ] && [ ! -e "$db/images/$FBDOCK_IMAGE_STREAM" ] &&
    [ "$(sh "$libexec/fbdock-image" "$FBDOCK_IMAGE_SHA512")" != have ]
}

has_uefi() { [ -n "$(uefi_code)" ]; }
if beside; then
  : # no hypervisor and no firmware
elif [ "$(hypervisor)" = bhyve ]; then
  case $(uname -m) in
    arm64) need u-boot-bhyve-arm64 test -e /usr/local/share/u-boot/u-boot-bhyve-arm64/u-boot.bin ;;
    *) need edk2-bhyve has_uefi ;;
  esac
  ! converts || need qemu-tools has qemu-img
elif [ "$(uname -m)" = arm64 ]; then
  need qemu-nox11 has qemu-system-aarch64
else
  # It holds qemu-img and conflicts with qemu-tools.
  need qemu-nox11 has qemu-system-x86_64
fi
[ -z "${FBDOCK_MOUNTS:-}" ] || need fusefs-sshfs has sshfs
[ "${FBDOCK_PODMAN:-no}" != yes ] || need podman-suite has podman

# offered NAME: the repository has the package. Asked twice: a "no" is kept
# for a week. A CLI before 20 speaks an API that today's engines refuse.
offered() {
  version=$(pkg rquery %v "$1" 2>/dev/null || pkg rquery %v "$1" 2>/dev/null) || return 1
  [ -n "$version" ] || return 1
  [ "$1" != docker-cli ] || [ "${version%%.*}" -ge 20 ]
}

# foreign FILE is true for one that is there and not the client step's own.
foreign() { [ -e "$1" ] && ! head -c 64 "$1" | grep -q 'Written by fbdock'; }
has_cli() { foreign "$(command -v docker)"; }
has_compose() { foreign "$compose"; }
compose=/usr/local/lib/docker/cli-plugins/docker-compose

# reachable is true when a package repository answers; the words of the
# command that failed are in $said.
reachable() {
  if ! attempt pkg -N; then
    attempt pkg bootstrap || return 1
    changed=1
  fi
  attempt pkg update -q
}

# left_out REASON PACKAGE... warns of optional packages that are not here, and
# says what is used instead (issue 14).
left_out() {
  reason=$1
  shift
  case $* in
    docker-cli) what='docker-cli is left out' instead='docker, by ssh, takes its' ;;
    docker-compose) what='docker-compose is left out' instead='compose, by ssh, takes its' ;;
    *) what='docker-cli and docker-compose are left out' instead='docker and compose, by ssh, take their' ;;
  esac
  say "warn the package${2:+s} $what, as $reason; the engine's own $instead place, and the next fbdock up that changes something tries again"
}

# The docker CLI is optional: its package is not in every repository, and the
# client step has a wrapper.
if ! has_cli || ! has_compose; then
  if [ -z "$(fact no-docker-cli)" ] || [ -n "$(find "$db/no-docker-cli" -mtime +7)" ]; then
    missing=
    again=
    reason=
    why=
    reachable || reason="no package repository answers: $(words)"
    for package in docker-cli docker-compose; do
      # A CLI that the user has put there stays; Compose fits beside it.
      if [ "$package" = docker-cli ] && has_cli; then
        continue
      elif [ "$package" = docker-compose ] && has_compose; then
        continue
      elif [ -n "$reason" ]; then
        again="$again $package"
      elif attempt pkg info -e "$package"; then
        continue
      elif ! offered "$package"; then
        missing="$missing $package"
      elif ! install "$package"; then
        again="$again $package"
        why="pkg install of $package ended with status $rc: $(words)"
      fi
    done
    if [ -n "$again" ]; then
      # shellcheck disable=SC2086 # names of packages
      left_out "${reason:-$why}" $again
    elif [ -n "$missing" ]; then
      rm -f "$db/no-docker-cli"
      put_fact no-docker-cli "not in the repository:$missing"
    fi
  fi
fi

finish "$(fact no-docker-cli)"
