#!/bin/sh
# The demonstration behind `make demo`: fbdock's main job on the lab, from
# nothing to the output of a container and back to nothing. FBDOCK is the
# program; the environment is that of `testdata/lab/lab env`.
set -eu

: "${FBDOCK:?is set by make demo}" "${FBDOCK_LAB_IMAGE:?is set by make demo}" "${FBDOCK_LAB_BUSYBOX:?is set by make demo}"
project=$(mktemp -d)
cd "$project"

run() {
  printf '\n$ fbdock %s\n' "$*"
  "$FBDOCK" "$@"
}

finish() {
  "$FBDOCK" destroy --yes >/dev/null 2>&1 || true
  rm -rf "$project"
}
trap finish EXIT
trap 'exit 130' INT TERM

cat >fbdock.hcl <<'EOF'
machine "dev" {
  provider = "docker"            # the lab; on real hardware leave provider and box out
  box      = "fbdock-lab:latest"

  engine {
    image = env("FBDOCK_LAB_IMAGE")
    disk  = "8GiB"
  }
}
EOF
cat fbdock.hcl
run validate
run up --allow-reach # the image lies outside of the project
printf '\n$ fbdock docker load <busybox.tar    # the lab has no registry to pull from\n'
"$FBDOCK" docker load <"$FBDOCK_LAB_BUSYBOX"
run docker run --rm busybox sh -c 'echo "hello from a container on $(uname -sr)"'
run status
run destroy --yes
trap - EXIT
rm -rf "$project"
printf '\nThe demonstration is over; nothing is left but the cache.\n'
