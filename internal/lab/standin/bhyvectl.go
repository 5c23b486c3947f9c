//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
	"time"
)

func bhyvectl(l *lab) int {
	name, actions := "", []string{}
	known := []string{"create", "destroy", "force-poweroff", "force-reset", "get-stats", "get-all", "suspend"}
	for _, arg := range l.args {
		key, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		switch {
		case !strings.HasPrefix(arg, "--"):
			l.errorf("bhyvectl: unexpected argument %s\n", arg)
			return 1
		case key == "vm":
			name = value
		case slices.Contains(known, key):
			actions = append(actions, key)
		default:
			l.errorf("bhyvectl: unrecognized option `%s'\nUsage: bhyvectl --vm=<vmname>\n", arg)
			return 1
		}
	}
	if name == "" {
		l.errorf("Usage: bhyvectl --vm=<vmname>\n")
		return 1
	}
	device := "/dev/vmm/" + name
	for _, action := range actions {
		if action == "create" {
			if !vmmWorks(l) {
				l.errorf("errno = 6\n")
				return 255
			}
			if l.exists(device) {
				l.errorf("errno = 17\n")
				return 255
			}
			l.must(l.write(device, ""))
			continue
		}
		if !l.exists(device) {
			l.errorf("vm_open: %s could not be opened: No such file or directory\n", name)
			return 1
		}
		control(l, name, action)
	}
	return 0
}

func control(l *lab, name, action string) {
	switch action {
	case "destroy":
		stopVM(l, name, "4")
		l.remove(l.path("/dev/vmm/" + name))
		if entries, err := os.ReadDir(l.path("/dev/vmm")); err == nil && len(entries) == 0 {
			l.remove(l.path("/dev/vmm"))
		}
	case "force-poweroff":
		stopVM(l, name, "poweroff")
	case "force-reset":
		stopVM(l, name, "0")
	}
}

func stopVM(l *lab, name, how string) {
	if vmOwner(l, name) == 0 {
		return
	}
	l.must(l.write(volatile+"end/"+name, how))
	for range 100 {
		if vmOwner(l, name) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
