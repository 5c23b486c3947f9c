//go:build linux

package main

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// flagsOf are the options that FreeBSD's commands have, for those whose work Debian's own can do.
// Debian's options that are not here are refused, as FreeBSD would.
var flagsOf = map[string]string{
	"cp": "afHiLlNnPpRrsvx", "mv": "fhinv", "rm": "dfIiPRrvWx", "mkdir": "m:pv", "rmdir": "pv", "chmod": "fHhLPRvx", "ln": "FfhinsLPvw",
	"head": "c:n:qv", "tail": "b:c:Ffn:qrv", "cat": "belnstuv", "cut": "b:c:d:f:nsw", "tr": "CcdsuU", "wc": "cLlmw", "touch": "A:acd:fhmr:t:",
	"cmp": "bhi:ln:sxz", "sort": "bcCdfghik:MmnRrS:st:T:uVzo:", "uniq": "cd f:is:u", "tee": "ai", "df": "abcgHhiklmnPt:T,", "readlink": "fn",
	"chown": "fHhLPRvx", "chgrp": "fHhLPRvx", "basename": "as:", "dirname": "", "timeout": "fk:ps:v", "id": "AacgGMnPpru", "xargs": "0E:I:J:L:n:oP:pR:S:rs:tx",
	"seq": "f:s:t:w", "install": "B:bCcD:df:g:h:l:M:m:N:o:pSsT:Uv", "diff": "abBcC:dD:efF:hiI:lL:nNpqrsS:tTuU:wW:yX:", "comm": "123i", "printenv": "",
	"awk": "dF:f:v:", "env": "0iL:P:S:U:u:v", "sleep": "",
	"hexdump": "bcCde:f:n:os:vx", "tar": "cxtrufzjJC:vkmoOpPhlwX:T:I:aBnsyq",
}

// gawkOnly are functions that FreeBSD's awk has not.
var gawkOnly = expression(`\b(gensub|strftime|systime|mktime|asorti?|strtonum)\(`)

// gnuOnly are long options and words that FreeBSD's commands do not know, although a getopt check would let them pass.
var findWords = expression(`^-(printf|fprintf|fprint|regextype|readable|writable|executable)$`)

func userlandCommands() map[string]command {
	family := map[string]command{"sed": sed, "stat": stat, "date": date, "mktemp": mktemp, "grep": grep, "egrep": grep, "fgrep": grep, "find": find,
		"dd": dd, "ls": ls, "sha512": digest, "sha256": digest, "md5": digest, "sha256sum": digestSum, "zstd": unzstd, "truncate": truncate, "ps": ps, "makefs": makefs,
		"curl": missing, "wget": missing, "jq": missing, "rsync": missing, "flock": missing, "ip": missing, "ss": missing, "setsid": missing,
		"pidof": missing, "bash": missing}
	for name := range flagsOf {
		family[name] = checked
	}
	return family
}

// checked refuses what FreeBSD's command of the name does not have, and lets Debian's do the rest.
func checked(l *lab) int {
	_, rest, bad := getopt(l.args, flagsOf[l.name])
	if (l.name == "head" || l.name == "tail" || l.name == "cut") && len(l.args) > 0 && regexp.MustCompile(`^-\d+$`).MatchString(l.args[0]) {
		bad = ""
	}
	if l.name == "chmod" && len(l.args) > 0 && regexp.MustCompile(`^-[rwxXst]+$`).MatchString(l.args[0]) {
		bad = ""
	}
	if bad != "" {
		l.errorf("%s: %s\nusage: %s ...\n", l.name, bad, l.name)
		return 1
	}
	if l.name == "head" {
		opts, _, _ := getopt(l.args, flagsOf["head"])
		for _, o := range opts {
			if strings.HasPrefix(o.value, "-") {
				l.errorf("head: illegal line count -- %s\n", o.value)
				return 1
			}
		}
	}
	if l.name == "awk" && gawkOnly().MatchString(strings.Join(l.args, " ")) {
		l.errorf("awk: calling undefined function %s\n", gawkOnly().FindString(strings.Join(l.args, " ")))
		return 2
	}
	if l.root != "" && (l.name == "chown" || l.name == "chgrp") {
		for _, file := range rest[min(1, len(rest)):] {
			if _, err := os.Lstat(l.path(file)); err != nil {
				return l.fail("%s: No such file or directory", file)
			}
		}
		return 0
	}
	return l.pass(mapped(l)...)
}

// mapped gives the arguments with paths of the machine that is played below LAB_ROOT.
func mapped(l *lab) []string {
	if l.root == "" {
		return l.args
	}
	var args []string
	for _, arg := range l.args {
		if strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, "/bin/") && !strings.HasPrefix(arg, "/usr/bin/") && !strings.HasPrefix(arg, "/tmp/") && !strings.HasPrefix(arg, "/dev/") {
			arg = l.path(arg)
		}
		args = append(args, arg)
	}
	return args
}

// sed: -i wants a suffix, and there are no long options.
func sed(l *lab) int {
	opts, rest, bad := getopt(l.args, "Eae:f:I:i:lnrsu")
	if bad != "" {
		l.errorf("sed: %s\nusage: sed script [-EalnrsuI:i:] [-i extension] [file ...]\n", bad)
		return 1
	}
	if suffix := value(opts, 'i'); has(opts, 'i') && !has(opts, 'e') && !has(opts, 'f') {
		if len(rest) == 1 && (strings.HasPrefix(suffix, "s") || suffix != "" && !strings.HasPrefix(suffix, ".")) {
			// The script was taken for the suffix, and the file for the script.
			l.errorf("sed: 1: \"%s\": bad flag in substitute command: '%c'\n", rest[0], lastOf(rest[0]))
			return 1
		}
	}
	var args []string
	for i := 0; i < len(l.args); i++ {
		if l.args[i] == "-i" && i+1 < len(l.args) {
			args = append(args, "-i"+l.args[i+1])
			i++
			continue
		}
		args = append(args, l.args[i])
	}
	l.args = args
	return l.pass(mapped(l)...)
}

func lastOf(text string) rune {
	for _, r := range text {
		if r == 't' {
			return r
		}
	}
	return '/'
}

func grep(l *lab) int {
	_, _, bad := getopt(l.args, "0123456789A:B:C:D:EFGHILOPSRUVabcd:e:f:hilm:nopqrsuvwxyz")
	for _, arg := range l.args {
		if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && len(arg) > 1 && strings.ContainsRune(arg, 'P') && !strings.ContainsRune(arg, 'e') {
			bad = "invalid option -- P"
		}
		if arg == "--" || !strings.HasPrefix(arg, "-") {
			break
		}
	}
	if bad != "" {
		l.errorf("grep: %s\nusage: grep [-abcDEFGHhIiLlmnOopqRSsUVvwxz] [-A num] [-B num] [-C num]\n\t[-e pattern] [-f file] [--binary-files=value] [--color=when]\n\t[--context=num] [--directories=action] [--label] [--line-buffered]\n\t[--null] [pattern] [file ...]\n",
			strings.Replace(bad, "illegal", "invalid", 1))
		return 2
	}
	return l.pass(mapped(l)...)
}

func find(l *lab) int {
	for _, arg := range l.args {
		if findWords().MatchString(arg) {
			l.errorf("find: %s: unknown primary or operator\n", arg)
			return 1
		}
	}
	return l.pass(mapped(l)...)
}

// stat: -f FORMAT with the directives that the steps use; GNU's -c is refused.
func stat(l *lab) int {
	opts, rest, bad := getopt(l.args, "f:FHLlnqrst:x")
	if bad != "" || len(rest) == 0 {
		if bad != "" {
			l.errorf("stat: %s\n", bad)
		}
		l.errorf("usage: stat [-FLnq] [-f format | -l | -r | -s | -x] [-t timefmt] [file|handle ...]\n")
		return 1
	}
	format, status := value(opts, 'f'), 0
	for _, name := range rest {
		info, err := os.Lstat(l.path(name))
		if err == nil && has(opts, 'L') {
			info, err = os.Stat(l.path(name))
		}
		if err != nil {
			if !has(opts, 'q') {
				l.errorf("stat: %s: stat: No such file or directory\n", name)
			}
			status = 1
			continue
		}
		raw, _ := info.Sys().(*syscall.Stat_t)
		size := info.Size()
		if strings.HasPrefix(name, "/dev/") {
			size = 0 // a disk has none
		}
		text := strings.NewReplacer("%Lp", fmt.Sprintf("%o", raw.Mode&0o777), "%Mp", fmt.Sprintf("%o", raw.Mode>>9&7), "%OLp", fmt.Sprintf("%o", raw.Mode&0o777), "%z", strconv.FormatInt(size, 10),
			"%Su", userName(raw.Uid), "%Sg", groupName(raw.Gid), "%u", strconv.Itoa(int(raw.Uid)), "%g", strconv.Itoa(int(raw.Gid)), "%m", strconv.FormatInt(raw.Mtim.Sec, 10), "%N", name,
			"%HT", kind(info)).Replace(format)
		if strings.Contains(text, "%") {
			l.errorf("stat: lab: format %s is not played\n", format)
			return 1
		}
		l.printf("%s", text)
		if !has(opts, 'n') {
			l.printf("\n")
		}
	}
	return status
}

func kind(info os.FileInfo) string {
	switch {
	case info.IsDir():
		return "Directory"
	case info.Mode()&os.ModeSymlink != 0:
		return "Symbolic Link"
	}
	return "Regular File"
}

func userName(id uint32) string {
	if who, err := user.LookupId(strconv.Itoa(int(id))); err == nil {
		return who.Username
	}
	return strconv.Itoa(int(id))
}

func groupName(id uint32) string {
	if id == 0 {
		return "wheel"
	}
	if group, err := user.LookupGroupId(strconv.Itoa(int(id))); err == nil {
		return group.Name
	}
	return strconv.Itoa(int(id))
}

// date: FreeBSD's options and formats; setting the clock is left to the host.
func date(l *lab) int {
	opts, rest, bad := getopt(l.args, "f:I:jnRr:uv:z:")
	if bad != "" {
		l.errorf("date: %s\nusage: date [-jnRu] [-I[date|hours|minutes|seconds|ns]] [-f input_fmt]\n            [ -z output_zone ] [-r filename|seconds] [-v[+|-]val[y|m|w|d|H|M|S]]\n            [[[[[[cc]yy]mm]dd]HH]MM[.SS] | new_date] [+output_fmt]\n", bad)
		return 1
	}
	now := time.Now()
	if has(opts, 'r') {
		if seconds, err := strconv.ParseInt(value(opts, 'r'), 0, 64); err == nil {
			now = time.Unix(seconds, 0)
		} else if info, err := os.Stat(l.path(value(opts, 'r'))); err == nil {
			now = info.ModTime()
		} else {
			return l.fail("%s: No such file or directory", value(opts, 'r'))
		}
	}
	args := []string{}
	if has(opts, 'u') {
		args = append(args, "-u")
	}
	args = append(args, "-d", "@"+strconv.FormatInt(now.Unix(), 10))
	for _, arg := range rest {
		if !strings.HasPrefix(arg, "+") {
			if has(opts, 'j') || has(opts, 'f') {
				return l.fail("lab: date -f is not played")
			}
			return setClock(l, arg)
		}
		args = append(args, arg)
	}
	return l.pass(args...)
}

// setClock: the container shares the host's clock, which is right already.
func setClock(l *lab, text string) int {
	if !regexp.MustCompile(`^\d{4,12}(\.\d\d)?$`).MatchString(text) {
		l.errorf("date: illegal time format\n")
		return 1
	}
	l.kernelSays("lab: the clock was asked to be %s", text)
	return 0
}

func mktemp(l *lab) int {
	opts, rest, bad := getopt(l.args, "dp:qt:u")
	if bad != "" || has(opts, 't') && len(rest) > 1 {
		l.errorf("mktemp: %s\nusage: mktemp [-d] [-p tmpdir] [-q] [-t prefix] [-u] template ...\n       mktemp [-d] [-p tmpdir] [-q] [-u] -t prefix \n", bad)
		return 1
	}
	dir := os.Getenv("TMPDIR")
	if dir == "" {
		dir = l.path("/tmp")
	}
	if has(opts, 'p') {
		dir = l.path(value(opts, 'p'))
	}
	template := filepath.Join(dir, "tmp.XXXXXXXXXX")
	if has(opts, 't') {
		template = filepath.Join(dir, value(opts, 't')+".XXXXXXXXXX")
	} else if len(rest) > 0 {
		template = l.path(rest[0])
	}
	args := []string{template}
	if has(opts, 'd') {
		args = append([]string{"-d"}, args...)
	}
	return l.pass(args...)
}

func truncate(l *lab) int {
	opts, rest, bad := getopt(l.args, "cdl:o:r:s:")
	if bad != "" || len(rest) == 0 || !has(opts, 's') {
		l.errorf("usage: truncate [-c] -s [+|-|%%|/]size[K|k|M|m|G|g|T|t] file ...\n")
		return 1
	}
	n, ok := size(strings.TrimLeft(value(opts, 's'), "+"))
	if !ok {
		return l.fail("invalid size argument `%s'", value(opts, 's'))
	}
	for _, name := range rest {
		file, err := os.OpenFile(l.path(name), os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return l.fail("%s: No such file or directory", name)
		}
		if err := file.Truncate(n); err != nil {
			return l.fail("%s: %v", name, err)
		}
		file.Close()
	}
	return 0
}

// ps: Debian's knows the same options in the forms that the steps use.
func ps(l *lab) int {
	for _, arg := range l.args {
		if strings.HasPrefix(arg, "--") {
			l.errorf("ps: illegal option -- -\nusage: ps [-aCcdeHhjlmrSTuvwXxZ] [-O fmt | -o fmt]\n")
			return 1
		}
	}
	return l.pass(l.args...)
}

// makefs is Debian's build of the same program.
func makefs(l *lab) int {
	args := mapped(l)
	if l.fake {
		if _, err := os.Stat(debianPath("makefs")); err != nil {
			return l.fail("lab: makefs is not installed")
		}
	}
	l.args = args
	return l.pass(args...)
}

// ls is Debian's with FreeBSD's words and status for what is not there.
func ls(l *lab) int {
	opts, rest, bad := getopt(l.args, "ABCD:FGHILPRSTUWZabcdfghiklmnopqrstuvwxy1,")
	if bad != "" {
		l.errorf("ls: %s\nusage: ls [-ABCFGHILPRSTUWZabcdfghiklmnopqrstuvwxy1,] [--color=when] [-D format] [file ...]\n", bad)
		return 1
	}
	status := 0
	var there []string
	for _, name := range rest {
		if _, err := os.Lstat(l.path(name)); err != nil {
			l.errorf("ls: %s: No such file or directory\n", name)
			status = 1
			continue
		}
		there = append(there, l.path(name))
	}
	if len(rest) > 0 && len(there) == 0 {
		return status
	}
	args := l.args[:len(l.args)-len(rest)]
	for _, o := range opts {
		if o.flag == 'T' || o.flag == 'D' {
			return l.fail("lab: -%c is not played", o.flag)
		}
	}
	if s := l.pass(append(slices.Clip(args), there...)...); s != 0 {
		return 1
	}
	return status
}
