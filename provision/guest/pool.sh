# shellcheck shell=sh
# fbdock: what a ZFS pool must be able to do. Sourced by the storage step, and
# sent with the survey.

# lacks_feature POOL COMPRESSION prints the feature of the pool that the
# compression needs and that is not enabled (zpool-features(7)). A pool made by
# makefs(8), as in FreeBSD's cloud images, or by an older release has few.
lacks_feature() {
  case $2 in
    lz4) feature=lz4_compress ;;
    zstd | zstd-*) feature=zstd_compress ;;
    *) return 0 ;;
  esac
  enabled=$(zpool get -H -o value "feature@$feature" "$1") || return 1
  case $enabled in
    enabled | active) ;;
    *) echo "$feature" ;;
  esac
}

# upgrade_hint POOL is what an owner of a pool has to know before it is upgraded.
upgrade_hint() {
  echo "zpool upgrade $1 enables it; older systems cannot import the pool afterwards, and where the computer boots from it the boot code" \
    'must be as new as the pool: see gptzfsboot(8) and loader.efi(8); or set another storage.compression in fbdock.hcl, such as "gzip"'
}
