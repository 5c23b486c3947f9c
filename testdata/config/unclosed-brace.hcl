machine "dev" {
  cpus = 4
  engine {
    cpus = 2
}
