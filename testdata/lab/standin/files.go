package main

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// dd copies as FreeBSD's does: sizes with lower case letters, and its own words at the end.
func dd(l *lab) int {
	set := map[string]string{"bs": "512", "count": "-1", "skip": "0", "seek": "0", "iseek": "0", "oseek": "0"}
	for _, arg := range l.args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok || !contains([]string{"if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "iseek", "oseek", "conv", "status", "speed", "fillchar", "iflag", "oflag"}, key) {
			return l.fail("unknown operand %s", key)
		}
		set[key] = value
	}
	for _, word := range strings.Split(set["conv"], ",") {
		if word != "" && !contains([]string{"sync", "sparse", "notrunc", "noerror", "fsync", "fdatasync"}, word) {
			return l.fail("unknown conversion %s", word)
		}
	}
	bs, ok := size(set["bs"])
	count, err := strconv.ParseInt(set["count"], 10, 64)
	if !ok || bs == 0 || err != nil {
		return l.fail("bs: illegal argument")
	}
	in, out, words := l.ddFiles(set, bs)
	if words != "" {
		return l.fail("%s", words)
	}
	began := time.Now()
	full, part, total, err := copyBlocks(in, out, bs, count, set["conv"])
	if closer, ok := out.(io.Closer); ok && set["of"] != "" {
		if closeErr := closer.Close(); err == nil {
			err = closeErr
		}
	}
	if set["status"] != "none" {
		seconds := max(time.Since(began).Seconds(), 0.000001)
		l.errorf("%d+%d records in\n%d+%d records out\n", full, part, full, part)
		if set["status"] != "noxfer" {
			l.errorf("%d bytes transferred in %f secs (%.0f bytes/sec)\n", total, seconds, float64(total)/seconds)
		}
	}
	if err != nil {
		l.errorf("dd: %s: %v\n", set["of"], err)
		return 1
	}
	return 0
}

func (l *lab) ddFiles(set map[string]string, bs int64) (io.Reader, io.Writer, string) {
	in, out := l.in, l.out
	if name := set["if"]; name != "" {
		file, err := os.Open(l.device(name))
		if err != nil {
			return nil, nil, name + ": No such file or directory"
		}
		skip, _ := strconv.ParseInt(set["skip"], 10, 64)
		if extra, _ := strconv.ParseInt(set["iseek"], 10, 64); extra > 0 {
			skip = extra
		}
		if skip > 0 {
			file.Seek(skip*bs, io.SeekStart)
		}
		in = file
	}
	if name := set["of"]; name != "" {
		flags := os.O_WRONLY
		if !strings.HasPrefix(name, "/dev/") {
			flags |= os.O_CREATE
		}
		seek, _ := strconv.ParseInt(set["seek"], 10, 64)
		if extra, _ := strconv.ParseInt(set["oseek"], 10, 64); extra > 0 {
			seek = extra
		}
		file, err := os.OpenFile(l.device(name), flags, 0o644)
		if err != nil {
			return nil, nil, name + ": Operation not supported"
		}
		if !strings.HasPrefix(name, "/dev/") && !strings.Contains(set["conv"], "notrunc") {
			file.Truncate(seek * bs)
		}
		file.Seek(seek*bs, io.SeekStart)
		out = &limited{File: file, device: strings.HasPrefix(name, "/dev/")}
	}
	return in, out, ""
}

// device maps a name of /dev to what plays it.
func (l *lab) device(name string) string {
	switch name {
	case "/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout":
		return name
	case "/dev/random", "/dev/urandom":
		return "/dev/urandom"
	}
	if file, ok := l.disk(name); ok {
		return file
	}
	return l.path(name)
}

// limited ends a write at the end of a device, which a file behind it would not.
type limited struct {
	*os.File
	device bool
}

func (f *limited) Write(data []byte) (int, error) {
	if f.device {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			at, _ := f.Seek(0, io.SeekCurrent)
			if at+int64(len(data)) > info.Size() {
				return 0, fmt.Errorf("end of device")
			}
		}
	}
	return f.File.Write(data)
}

func copyBlocks(in io.Reader, out io.Writer, bs, count int64, conv string) (full, part, total int64, err error) {
	block := make([]byte, bs)
	for count < 0 || full+part < count {
		n, readErr := io.ReadFull(in, block)
		if n == 0 {
			break
		}
		data := block[:n]
		if int64(n) == bs {
			full++
		} else {
			part++
			if strings.Contains(conv, "sync") && !strings.Contains(conv, "fsync") {
				clear(block[n:])
				data = block
			}
		}
		if file, ok := out.(*limited); ok && zeros(data) && file.device {
			if _, err = file.sparse(data); err != nil {
				return full, part, total, err
			}
		} else if _, err = out.Write(data); err != nil {
			return full, part, total, err
		}
		total += int64(len(data))
		if readErr != nil {
			break
		}
	}
	return full, part, total, nil
}

func zeros(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}

// sparse writes zeros where something else is, and nothing where zeros are already: a zvol does not store them either.
func (f *limited) sparse(data []byte) (int, error) {
	at, _ := f.Seek(0, io.SeekCurrent)
	if reader, err := os.Open(f.Name()); err == nil {
		defer reader.Close()
		have := make([]byte, len(data))
		if n, _ := reader.ReadAt(have, at); n == len(data) && zeros(have) {
			_, err := f.Seek(int64(len(data)), io.SeekCurrent)
			return len(data), err
		}
	}
	return f.Write(data)
}

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
		file, err := os.Open(l.device(name))
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
		l.printf("sha256sum (FreeBSD) %s\n", strings.SplitN(l.release(), "-", 2)[0])
		return 0
	}
	return l.pass(l.mapped()...)
}
