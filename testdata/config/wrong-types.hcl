machine "dev" {
  provider    = 7
  box         = ["bento/freebsd-15"]
  box_version = 202510.26
  cpus        = "four"
  memory      = true
  storage {
    arc_max = { size = "1GiB" }
  }
  engine {
    cpus                = 2.5
    disk                = []
    network             = 10
    daemon              = "x"
    insecure_tcp        = "maybe"
    registry_mirrors    = "https://mirror.example.com"
    insecure_registries = ["ok:5000", 3, null]
    dns                 = { a = "1.1.1.1" }
  }
  forward {
    bind = false
  }
  mount "." {
    read_only = 1
  }
}
