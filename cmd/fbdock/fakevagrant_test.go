package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

// fakeVagrant is a vagrant that fails in the ways that hosts have shown,
// or, in mode machine, one that makes the machines of a world.
func fakeVagrant() {
	runPlanted()
	switch mode := os.Getenv("FAKE_VAGRANT"); mode {
	case "machine":
		if len(os.Args) > 1 && os.Args[1] == "box" {
			fakeBoxes(os.Args[1:])
			return
		}
		os.Exit(askWorld())
	case "willing": // to whatever it is told
	case "boxes":
		fakeBoxes(os.Args[1:])
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

// runPlanted runs what a Vagrant would: the Vagrantfile, which for that has
// to name the file pwned, and plugins of the project.
func runPlanted() {
	text, _ := os.ReadFile(filepath.Join(os.Getenv("VAGRANT_CWD"), "Vagrantfile"))
	_, err := os.Stat(filepath.Join(os.Getenv("VAGRANT_DOTFILE_PATH"), "plugins.json"))
	if os.Args[1] == "--version" || err != nil && !strings.Contains(string(text), "pwned") {
		return
	}
	if f, err := os.OpenFile(filepath.Join(os.Getenv("WORK"), "pwned"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		_, _ = fmt.Fprintln(f, strings.Join(os.Args, " "))
		_ = f.Close()
	}
}

// call is one run of the fake vagrant, answer what the world makes of it.
type call struct {
	Args      []string
	Folder    string // of the Vagrantfile
	Dotfiles  string
	NoVagrant bool // there is no Vagrantfile
}

type answer struct {
	Output string
	Status int
	// Shell, when it is set, is run here: `vagrant ssh -c`.
	Shell, Path string
}

func askWorld() int {
	conn, err := net.Dial("tcp", os.Getenv("FAKE_WORLD"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake vagrant:", err)
		return 1
	}
	defer func() { _ = conn.Close() }()
	c := call{Args: os.Args[1:], Folder: os.Getenv("VAGRANT_CWD"), Dotfiles: os.Getenv("VAGRANT_DOTFILE_PATH")}
	_, err = os.Stat(c.Folder + "/Vagrantfile")
	c.NoVagrant = err != nil
	var a answer
	if err := json.NewEncoder(conn).Encode(c); err != nil {
		fmt.Fprintln(os.Stderr, "fake vagrant:", err)
		return 1
	}
	// An interrupt ends this process while it waits.
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		fmt.Fprintln(os.Stderr, "fake vagrant:", err)
		return 1
	}
	fmt.Print(a.Output)
	if a.Shell == "" {
		return a.Status
	}
	cmd := exec.Command("sh", "-c", a.Shell)
	cmd.Env = []string{"PATH=" + a.Path}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	_ = cmd.Run() // its status says all
	return cmd.ProcessState.ExitCode()
}

// event is a line of machine-readable output.
func event(machine, kind string, data ...string) string {
	escape := strings.NewReplacer(",", "%!(VAGRANT_COMMA)", "\n", `\n`, "\r", `\r`)
	line := "1700000000," + machine + "," + kind
	for _, d := range data {
		line += "," + escape.Replace(d)
	}
	return line + "\n"
}

// refusal is how Vagrant tells an error.
func refusal(class, text string) answer {
	return answer{Output: event("", "error-exit", "Vagrant::Errors::"+class, text), Status: 1}
}
