#!/bin/sh
# fbdock step client: docker for the user who logs in and for root: a docker
# context with TLS files, made current; the engine's own CLI by ssh where
# FreeBSD has none that the engine would talk to.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
begin client

# too_old is true for a CLI whose API (before 1.40) current engines refuse.
too_old() {
  major=$(docker --version 2>/dev/null | awk '{ print $3 }' | cut -d . -f 1)
  case $major in
    '' | *[!0-9]*) return 0 ;;
  esac
  [ "$major" -lt 20 ]
}

cli=/usr/local/bin/docker
if [ ! -e "$cli" ] || grep -q 'Written by fbdock' "$cli"; then
  if command -v docker >/dev/null && [ "$(command -v docker)" != "$cli" ] && ! too_old; then
    [ ! -e "$cli" ] || change rm -f "$cli"
    kind="docker $(docker --version | awk '{ print $3 }' | tr -d ,)"
  else
    put_file "$cli" 0755 <"$libexec/docker"
    kind="the engine's own CLI by ssh"
  fi
elif too_old; then
  fail "$cli is $(docker --version 2>/dev/null || echo not usable): too old for the engine" \
    "remove it in the guest (pkg delete docker) and run fbdock up: fbdock then uses the engine's own CLI"
else
  kind="docker $(docker --version | awk '{ print $3 }' | tr -d ,)"
fi

# own_file PATH MODE USER is put_file for a file in somebody's home.
own_file() {
  put_file "$1" "$2"
  [ "$(stat -f %Su "$1")" = "$3" ] || change chown "$3" "$1"
}
own_dir() {
  [ -d "$1" ] || change mkdir "$1"
  [ "$(stat -f %Su "$1")" = "$2" ] || change chown "$2" "$1"
}

# client_of USER HOME gives one user the context and the key of the engine.
client_of() {
  user=$1
  docker_dir=$2/.docker
  id=$(head -n 1 "$etc/client/context-id")
  own_dir "$docker_dir" "$user"
  for d in contexts contexts/meta "contexts/meta/$id" contexts/tls "contexts/tls/$id" "contexts/tls/$id/docker"; do
    own_dir "$docker_dir/$d" "$user"
  done
  own_file "$docker_dir/contexts/meta/$id/meta.json" 0644 "$user" <"$etc/client/meta.json"
  for f in ca cert key; do
    own_file "$docker_dir/contexts/tls/$id/docker/$f.pem" 0600 "$user" <"$etc/client/$f.pem"
  done
  if [ ! -e "$docker_dir/config.json" ]; then
    own_file "$docker_dir/config.json" 0600 "$user" <"$etc/client/config.json"
  elif ! grep -q '"currentContext"' "$docker_dir/config.json"; then
    # A user's own file: the CLI edits it. Somebody's own choice of context stays.
    attempt docker --config "$docker_dir" context use fbdock || note "docker context use: $(words)"
    changed=1
    change chown "$user" "$docker_dir/config.json"
  fi
  own_dir "$2/.fbdock" "$user"
  for f in id_ed25519 known_hosts ssh_config; do
    own_file "$2/.fbdock/$f" 0600 "$user" <"$etc/client/$f"
  done
}

# The password file asks less of the system than getent's other sources.
for user in root "$(guest_user)"; do
  home=$(home_of "$user")
  [ -d "$home" ] || fail "user $user has no home directory" 'does the box have the user vagrant? id vagrant'
  client_of "$user" "$home"
done

finish "$kind"
