variable "a" { default = var.b }
variable "b" { default = "${local.c}x" }
variable "own" { default = [var.own] }

locals {
  c = upper(var.a)
}

machine "dev" {
  box    = var.a
  memory = var.b
}
