#!/bin/sh
# Writes a docker archive with one image, busybox:latest, made of Debian's static busybox.
# usage: busybox-image.sh BUSYBOX OUTPUT.tar
set -eu
busybox=$1
out=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rootfs=$tmp/rootfs
mkdir -p "$rootfs/bin" "$rootfs/sbin" "$rootfs/etc" "$rootfs/tmp" "$rootfs/root" "$rootfs/var" "$rootfs/usr/bin" "$rootfs/usr/sbin" "$rootfs/home"
chmod 1777 "$rootfs/tmp"
cp "$busybox" "$rootfs/bin/busybox"
"$busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -sf busybox "$rootfs/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' >"$rootfs/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$rootfs/etc/group"
mkdir "$tmp/image" "$tmp/image/layer"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$rootfs" -cf "$tmp/image/layer/layer.tar" .
diff=$(sha256sum "$tmp/image/layer/layer.tar" | cut -d' ' -f1)
cat >"$tmp/image/config.json" <<EOT
{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z","config":{"Cmd":["sh"],"Env":["PATH=/bin:/sbin:/usr/bin:/usr/sbin"]},"history":[{"created":"1970-01-01T00:00:00Z","comment":"fbdock lab"}],"rootfs":{"type":"layers","diff_ids":["sha256:$diff"]}}
EOT
config=$(sha256sum "$tmp/image/config.json" | cut -d' ' -f1)
mv "$tmp/image/config.json" "$tmp/image/$config.json"
printf '[{"Config":"%s.json","RepoTags":["busybox:latest"],"Layers":["layer/layer.tar"]}]\n' "$config" >"$tmp/image/manifest.json"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$tmp/image" -cf "$out" .
