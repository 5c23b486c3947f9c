machine "metadata" {
  box         = "me/freebsd"
  box_url     = "https://boxes.example.com/freebsd.json?v=2"
  box_version = "~> 15.1"
}
machine "file" {
  box_url      = "/srv/boxes/freebsd.box"
  box_checksum = "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
}
machine "local" {
  box          = "me/freebsd"
  box_url      = "boxes/freebsd.box"
  box_checksum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
