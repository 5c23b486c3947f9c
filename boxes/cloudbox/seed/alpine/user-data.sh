#!/bin/sh
# Written by fbdock: what makes Alpine's cloud image a Vagrant box, at its first boot. cloud-init runs it as root.
# doas comes before the key: who can log in finds the machine ready.
# The key is Vagrant's well-known one, and Vagrant replaces it at its first login. Its newer one of Ed25519 is left
# out, because a Vagrant before 2.4 does not know that it has to go.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

say() {
  echo "fbdock-seed $*"
}

key='ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key'

# A password that nobody has: a locked one locks the key out too where sshd
# has no PAM (shadow(5)).
id vagrant >/dev/null 2>&1 || adduser -D -s /bin/sh vagrant || say 'cannot add the user vagrant'
sed -i 's/^vagrant:![^:]*:/vagrant:*:/' /etc/shadow

tries=30
until command -v doas >/dev/null; do
  apk add --no-cache doas && break
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || {
    say 'cannot install doas, the network or the package mirror did not answer'
    break
  }
  sleep 10
done
mkdir -p /etc/doas.d
echo 'permit nopass keepenv vagrant' >/etc/doas.d/vagrant.conf
chmod 0600 /etc/doas.d/vagrant.conf

# The partition has its size already.
root=$(awk '$2 == "/" { print $1 }' /proc/mounts | tail -n 1)
case $root in
  /dev/*) resize2fs "$root" || say 'cannot grow the root file system' ;;
  *) say "the root file system is on $root and was not grown" ;;
esac

home=$(eval echo ~vagrant)
mkdir -p "$home/.ssh"
[ -s "$home/.ssh/authorized_keys" ] || echo "$key" >"$home/.ssh/authorized_keys"
chmod 0700 "$home/.ssh"
chmod 0600 "$home/.ssh/authorized_keys"
chown -R vagrant "$home/.ssh"
say 'done'
