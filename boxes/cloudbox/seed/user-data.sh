#!/bin/sh
# Written by fbdock: what makes FreeBSD's cloud image a Vagrant box, at its first boot, as root.
# FreeBSD's nuageinit and cloud-init both run it at the end of that boot.
# nuageinit parses it as YAML before it runs it (an error there would lose the script), so below this head there is
# no comment, no tab, and no colon or number sign beside a space: all of it is one plain YAML scalar.
# sudo comes before the key: who can log in finds the machine ready.
# The key is Vagrant's well-known one, and Vagrant replaces it at its first login. Its newer one of Ed25519 is left
# out, because a Vagrant before 2.4 does not know that it has to go.
set -u
export PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin

say() {
  echo "fbdock-seed $*"
}

retry() {
  tries=$1
  shift
  while ! "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 10
  done
}

key='ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key'

if command -v pw >/dev/null; then
  pw usershow vagrant >/dev/null 2>&1 ||
    pw useradd -n vagrant -c vagrant -m -M 0755 -G wheel -s /bin/sh -w no || say 'cannot add the user vagrant'
  sudoers=/usr/local/etc/sudoers.d
  case $(sysrc -n growfs_enable 2>/dev/null) in
    [Yy][Ee][Ss]) ;;
    *) service growfs onestart || say 'cannot grow the root file system' ;;
  esac
else
  id vagrant >/dev/null 2>&1 || useradd -m -s /bin/sh -p '*' vagrant || say 'cannot add the user vagrant'
  sudoers=/etc/sudoers.d
fi

name=$(hostname)
grep -qw "$name" /etc/hosts || echo "127.0.0.1 $name" >>/etc/hosts

mkdir -p "$sudoers"
echo 'vagrant ALL=(ALL) NOPASSWD:ALL' >"$sudoers/vagrant"
chmod 0440 "$sudoers/vagrant"
if ! command -v sudo >/dev/null; then
  export ASSUME_ALWAYS_YES=yes IGNORE_OSVERSION=yes
  retry 30 pkg install -y sudo || say 'cannot install sudo, the network or the package mirror did not answer'
fi

config=/etc/ssh/sshd_config
if [ -f "$config" ]; then
  {
    echo 'PasswordAuthentication no'
    grep -v '^[[:space:]]*PasswordAuthentication' "$config"
  } >"$config.fbdock"
  cat "$config.fbdock" >"$config"
  rm -f "$config.fbdock"
  for pid in /var/run/sshd.pid /run/sshd.pid; do
    [ ! -s "$pid" ] || kill -HUP "$(cat "$pid")" || say 'cannot reload sshd'
    [ ! -s "$pid" ] || break
  done
fi

home=$(eval echo ~vagrant)
mkdir -p "$home/.ssh"
[ -s "$home/.ssh/authorized_keys" ] || echo "$key" >"$home/.ssh/authorized_keys"
chmod 0700 "$home/.ssh"
chmod 0600 "$home/.ssh/authorized_keys"
chown -R "$(id -u vagrant)" "$home/.ssh"
say 'done'
