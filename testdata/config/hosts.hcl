machine "one" {
  host = "ssh://me@freebsd.example:2222"
}
machine "two" {
  host         = "ssh://[2001:db8::1]"
  architecture = "arm64"
  engine { cpus = 4 }
}
machine "three" { provider = "native" }
