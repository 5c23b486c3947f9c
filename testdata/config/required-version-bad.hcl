# version: 0.1.5
fbdock { required_version = "newest" }
machine "dev" {
  box_version = "~~> 1"
}
