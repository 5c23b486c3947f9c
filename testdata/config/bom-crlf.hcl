machine "dev" {
  cpu = 4
}
