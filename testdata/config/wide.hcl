machine "dev" {
	mount "日本語のフォルダ" { target = "相対" }
  box = "é" + 1
}
