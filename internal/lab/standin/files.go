//go:build linux

package main

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
)

var digests = map[string]func() hash.Hash{"sha512": sha512.New, "sha256": sha256.New, "md5": md5.New}

func sum(make func() hash.Hash, in io.Reader) (string, error) {
	h := make()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// digest is sha512(1) and its siblings: -q prints the hash alone, -c compares.
func digest(l *lab) int {
	opts, rest, bad := getopt(l.args, "c:pqrs:tx")
	if bad != "" {
		l.errorf("%s: %s\nusage: %s [-pqrtx] [-c string] [-s string] [file ...]\n", l.name, bad, l.name)
		return 1
	}
	if len(rest) == 0 {
		text, err := sum(digests[l.name], l.in)
		if err != nil {
			return l.fail("%v", err)
		}
		l.printf("%s\n", text)
		return 0
	}
	status := 0
	for _, name := range rest {
		file, err := os.Open(device(l, name))
		if err != nil {
			l.errorf("%s: %s: No such file or directory\n", l.name, name)
			status = 1
			continue
		}
		text, err := sum(digests[l.name], file)
		file.Close()
		if err != nil {
			return l.fail("%s: %v", name, err)
		}
		mark := ""
		if has(opts, 'c') && !strings.EqualFold(value(opts, 'c'), text) {
			mark, status = " [ Failed ]", 2
		}
		switch {
		case has(opts, 'q'):
			l.printf("%s%s\n", text, mark)
		case has(opts, 'r'):
			l.printf("%s %s%s\n", text, name, mark)
		default:
			l.printf("%s (%s) = %s%s\n", strings.ToUpper(l.name), name, text, mark)
		}
	}
	return status
}

// digestSum is sha256sum, which FreeBSD has too, with GNU's habits.
func digestSum(l *lab) int {
	if contains(l.args, "--version") {
		l.printf("sha256sum (FreeBSD) %s\n", strings.SplitN(release(l), "-", 2)[0])
		return 0
	}
	return l.pass(mapped(l)...)
}
