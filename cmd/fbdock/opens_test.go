package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// openLine is a line of strace, as -f -y -Y -e trace=open,openat,openat2,creat
// makes it: the thread with its program's name, the call, the folder that a
// relative name counts from, the name, the flags, and what came of it.
var openLine = regexp.MustCompile(`^\d+<([^>]*)> +(?:open|openat|openat2|creat)\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)", (.*)\) += \d+<(.*)>$`)

// opens fails when a trace shows that fbdock itself, and not a program that
// it ran, opened a file below one of the folders in a way that follows a
// link: opens TRACE FOLDER...
func opens(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: opens TRACE FOLDER...")
	}
	var folders []string
	for _, folder := range args[1:] {
		folders = append(folders, ts.MkAbs(folder))
	}
	seen, followed := followedOpens(ts.ReadFile(args[0]), folders)
	if len(followed) > 0 {
		ts.Fatalf("opened in a way that follows links:\n%s", strings.Join(followed, "\n"))
	}
	if seen == 0 {
		ts.Fatalf("%s shows no file below %v", args[0], folders)
	}
	ts.Logf("%d openings, none of which follows a link", seen)
}

// followedOpens counts the openings below folders, and names those that
// would have followed a link in their last component.
func followedOpens(trace string, folders []string) (seen int, followed []string) {
	for line := range strings.Lines(trace) {
		line = strings.TrimSpace(line)
		m := openLine.FindStringSubmatch(line)
		if m == nil || m[1] != "fbdock" {
			continue
		}
		name := m[3]
		if !filepath.IsAbs(name) {
			name = filepath.Join(m[2], name)
		}
		if !below(name, folders) {
			continue
		}
		seen++
		if !strings.Contains(m[4], "O_NOFOLLOW") && !strings.Contains(m[4], "RESOLVE_NO_SYMLINKS") && !strings.Contains(m[4], "O_EXCL") {
			followed = append(followed, fmt.Sprintf("%s %s", name, m[4]))
		}
	}
	return seen, followed
}

func below(name string, folders []string) bool {
	for _, folder := range folders {
		if strings.HasPrefix(name, folder+string(os.PathSeparator)) {
			return true
		}
	}
	return false
}
