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

# ours FILE is true for what fbdock has put there, or nobody.
ours() { [ ! -e "$1" ] || head -c 64 "$1" | grep -q 'Written by fbdock'; }

cli=/usr/local/bin/docker
if ours "$cli"; then
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

# A CLI without Compose gets the engine's.
compose=/usr/local/lib/docker/cli-plugins/docker-compose
if ! ours "$cli" || [ ! -e "$cli" ]; then
  if ours "$compose"; then
    [ -d "${compose%/*}" ] || change mkdir -p "${compose%/*}"
    put_file "$compose" 0755 <"$libexec/docker"
    kind="$kind, compose of the engine"
  fi
fi

# client_of USER HOME gives one user the context and the key of the engine.
client_of() {
  user=$1
  remember home "$2"
  docker_dir=$2/.docker
  id=$(head -n 1 "$etc/client/context-id")
  for d in "$docker_dir" "$docker_dir/contexts" "$docker_dir/contexts/meta" "$docker_dir/contexts/tls"; do
    [ -d "$d" ] || remember folder "$d"
    [ -d "$d" ] || change mkdir "$d"
    [ "$(stat -f %Su "$d")" = "$user" ] || change chown "$user" "$d"
  done
  put_dir "$etc/client/meta" "$docker_dir/contexts/meta/$id" u+rwX,go-rwx "$user"
  put_dir "$etc/client/tls" "$docker_dir/contexts/tls/$id" u+rwX,go-rwx "$user"
  put_dir "$etc/client/ssh" "$2/.fbdock" u+rwX,go-rwx "$user"
  if [ ! -e "$docker_dir/config.json" ]; then
    remember file "$docker_dir/config.json"
    put_file "$docker_dir/config.json" 0600 <"$etc/client/config.json"
  elif ! grep -q '"currentContext"' "$docker_dir/config.json"; then
    remember context "$docker_dir"
    # A user's own file: the CLI edits it. Somebody's own choice of context stays.
    attempt docker --config "$docker_dir" context use fbdock || note "docker context use: $(words)"
    changed=1
  fi
  [ "$(stat -f %Su "$docker_dir/config.json")" = "$user" ] || change chown "$user" "$docker_dir/config.json"
}

users="root $(guest_user)"
! own || users=$(guest_user)
for user in $users; do
  home=$(home_of "$user")
  [ -d "$home" ] || fail "user $user has no home directory" 'does the box have the user vagrant? id vagrant'
  client_of "$user" "$home"
done

finish "$kind"
