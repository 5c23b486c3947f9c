package app

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/plan"
)

// inMounts fits a docker command line to the guests: binds of laptop paths
// are checked and called as the guests call them, and the command runs in
// the folder that fbdock was called in where a mount has it.
func (p *Project) inMounts(m plan.Machine, e Exec) (Exec, error) {
	if len(e.Args) == 0 || e.Args[0] != "docker" || e.On == OnEngine || e.Via == ViaVagrant {
		return e, nil
	}
	dir, err := p.workDir()
	if err != nil {
		return e, err
	}
	var folders []mount.Folder
	for _, f := range served(m) {
		folders = append(folders, mount.Folder{Source: f.Source, Target: f.Target})
	}
	laptop := mount.Laptop{GOOS: runtime.GOOS, Dir: dir, Exists: func(name string) bool {
		_, err := os.Stat(name)
		return err == nil
	}}
	args, used, err := mount.Resolve(e.Args[1:], folders, laptop)
	if err != nil {
		return e, err
	}
	e.Args = append([]string{"docker"}, args...)
	guest, inside := mount.GuestDir(runtime.GOOS, dir, folders)
	if !inside && len(used) == 0 {
		return e, nil
	}
	e.script, err = mountedScript(e.Args, guest, folders, used)
	return e, err
}

// mountedScript runs a docker command where the mounts are. A bind into one
// that is not served now is refused: dockerd would make an empty folder.
func mountedScript(args []string, dir string, folders, used []mount.Folder) (string, error) {
	var b strings.Builder
	for _, f := range used {
		live, err := liveScript(f.Target)
		if err != nil {
			return "", err
		}
		words, err := link.Quote([]string{"echo", fmt.Sprintf("fbdock: error: %s is not mounted in the guests now", f.Source)})
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s || { %s >&2; echo 'fbdock: hint: '%s >&2; exit %d; }\n", live, words, notServed, ExitLink)
	}
	if dir != "" {
		target := ""
		for _, f := range folders {
			if _, ok := mount.GuestDir("linux", dir, []mount.Folder{{Source: f.Target, Target: f.Target}}); ok && len(f.Target) > len(target) {
				target = f.Target
			}
		}
		live, err := liveScript(target)
		if err != nil {
			return "", err
		}
		cd, err := link.Quote([]string{"cd", dir})
		if err != nil {
			return "", err
		}
		otherwise := ":"
		if mount.ReadsFolder(args[1:]) {
			otherwise = fmt.Sprintf("echo 'fbdock: warning: this folder is not mounted in the guests now: '%s >&2", notServed)
		}
		fmt.Fprintf(&b, "if %s; then %s || exit %d; else %s; fi\n", live, cd, ExitLink, otherwise)
	}
	words, err := link.Quote(args)
	if err != nil {
		return "", err
	}
	return b.String() + "exec " + words, nil
}

const notServed = "'keep `fbdock mount` running in another terminal'"

func liveScript(target string) (string, error) {
	quoted, err := link.Quote([]string{target})
	if err != nil {
		return "", err
	}
	return mount.LiveScript(quoted), nil
}

// workDir is the folder that a command is about: the one of -C, else the
// current one. Mounts are named without links, and so is it.
func (p *Project) workDir() (string, error) {
	dir := p.Options.Dir
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the current folder: %w", err)
	}
	for _, m := range p.Plan.Machines {
		for _, f := range m.Mounts {
			if _, ok := mount.GuestDir(runtime.GOOS, dir, []mount.Folder{{Source: f.Source, Target: "/"}}); ok {
				return dir, nil
			}
		}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real, nil
	}
	return dir, nil
}
