machine "dev" {
  box = "bento/freebsd-15
  cpus = 4
}
