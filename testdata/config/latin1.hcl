machine "dev" {
  box = "café"
}
