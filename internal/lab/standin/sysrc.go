//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func rcCommands() map[string]command {
	return map[string]command{"sysrc": sysrc, "service": service}
}

// rcDefaults are the names of /etc/defaults/rc.conf that the lab knows; it writes them there at the first boot.
var rcDefaults = map[string]string{
	"kld_list": "", "cloned_interfaces": "", "gateway_enable": "NO", "pf_enable": "NO", "pf_rules": "/etc/pf.conf", "pf_flags": "",
	"zfs_enable": "NO", "nfs_server_enable": "NO", "mountd_enable": "NO", "mountd_flags": "-r -S", "rpcbind_enable": "NO", "nfs_server_flags": "-u -t",
	"nfsv4_server_enable": "NO", "sshd_enable": "NO", "hostname": "", "defaultrouter": "NO", "dumpdev": "NO", "jail_enable": "NO", "jail_list": "",
	"ntpd_enable": "NO", "rcshutdown_timeout": "90", "clear_tmp_enable": "NO", "devfs_enable": "YES", "netif_enable": "YES", "sendmail_enable": "NO",
	"syslogd_enable": "YES", "cron_enable": "YES", "linux_enable": "NO", "rctl_enable": "YES", "newsyslog_enable": "YES",
}

var assignment = expression(`^([A-Za-z_][A-Za-z0-9_]*)(\+?=|-=)(.*)$`)

// rcValues reads a file of sh assignments by running it, as rc does.
func rcValues(l *lab, file string) map[string]string {
	values := map[string]string{}
	text := l.read(file)
	if text == "" {
		return values
	}
	cmd := exec.Command("/bin/sh", "-c", `env -i PATH=/usr/bin:/bin sh -c '. "$1"; set' sh "$1"`, "sh", l.path(file))
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	out, err := cmd.Output()
	if err != nil {
		return values
	}
	names := map[string]bool{}
	for line := range strings.Lines(text) {
		if name, _, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			names[name] = true
		}
	}
	for line := range strings.Lines(string(out)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if ok && names[name] {
			values[name] = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'"), `'\''`, "'")
		}
	}
	return values
}

// rcConf gives a setting as rc sees it: the user's files over the defaults.
func rcConf(l *lab, name string) (string, bool) {
	for _, file := range []string{"/etc/rc.conf.local", "/etc/rc.conf"} {
		if value, ok := rcValues(l, file)[name]; ok {
			return value, true
		}
	}
	value, ok := rcDefaults[name]
	return value, ok
}

func rcYes(l *lab, name string) bool {
	value, _ := rcConf(l, name)
	switch strings.ToLower(value) {
	case "yes", "true", "on", "1":
		return true
	}
	return false
}

func rcWrite(l *lab, file, name, value string, remove bool) error {
	var kept []string
	done := false
	for line := range strings.Lines(l.read(file)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, name+"=") {
			kept = append(kept, line)
			continue
		}
		if !remove && !done {
			kept = append(kept, fmt.Sprintf("%s=\"%s\"", name, value))
			done = true
		}
	}
	if !remove && !done {
		kept = append(kept, fmt.Sprintf("%s=\"%s\"", name, value))
	}
	text := strings.Join(kept, "\n")
	if text != "" {
		text += "\n"
	}
	return l.write(file, text)
}

func sysrc(l *lab) int {
	options, rest, bad := getopt(l.args, "Aac-DdEef:hij:lLNnqR:sS:vVxF")
	if bad != "" || len(rest) == 0 && !has(options, 'a') {
		if bad != "" {
			l.errorf("sysrc: %s\n", bad)
		}
		l.errorf("Usage: sysrc [OPTIONS] name[[+|-]=value] ...\nTry `sysrc --help' for more information.\n")
		return 1
	}
	defer l.lock()()
	status := 0
	for _, arg := range rest {
		one := 0
		if has(options, 'x') {
			one = sysrcDelete(l, value(options, 'f'), arg, has(options, 'i'))
		} else {
			one = sysrcOne(l, options, arg)
		}
		if one != 0 {
			status = one
		}
	}
	return status
}

func sysrcGet(l *lab, file, name string) (string, bool) {
	if file != "" {
		value, ok := rcValues(l, file)[name]
		return value, ok
	}
	return rcConf(l, name)
}

func sysrcDelete(l *lab, file, name string, _ bool) int {
	if file == "" {
		file = "/etc/rc.conf"
	}
	if _, ok := rcValues(l, file)[name]; !ok {
		if _, known := sysrcGet(l, "", name); !known {
			l.errorf("sysrc: unknown variable '%s'\n", name)
			return 1
		}
		return 0
	}
	if err := rcWrite(l, file, name, "", true); err != nil {
		l.errorf("sysrc: %v\n", err)
		return 1
	}
	return 0
}

func sysrcOne(l *lab, options []option, arg string) int {
	file := value(options, 'f')
	match := assignment().FindStringSubmatch(arg)
	if match == nil {
		value, ok := sysrcGet(l, file, arg)
		switch {
		case !ok && has(options, 'q') || !ok && has(options, 'i'):
			return 1
		case !ok:
			l.errorf("sysrc: unknown variable '%s'\n", arg)
			return 1
		case has(options, 'n'):
			l.printf("%s\n", value)
		default:
			l.printf("%s: %s\n", arg, value)
		}
		return 0
	}
	name, operator, text := match[1], match[2], match[3]
	old, known := sysrcGet(l, file, name)
	fresh := combine(old, operator, text)
	if has(options, 'c') {
		if known && old == fresh {
			return 0
		}
		return 1
	}
	target := file
	if target == "" {
		target = "/etc/rc.conf"
	}
	if _, set := rcValues(l, target)[name]; !set || old != fresh {
		if err := rcWrite(l, target, name, fresh, false); err != nil {
			l.errorf("sysrc: cannot create %s: %v\n", target, err)
			return 1
		}
	}
	if !has(options, 'q') && !has(options, 'n') {
		l.printf("%s: %s -> %s\n", name, old, fresh)
	}
	return 0
}

// combine applies =, += and -= : a word is not added twice, and -= takes it out.
func combine(old, operator, text string) string {
	words := strings.Fields(old)
	switch operator {
	case "+=":
		for word := range strings.FieldsSeq(text) {
			if !contains(words, word) {
				words = append(words, word)
			}
		}
		return strings.Join(words, " ")
	case "-=":
		gone := strings.Fields(text)
		var kept []string
		for _, word := range words {
			if !contains(gone, word) {
				kept = append(kept, word)
			}
		}
		return strings.Join(kept, " ")
	}
	return text
}

func contains(words []string, word string) bool {
	return slices.Contains(words, word)
}

// service runs an rc.d script with the clean environment that service(8) gives it.
func service(l *lab) int {
	options, rest, bad := getopt(l.args, "dej:lrRvE:")
	if bad != "" {
		l.errorf("service: %s\nUsage:\nservice [-j <jail>] -e\nservice [-j <jail>] -R\nservice [-j <jail>] [-v] -l | -r\nservice [-j <jail>] [-v] [-E var=value] <rc.d script> start|stop|etc.\n", bad)
		return 1
	}
	if len(rest) < 2 {
		l.errorf("Usage: service [-v] <rc.d script> start|stop|etc.\n")
		return 1
	}
	_ = options
	for _, dir := range []string{"/etc/rc.d/", "/usr/local/etc/rc.d/"} {
		script := l.path(dir + rest[0])
		if info, err := os.Stat(script); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			continue
		}
		cmd := exec.Command("/bin/sh", append([]string{script}, rest[1:]...)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = l.in, l.out, l.errs
		cmd.Env = append(cleanEnv(l), "LAB_NESTED=1")
		cmd.Dir = "/"
		return exitStatus(cmd.Run(), l)
	}
	l.errorf("%s does not exist in /etc/rc.d or the local startup\ndirectories (/usr/local/etc/rc.d), or is not executable\n", rest[0])
	return 1
}

// cleanEnv is what rc scripts get; below LAB_ROOT the lab's own settings and the PATH of the test stay.
func cleanEnv(l *lab) []string {
	path := "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
	if l.fake {
		path = os.Getenv("PATH")
	}
	env := []string{"HOME=/", "PATH=" + path}
	for _, name := range []string{"LAB_ROOT", "LAB_FAKE"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
