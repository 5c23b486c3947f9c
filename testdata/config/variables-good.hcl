# var: memory=8GiB
# var: cpus=6
# var: mirrors=["https://a.example.com"]
# env: FBDOCK_VAR_box=me/mine
# env: FBDOCK_VAR_memory=1GiB
# env: USER=jo
variable "memory" { default = "6GiB" }
variable "cpus" { default = 4 }
variable "mirrors" {
  type = list(string)
}
variable "box" {}
variable "nothing" { default = null }
variable "engine" { default = { cpus = 3, memory = "3GiB" } }

locals {
  hosts = [for h in ["a", "b"] : "${h}.local:5000"]
}

machine "dev" {
  memory      = var.memory
  box         = var.box
  cpus        = var.cpus
  box_version = var.nothing
  engine {
    cpus                = var.engine.cpus
    memory              = var.engine["memory"]
    registry_mirrors    = var.mirrors
    insecure_registries = local.hosts
    daemon              = merge({ debug = true, "max-concurrent-downloads" = 3 }, { labels = [upper("x")] })
  }
  provision "hello" {
    inline = <<-EOT
      echo "hello ${env("USER")} ${env("NOBODY", "else")}"
      echo '%%{ literal }'
    EOT
  }
}
