machine "dev" {
  provider = "vmware"
  storage {
    compression = "zstd-42"
    pool        = "mirror-0"
  }
  engine {
    hypervisor = "xhyve"
    daemon     = {
      hosts     = ["tcp://0.0.0.0:2375"]
      "tls"     = false
      data-root = "/d"
    }
    registry_mirrors    = ["mirror.example.com"]
    insecure_registries = ["http://registry.local:5000/"]
    dns                 = ["224.0.0.1"]
    insecure_tcp        = true
    proxy {
      http = "proxy:3128"
    }
  }
  mount "src" {
    target = "src"
    type   = "nfs"
  }
  mount "b" {
    target = "/a/../b"
  }
  mount "c" {
    target = "/"
  }
  share "s" {
    type = "10p"
  }
  provision "both" {
    on     = "linux"
    inline = "true"
    script = "x.sh"
  }
  provision "neither" {}
  provision "empty" {
    inline = " "
  }
}
