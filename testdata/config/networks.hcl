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
machine "g" {
  engine { network = "ten" }
}
