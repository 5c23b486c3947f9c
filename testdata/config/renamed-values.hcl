machine "dev" {
  mount "." {
    target = "/src"
    type   = "rsync"
  }
}
