package hcl_test

import (
	"fmt"
	"os"

	"github.com/fbdock/fbdock/hcl"
)

func ExampleParse() {
	src := []byte(`machine "dev" {
  memory = "6GiB"
  mount "./src" {
    target = "/src"
  }
}
`)
	config, _, diags := hcl.Parse(hcl.FileName, src, hcl.Options{Version: "1.0.0"})
	if diags.HasErrors() {
		fmt.Println(diags)
		return
	}
	for _, m := range config.Machines {
		fmt.Println(m.Name, uint64(m.Memory), m.Mounts[0].Source, m.Mounts[0].Target)
	}
	// Output:
	// dev 6442450944 ./src /src
}

func ExampleWrite() {
	src := []byte(`machine "dev" {
  memroy = "6GiB"
}
`)
	_, sources, diags := hcl.Parse(hcl.FileName, src, hcl.Options{Version: "1.0.0"})
	if err := hcl.Write(os.Stdout, diags, sources, hcl.WriteOptions{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// error: machine "dev" has no attribute "memroy"
	//   --> fbdock.hcl:2:3
	//    |
	//  2 |   memroy = "6GiB"
	//    |   ^^^^^^
	//     hint: did you mean "memory"?
}

func ExampleParseSize() {
	for _, text := range []string{"512MiB", "64GB", "6"} {
		size, err := hcl.ParseSize(text)
		fmt.Println(uint64(size), err)
	}
	// Output:
	// 536870912 <nil>
	// 68719476736 <nil>
	// 0 has no unit
}
