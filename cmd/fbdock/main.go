// Command fbdock gives a host Docker on FreeBSD: one HCL file makes a
// FreeBSD guest whose bhyve runs a Linux engine, and docker commands are
// passed on to it. This package reads flags, calls a use case of
// internal/app and prints its answer; it decides nothing itself.
package main

import (
	"context"
	"io"
	"os"
	"runtime/debug"

	"github.com/sirupsen/logrus"
)

// version is set by the linker; else the build information knows it.
var version = ""

func main() {
	// Compose's parsers warn of what compose itself says, by this logger.
	logrus.SetOutput(io.Discard)
	p := program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environ: os.Environ(), version: buildVersion(),
	}
	os.Exit(p.main(context.Background(), os.Args))
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
