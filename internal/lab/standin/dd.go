//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// dd copies as FreeBSD's does: sizes with lower case letters, and its own words at the end.
func dd(l *lab) int {
	set := map[string]string{"count": "-1", "skip": "0", "seek": "0", "iseek": "0", "oseek": "0"}
	for _, arg := range l.args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok || !contains([]string{"if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "iseek", "oseek", "conv", "status", "speed", "fillchar", "iflag", "oflag"}, key) {
			return l.fail("unknown operand %s", key)
		}
		set[key] = value
	}
	for word := range strings.SplitSeq(set["conv"], ",") {
		if word != "" && !contains([]string{"sync", "sparse", "notrunc", "noerror", "fsync", "fdatasync"}, word) {
			return l.fail("unknown conversion %s", word)
		}
	}
	options, words := ddRead(set)
	if words != "" {
		return l.fail("%s", words)
	}
	in, out, words := ddFiles(l, set, options)
	if words != "" {
		return l.fail("%s", words)
	}
	began := time.Now()
	full, part, total, err := copyBlocks(in, out, options)
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

// ddOptions are sizes in bytes; together is what bs means: a block is written as it was read.
type ddOptions struct {
	ibs, obs, count        int64
	together, sparse, sync bool
}

func ddRead(set map[string]string) (o ddOptions, words string) {
	sizes := map[string]int64{"ibs": 512, "obs": 512}
	for _, name := range []string{"bs", "ibs", "obs"} {
		if text, given := set[name]; given {
			n, ok := size(text)
			if !ok || n == 0 {
				return o, name + ": illegal argument"
			}
			sizes[name] = n
		}
	}
	o = ddOptions{ibs: sizes["ibs"], obs: sizes["obs"]}
	if bs := sizes["bs"]; bs > 0 {
		o.ibs, o.obs, o.together = bs, bs, true
	}
	for word := range strings.SplitSeq(set["conv"], ",") {
		o.sparse = o.sparse || word == "sparse" && !o.together
		o.sync = o.sync || word == "sync"
	}
	n, err := strconv.ParseInt(set["count"], 10, 64)
	if err != nil {
		return o, "count: illegal argument"
	}
	o.count = n
	return o, ""
}

func ddFiles(l *lab, set map[string]string, o ddOptions) (io.Reader, io.Writer, string) {
	in, out := l.in, l.out
	if name := set["if"]; name != "" {
		file, err := os.Open(device(l, name))
		if err != nil {
			return nil, nil, name + ": No such file or directory"
		}
		skip, _ := strconv.ParseInt(set["skip"], 10, 64)
		if extra, _ := strconv.ParseInt(set["iseek"], 10, 64); extra > 0 {
			skip = extra
		}
		if skip > 0 {
			if _, err := file.Seek(skip*o.ibs, io.SeekStart); err != nil {
				return nil, nil, name + ": Illegal seek"
			}
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
		file, err := os.OpenFile(device(l, name), flags, 0o644)
		if err != nil {
			return nil, nil, name + ": Operation not supported"
		}
		if !strings.HasPrefix(name, "/dev/") && !strings.Contains(set["conv"], "notrunc") {
			l.must(file.Truncate(seek * o.obs))
		}
		_, err = file.Seek(seek*o.obs, io.SeekStart)
		l.must(err)
		out = &limited{File: file, device: strings.HasPrefix(name, "/dev/"), zvol: strings.HasPrefix(name, "/dev/zvol/")}
	}
	return in, out, ""
}

// device maps a name of /dev to what plays it.
func device(l *lab, name string) string {
	switch name {
	case "/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout":
		return name
	case "/dev/random", "/dev/urandom":
		return "/dev/urandom"
	}
	if file, ok := disk(l, name); ok {
		return file
	}
	return l.path(name)
}

var errInvalid = errors.New("Invalid argument") //nolint:staticcheck // dd prints it as it is

// limited ends a write at the end of a device, and a disk refuses part of a sector, which a file behind it would not. A zvol of
// volmode=dev takes any size, as seen on 14.2.
type limited struct {
	*os.File
	device bool
	zvol   bool
}

func (f *limited) Write(data []byte) (int, error) {
	if f.device {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			at, _ := f.Seek(0, io.SeekCurrent)
			if !f.zvol && (at%512 != 0 || len(data)%512 != 0) {
				return 0, errInvalid
			}
			if at+int64(len(data)) > info.Size() {
				return 0, fmt.Errorf("end of device")
			}
		}
	}
	return f.File.Write(data)
}

// copyBlocks copies as dd(1) does. With bs each block is written as it was read, and of a pipe that may be any part of it; with ibs and
// obs output blocks are filled before they are written. Only then conv=sparse leaves out blocks of zeros.
func copyBlocks(in io.Reader, out io.Writer, o ddOptions) (full, part, total int64, err error) {
	block, pending := make([]byte, o.ibs), make([]byte, 0, o.ibs+o.obs)
	hole := int64(0)
	write := func(data []byte) error {
		if o.sparse && zeros(data) {
			hole += int64(len(data))
			return nil
		}
		if err := seekOver(out, hole); err != nil {
			return err
		}
		hole = 0
		return writeBlock(out, data)
	}
	for o.count < 0 || full+part < o.count {
		n, readErr := in.Read(block)
		if n > 0 {
			data := block[:n]
			if int64(n) == o.ibs {
				full++
			} else {
				part++
				if o.sync {
					clear(block[n:])
					data = block
				}
			}
			pending = append(pending, data...)
			total += int64(len(data))
		}
		for len(pending) > 0 && (o.together || int64(len(pending)) >= o.obs || readErr != nil) && err == nil {
			size := min(int64(len(pending)), o.obs)
			err = write(pending[:size])
			pending = pending[:copy(pending, pending[size:])]
		}
		if readErr != nil || err != nil {
			break
		}
	}
	if err == nil && len(pending) > 0 {
		err = write(pending)
	}
	if file, ok := out.(*limited); ok && err == nil && hole > 0 && !file.device {
		if at, seekErr := file.Seek(hole, io.SeekCurrent); seekErr == nil {
			err = file.Truncate(at)
		}
	}
	return full, part, total, err
}

func seekOver(out io.Writer, hole int64) error {
	file, ok := out.(*limited)
	if hole == 0 {
		return nil
	}
	if !ok {
		return fmt.Errorf("seek error creating sparse file: Illegal seek")
	}
	_, err := file.Seek(hole, io.SeekCurrent)
	return err
}

func writeBlock(out io.Writer, data []byte) error {
	if file, ok := out.(*limited); ok && zeros(data) && file.device && len(data)%512 == 0 {
		_, err := file.sparse(data)
		return err
	}
	_, err := out.Write(data)
	return err
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
