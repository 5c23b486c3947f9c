machine "dev" {
  cpus 4
}
