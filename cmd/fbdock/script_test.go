package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"fbdock":  main,
		"vagrant": fakeVagrant,
	})
}

// TestScript runs the scripts of testdata/script: fbdock at its command
// line, with a vagrant that behaves as FAKE_VAGRANT says.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("NO_COLOR", "1")
			return os.Mkdir(filepath.Join(env.WorkDir, "home"), 0o700)
		},
	})
}

// fakeVagrant is a vagrant that fails in the ways that laptops have shown.
func fakeVagrant() {
	switch mode := os.Getenv("FAKE_VAGRANT"); mode {
	case "old":
		fmt.Println("Vagrant 2.2.19")
	case "bad":
		fmt.Println("Vagrant 2.4.2")
	case "rubbish":
		fmt.Println("\x00\x01 segfault at 0xdeadbeef <html>")
	case "hang":
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, os.Interrupt)
		<-stop
		os.Exit(1)
	case "willing":
		if len(os.Args) > 1 && os.Args[1] == "--version" {
			fmt.Println("Vagrant 2.4.9")
		}
	case "broken":
		if len(os.Args) > 1 && os.Args[1] == "--version" {
			fmt.Println("Vagrant 2.4.9")
			return
		}
		fmt.Println("1700000000,,error-exit,Vagrant::Errors::ProviderNotUsable,The provider 'docker' could not be used.")
		os.Exit(1)
	default:
		fmt.Fprintf(os.Stderr, "fake vagrant has no mode %q\n", mode)
		os.Exit(1)
	}
}
