# var: memory=lots
# var: cpus=six
# var: mirrors=["https://a.example.com", "ftp://b"]
# var: memroy=1GiB
# env: FBDOCK_VAR_box=no box
variable "memory" { default = "6GiB" }
variable "cpus" { default = 4 }
variable "mirrors" { default = [] }
variable "box" {}

machine "dev" {
  memory = var.memory
  box    = var.box
  cpus   = var.cpus
  engine {
    registry_mirrors = var.mirrors
  }
}
