//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
)

const streamMagic = "lab zfs stream"

// streamHead is the second line of a stream: the properties that send -p and -R put in, and the datasets below that -R does.
type streamHead struct {
	Props    map[string]string            `json:",omitempty"`
	Children map[string]map[string]string `json:",omitempty"`
}

// zfsSend writes a full stream: two lines, and a tar archive of the snapshot. A volume's has the lines alone. Of datasets below only their
// properties go along.
func zfsSend(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "DLPbcehnpRsvwi:I:t:")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "send [-DLPbcehnpsVvw] [-i|-I snapshot] <snapshot>", bad)
	}
	set, snap, _ := strings.Cut(rest[0], "@")
	d := s.get(set)
	if d == nil || !contains(d.Snaps, snap) {
		l.errorf("cannot open '%s': dataset does not exist\n", rest[0])
		return 1
	}
	var head streamHead
	if has(opts, 'p') || has(opts, 'R') {
		head.Props = d.Props
	}
	if has(opts, 'R') {
		head.Children = map[string]map[string]string{}
		for _, below := range s.below(set) {
			if name := strings.TrimPrefix(below, set); name != "" {
				head.Children[name] = s.Sets[below].Props
			}
		}
	}
	line, err := json.Marshal(head)
	l.must(err)
	l.printf("%s %s\n%s\n", streamMagic, snap, line)
	if d.Volume {
		return 0
	}
	cmd := exec.Command(debianPath("tar"), "-cf", "-", "-C", l.path(snapDir(rest[0])), ".")
	cmd.Stdout, cmd.Stderr = l.out, l.errs
	return exitStatus(cmd.Run(), l)
}

func zfsReceive(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, "vMnsFhuedx:o:A")
	if bad != "" || len(rest) != 1 {
		return zfsBad(l, "receive [-vMnsFhu] [-o <property>=<value>] ... [-x <property>] ... <filesystem|volume|snapshot>", bad)
	}
	name := rest[0]
	in := bufio.NewReader(l.in)
	snap, head, ok := readHead(in)
	if !ok {
		l.errorf("cannot receive: invalid stream (bad magic number)\n")
		return 1
	}
	cannot := func(words string) int {
		l.errorf("cannot receive new filesystem stream: %s\n", words)
		return 1
	}
	if s.Sets[name] != nil {
		return cannot(fmt.Sprintf("destination '%s' exists\nmust specify -F to overwrite it", name))
	}
	props, words := propsOf(opts)
	if words == "" {
		words = s.place(name, false)
	}
	if words != "" {
		return cannot(words)
	}
	l.must(os.MkdirAll(l.path(filesDir(name)), 0o755))
	cmd := exec.Command(debianPath("tar"), "-xpf", "-", "-C", l.path(filesDir(name)))
	cmd.Stdin, cmd.Stderr = in, io.Discard
	if cmd.Run() != nil {
		l.must(os.RemoveAll(l.path(filesDir(name))))
		return cannot("incomplete stream")
	}
	s.Sets[name] = &dataset{Props: props, Received: left(head.Props, opts), Snaps: []string{snap}}
	copyTree(l, filesDir(name), snapDir(name+"@"+snap))
	for below, props := range head.Children {
		s.Sets[name+below] = &dataset{Props: map[string]string{}, Received: props}
		l.must(os.MkdirAll(l.path(filesDir(name+below)), 0o755))
	}
	if !has(opts, 'u') {
		mountSet(l, s, name)
	}
	return 0
}

func readHead(in *bufio.Reader) (snap string, head streamHead, ok bool) {
	line, _ := in.ReadString('\n')
	snap, ok = strings.CutPrefix(strings.TrimSuffix(line, "\n"), streamMagic+" ")
	line, _ = in.ReadString('\n')
	return snap, head, ok && json.Unmarshal([]byte(line), &head) == nil
}

// left are the properties of a stream without those that -x leaves out.
func left(props map[string]string, opts []option) map[string]string {
	kept := maps.Clone(props)
	for _, o := range opts {
		if o.flag == 'x' {
			delete(kept, o.value)
		}
	}
	return kept
}
