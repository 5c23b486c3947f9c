//go:build linux

package main

import (
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// unzstd is zstd(1) of the base system where it decompresses: -d -c -q -f and files. It writes pieces of a size that divides into no
// block, as a pipe may bring any.
func unzstd(l *lab) int {
	opts, rest, bad := getopt(l.args, "dcqfvkT:M:")
	if bad != "" {
		l.errorf("Incorrect parameter: %s\n", bad)
		return 1
	}
	if !has(opts, 'd') || !has(opts, 'c') {
		l.errorf("zstd: lab: only zstd -d -c is played\n")
		return 1
	}
	if len(rest) == 0 {
		rest = []string{"-"}
	}
	for _, name := range rest {
		in := l.in
		if name != "-" {
			file, err := os.Open(l.path(name))
			if err != nil {
				l.errorf("zstd: can't stat %s : No such file or directory -- ignored \n", name)
				return 1
			}
			defer file.Close()
			in = file
		}
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return l.fail("%s: %v", name, err)
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{l.out}, struct{ io.Reader }{z}, make([]byte, 100_001))
		z.Close()
		if err != nil {
			l.errorf("%s : Decoding error (36) : %v \n", name, err)
			return 1
		}
	}
	return 0
}
