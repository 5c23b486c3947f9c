# A FreeBSD machine with a Docker engine in it.
#
#   fbdock plan          shows what the file asks for
#   fbdock up            brings it up
#   fbdock docker ps     is docker in it
#
# Lines that are commented out show what holds anyway, or an example.
# Sizes are binary: "512MiB", "6GiB". Functions such as env("NAME", "default"),
# file("path"), format() and jsondecode() work everywhere.

# fbdock {
#   required_version = ">= 0.1"
# }

# variable "memory" { # fbdock up -var memory=8GiB, or FBDOCK_VAR_memory=8GiB
#   description = "memory of the FreeBSD guest"
#   type        = string
#   default     = "6GiB"
# }

# locals {
#   registry = "registry.local:5000"
# }

machine "dev" {
  # provider    = "auto"             # virtualbox, vmware_desktop, libvirt, hyperv, parallels, qemu, utm, native, docker
  # box         = "bento/freebsd-15" # left out: the best box for provider and processor
  # box_version = "~> 202510.26"
  # box_url     = "https://boxes.example.com/freebsd.json" # or a box file and, in the place of box_version,
  #                                  # box_checksum = "sha256:...", its checksum
  # cpus        = 4
  # memory      = var.memory         # the engine's memory is within it
  # cli         = "auto"             # or "host", "guest": whose docker CLI runs

  # Folders of this computer, at the same path in both guests.
  mount "." {
    # target    = "/src"
    # read_only = true
    # type      = "copy"    # a copy that follows, one way, for speed
    # exclude   = [".git"]  # from the copy
  }

  # ZFS in the FreeBSD guest.
  # storage {
  #   pool        = "auto"   # the box's own pool, else one on a spare disk
  #   compression = "lz4"    # or zstd, gzip-6, zle, off ...
  #   arc_max     = "512MiB" # memory that ZFS may cache with
  # }

  # The Alpine VM that runs dockerd.
  # engine {
  #   hypervisor = "auto"          # bhyve; qemu where bhyve cannot run (slow)
  #   placement  = "auto"          # nested in FreeBSD
  #   image      = "alpine-3.24"   # or the path of a qcow2 or raw file
  #   cpus       = 2               # at least 2
  #   memory     = "2GiB"          # at least 2GiB
  #   disk       = "40GiB"         # images, containers, volumes; takes room as it fills
  #   network    = "10.77.0.0/24"  # between FreeBSD (.1) and engine (.2)
  #   daemon     = { "log-driver" = "local" } # merged into daemon.json
  #   dns        = ["192.0.2.53"]
  #   guest_ports         = ["5432", "53/udp"] # of FreeBSD, for containers
  #   registry_mirrors    = ["https://mirror.example.com"]
  #   insecure_registries = [local.registry]
  #   ca_certificates     = ["ca.pem"]
  #   insecure_tcp        = false  # true opens port 2375 without TLS: do not
  #   proxy {                      # left out: what this computer uses
  #     http  = "http://proxy.example.com:3128"
  #     https = "http://proxy.example.com:3128"
  #     no    = "localhost,.example.com"
  #   }
  # }

  # A dataset of the FreeBSD guest that the engine sees, too.
  # share "scratch" {
  #   type   = "nfs"      # or 9p
  #   target = "/scratch"
  # }

  # Where published container ports appear on this computer.
  # forward {
  #   bind = "127.0.0.1"
  #   max  = 256 # ports, of all containers
  # }

  # podman { # containers of FreeBSD itself, beside Linux ones: `fbdock podman`
  #   engine_access = false # the two do not reach each other
  # }

  # FreeBSD jails in the guest: `fbdock jail`. All of it may be left out.
  # jail_network = "10.79.0.0/24"
  # jail "web" {
  #   release  = "15.1"
  #   hostname = "web.example"
  #   network  = "vnet" # or inherit
  #   address  = "10.79.0.20"
  #   packages = ["nginx"]
  #   forward  = ["8080:80"] # of this computer and of the jail
  #   memory   = "512MiB"
  #   cpus     = 1
  #   boot     = true
  #   allow    = ["raw_sockets"]
  #   mount "." {
  #     target    = "/src"
  #     read_only = true
  #   }
  # }

  # How long fbdock waits, for slow computers.
  # timeouts {
  #   boot    = "30m" # for FreeBSD, until it can be logged in to
  #   engine  = "15m" # for dockerd, after the engine was started
  #   stop    = "60s" # for the engine to power itself off
  #   command = "2m"  # for a docker command that finds the engine booting
  # }

  # Where the host fetches images from first; digests are still the publishers'.
  # mirrors {
  #   freebsd = "https://mirror.example.com/FreeBSD" # has releases and snapshots
  #   alpine  = "https://mirror.example.com/alpine"  # has v3.24
  # }

  # Scripts of your own, run after fbdock's steps; script = "FILE" as well.
  # provision "tools" {
  #   on     = "freebsd" # or engine
  #   inline = "pkg install -y jq"
  # }
  # provision "more" {
  #   script = "setup.sh"
  # }
}

# A FreeBSD computer of your own in the place of a VM.
# machine "metal" {
#   host         = "ssh://me@freebsd.example"
#   architecture = "amd64"
# }
