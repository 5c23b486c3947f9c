machine "dev" {
  box    = env("NOT_SET")
  memory = file("missing.txt")
  cpus   = min()
  storage {
    pool        = join(",", "x")
    compression = lower("LZ4", 2)
    arc_max     = 1 / 0
  }
  engine {
    image  = null
    cpus   = [1, 2][5]
    daemon = jsondecode("{")
    disk   = true ? "40GiB" : 5
    memory = "${[]}GiB"
  }
}
