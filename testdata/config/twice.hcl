fbdock {}
fbdock {}
machine "dev" {
  cpus = 2
  cpus = 4
  storage {}
  storage {}
  mount "." {}
  mount "./" {}
  share "s" {}
  share "s" {}
  provision "p" { inline = "true" }
  provision "p" { inline = "true" }
}
machine "dev" {}
locals { a = 1 }
locals { a = 2 }
