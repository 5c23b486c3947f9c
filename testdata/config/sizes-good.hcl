machine "a" {
  memory = "6GiB"
  storage {
    arc_max = "512 MB"
  }
  engine {
    memory = "2g"
    disk   = "1.5TiB"
  }
}
