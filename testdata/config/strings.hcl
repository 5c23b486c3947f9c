# Spaces, quotes, #{} and line breaks in every string of a machine.
machine "dev" {
  provider    = "virtual\"box#{1}\n"
  box         = "my box\"#{1}\n"
  box_version = "1 \"#{1}\n"
  memory      = "1 \"#{1}\n"
  storage {
    pool        = "z root\"#{1}\n"
    compression = "lz4 \"#{1}\n"
    arc_max     = "#{1}"
  }
  engine {
    hypervisor          = "bhyve \"#{1}\n"
    image               = "alpine 3\"#{1}\n"
    disk                = "'#{1}'"
    network             = "10.0.0.0/8 \"#{1}\n"
    registry_mirrors    = ["https://a b\"#{1}\n"]
    guest_ports         = ["22 \"#{1}\n"]
    insecure_registries = ["a b\"#{1}\n"]
    dns                 = ["1.1.1.1 \"#{1}\n"]
    ca_certificates     = ["a \"#{1}\n"]
    proxy {
      http  = "http://a b\"#{1}\n"
      https = "http://a b\"#{1}\n"
      no    = "a b\"#{1}\n"
    }
  }
  mount "." {
    target = "/a b\"#{1}\n"
    type   = "sshfs \"#{1}\n"
  }
  share "s" {
    type   = "9p \"#{1}\n"
    target = "/a b\"#{1}\n"
  }
  forward {
    bind = "127.0.0.1 \"#{1}\n"
  }
  provision "p" {
    on     = "freebsd \"#{1}\n"
    script = "a b\"#{1}\n"
  }
  provision "nul" {
    inline = "echo \u0000"
  }
}
