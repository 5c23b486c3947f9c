//go:build linux

package main

import (
	"slices"
	"strings"
)

var (
	rctlRule = expression(`^(process|user|loginclass|jail):([^:]*):([a-z]+):([a-z]+)=(\d+[kKmMgGtT]?)(/[a-z]+)?$`)
	// Those that can be denied, and what else can be done; rctl(8), RESOURCES and ACTIONS.
	rctlResources = strings.Fields("cputime datasize stacksize coredumpsize memoryuse memorylocked maxproc openfiles vmemoryuse pseudoterminals swapuse nthr msgqqueued msgqsize nmsgq nsem nsemop nshm shmsize wallclock pcpu readbps writebps readiops writeiops")
)

// rctl is rctl(8): rules are gone after a boot.
func rctl(l *lab) int {
	if loader(l, "kern.racct.enable", "0") != "1" {
		l.errorf("rctl: RACCT/RCTL present, but disabled; enable using kern.racct.enable=1 tunable\n")
		return 1
	}
	opts, rest, bad := getopt(l.args, "a:hl:nr:u:")
	if bad != "" || len(opts) > 1 && !has(opts, 'h') || len(rest) > 1 {
		l.errorf("rctl: %s\nusage: rctl [ -h ] -a rule\n       rctl [ -h ] -l subject\n       rctl [ -h ] -r filter\n       rctl [ -h ] -u subject\n       rctl [ -h ] filter\n", bad)
		return 1
	}
	defer l.lock()()
	var rules []string
	l.load(volatile+"rctl", &rules)
	switch {
	case has(opts, 'a'):
		match := rctlRule().FindStringSubmatch(value(opts, 'a'))
		if match == nil || !slices.Contains(rctlResources, match[3]) || match[4] != "deny" && match[4] != "log" && match[4] != "throttle" && !strings.HasPrefix(match[4], "sig") {
			return l.fail("failed to add rule '%s': Invalid argument", value(opts, 'a'))
		}
		if !slices.Contains(rules, value(opts, 'a')) {
			rules = append(rules, value(opts, 'a'))
		}
	case has(opts, 'r'):
		left := slices.DeleteFunc(slices.Clone(rules), func(rule string) bool { return strings.HasPrefix(rule, value(opts, 'r')+":") })
		if len(left) == len(rules) {
			return l.fail("failed to remove rule '%s': No such process", value(opts, 'r'))
		}
		rules = left
	case has(opts, 'u'):
		if name, ok := strings.CutPrefix(value(opts, 'u'), "jail:"); !ok || prisonsOf(l).find(name) == nil {
			return l.fail("failed to show resource consumption for '%s': No such process", value(opts, 'u'))
		}
		l.printf("cputime=1\nmemoryuse=4096000\nmaxproc=3\npcpu=0\n")
	default:
		for _, rule := range rules {
			if len(rest) == 0 || rule == rest[0] || strings.HasPrefix(rule, strings.TrimSuffix(rest[0], ":")+":") {
				l.printf("%s\n", rule)
			}
		}
	}
	l.save(volatile+"rctl", rules)
	return 0
}
