machine "bare" { host = "me@freebsd.example" }
machine "web" { host = "https://freebsd.example" }
machine "option" { host = "ssh://-oProxyCommand=x" }
machine "path" { host = "ssh://freebsd.example/home" }
machine "secret" { host = "ssh://me:pass@freebsd.example" }
machine "empty" { host = "" }
machine "both" {
  provider = "libvirt"
  host     = "ssh://freebsd.example"
  box      = "bento/freebsd-15"
  cpus     = 4
  memory   = "4GiB"
}
machine "here" {
  provider     = "native"
  memory       = "4GiB"
  architecture = "amd64"
}
machine "vm" { architecture = "arm64" }
machine "odd" {
  host         = "ssh://freebsd.example"
  architecture = "riscv"
}
