machine "a" {
  memory = "lots"
}
machine "b" {
  memory = "-6GiB"
}
machine "c" {
  memory = "0GiB"
}
machine "d" {
  memory = "99999999999999TiB"
}
machine "e" {
  memory = "6"
}
machine "f" {
  memory = 6
}
machine "g" {
  memory = 4096
}
machine "h" {
  memory = 4294967296
}
machine "i" {
  memory = "1000KiB"
}
machine "j" {
  memory = "0.3B"
}
machine "k" {
  memory = "6 gigs"
}
machine "l" {
  memory = ""
}
machine "m" {
  engine {
    memory = "1GiB"
    cpus   = 1
  }
}
machine "n" {
  cpus   = -1
  memory = -1
}
machine "o" {
  cpus   = 0
  memory = 1e30
}
machine "p" {
  cpus = 1e30
}
