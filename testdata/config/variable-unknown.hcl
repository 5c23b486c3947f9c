variable "memory" { default = "6GiB" }
variable "memory" { default = "7GiB" }
variable "two words" { default = "" }

machine "dev" {
  memory   = var.memry
  box      = memory
  provider = virtualbox
  cpus     = local.n
  storage {
    pool        = var
    compression = upper(zstd.level)
    arc_max     = uper("512mib")
  }
}
