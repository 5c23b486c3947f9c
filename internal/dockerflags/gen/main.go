// Command gen writes the table of package dockerflags: every command of
// docker, docker compose and docker buildx with its flags, read from the
// programs' own definitions, and what each flag and argument stands for, by
// the rules in this folder. It is a module of its own, so that fbdock does not
// depend on those programs.
//
//	go run . >../table.txt    what is in use
//	go get github.com/docker/cli@latest github.com/docker/compose/v5@latest github.com/docker/buildx@latest
//	                          newer ones
package main

import (
	"fmt"
	"os"
)

func main() {
	text, err := table()
	if err == nil {
		_, err = os.Stdout.WriteString(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
