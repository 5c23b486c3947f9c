machine "a" { box = "https://boxes.example.com/freebsd.box" }
machine "b" {
  box     = "me/freebsd"
  box_url = "http://boxes.example.com/freebsd.json"
}
machine "c" { box_url = "https://boxes.example.com/freebsd.json" }
machine "d" {
  box          = "me/freebsd"
  box_url      = "https://boxes.example.com/freebsd.json"
  box_checksum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
machine "e" { box_url = "freebsd.box" }
machine "f" {
  box_version  = "1"
  box_url      = "freebsd.box"
  box_checksum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
machine "g" { box_checksum = "sha256:abc" }
machine "h" {
  box          = "fbdock/freebsd-15.1"
  box_url      = "freebsd.box"
  box_checksum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
machine "j" {
  box_url      = "freebsd.json"
  box_checksum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
machine "k" { box_url = "https://boxes.example.com/freebsd.box" }
machine "i" {
  host    = "ssh://me@freebsd.example"
  box_url = "ftp://boxes.example.com/x"
}
