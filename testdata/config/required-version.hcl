# version: 0.1.5
fbdock { required_version = ">= 0.2, < 2" }
machine "dev" {
  from_the_future = true
}
