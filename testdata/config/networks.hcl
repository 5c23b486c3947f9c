machine "a" {
  engine { network = "10.77.0.5/24" }
}
machine "b" {
  engine { network = "10.77.0.0" }
}
machine "c" {
  engine { network = "fd00::/64" }
}
machine "d" {
  engine { network = "10.77.0.0/30" }
}
machine "e" {
  engine { network = "127.0.0.0/8" }
}
machine "f" {
  engine { network = "8.8.8.0/24" }
}
machine "ports" {
  engine { guest_ports = ["0", "65536", "022", "22/sctp", "22/", "ssh", "22/tcp/udp", "1", "65535/udp", "443/tcp"] }
}
machine "g" {
  engine { network = "ten" }
}
