package arch_test

import (
	"go/ast"
	"strings"
	"testing"
)

// readers are the files that open others by package os, with the reason why
// nobody else can have put something in the place of what they read. Files of
// the user, of a project and of a guest are opened by internal/hostfile,
// fbdock's own by internal/privatefile, mounts by internal/confine and internal/sftpserver.
var readers = map[string]string{
	"boxes/cloudbox/write.go":        "the image cache",
	"boxes/cloudbox/archive.go":      "the image cache",
	"internal/command/carry.go":      "what the user's own docker command names, pipes included",
	"internal/atomicfile/":           "the folders that it writes to",
	"internal/confine/":              "it opens by descriptors of folders",
	"internal/datagram/datagramtest": "for tests",
	"internal/lab/basetest":          "for tests",
	"internal/lab/standin/":          "the machine that the lab plays",
	"internal/link/sshdtest":         "for tests",
	"internal/dockercli/cache.go":    "the cache directory",
	"internal/hostfile/":             "it is who opens them",
	"internal/localsocket/":          "/proc",
	"internal/sftpserver/":           "it opens by descriptors of folders",
	"internal/privatefile/":          "it is who opens fbdock's own files",
	"platforms/":                     "files of the system",
	"testdata/":                      "benchmarks and tools",
}

// TestFilesAreOpenedByTheirOwners keeps os.ReadFile and os.Open, which wait
// for named pipes, read devices to the end and follow links, out of what
// reads files that others may have put there.
func TestFilesAreOpenedByTheirOwners(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t, false) {
		if owned(s.name) {
			continue
		}
		for _, call := range opens(s) {
			t.Errorf("%s calls os.%s, want internal/hostfile, or the file named here with its reason", s.name, call)
		}
	}
}

func owned(name string) bool {
	for owner := range readers {
		if strings.HasPrefix(name, owner) {
			return true
		}
	}
	return false
}

// opens are the calls of a file that open another one for reading.
func opens(from source) []string {
	var calls []string
	ast.Inspect(from.File, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "os" && (s.Sel.Name == "ReadFile" || s.Sel.Name == "Open") {
				calls = append(calls, s.Sel.Name)
			}
		}
		return true
	})
	return calls
}
