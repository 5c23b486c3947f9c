machine "two words" {}
machine "it's" {}
machine "say \"hi\"" {}
machine "ruby#{`id`}" {}
machine "line\nbreak" {}
machine "" {}
machine {}
machine "a" "b" {}
machine "Dev_Box" {}
machine "-" {}
machine "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz" {}
machine "ok" {
  storage "x" {}
  mount {}
  mount "" {}
  mount "a\nb" {}
  share "My Share" {}
  provision "a.b" { inline = "true" }
}
