machine "dev" {}
