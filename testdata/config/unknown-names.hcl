fbdock {
  require_version = ">= 0.1"
}
machin "x" {}
machine "dev" {
  memroy  = "6GiB"
  storage = { pool = "auto" }
  disk    = "40GiB"
  target  = "/x"
  zzz     = 1
  cpus { }
  proxy { }
  engin {
    anything = "goes unsaid: the block itself is unknown"
  }
  engine {
    disc = "40GiB"
    Memory = "2GiB"
  }
  share "s" {
    read-only = true
  }
}
