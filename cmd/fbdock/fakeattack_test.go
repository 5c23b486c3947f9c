package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"

	"github.com/fbdock/fbdock/internal/waittest"
)

// attack is the guest's root with a raw SFTP client in the place of sshfs. It
// waits for the file "attack" in root, does what its lines say, and tells in
// "loot" what of it was done:
//
//	symlink TEXT NAME | link FROM TO | rename FROM TO | mkdir NAME |
//	read NAME | list NAME | write NAME TEXT | chmod NAME
func attack(rw io.ReadWriter, root string) {
	var orders []byte
	if !waittest.Poll(func() (there bool) {
		var err error
		orders, err = os.ReadFile(filepath.Join(root, "attack"))
		return err == nil
	}) {
		return
	}
	var loot strings.Builder
	c, err := sftp.NewClientPipe(rw, struct {
		io.Writer
		io.Closer
	}{rw, io.NopCloser(nil)})
	if err != nil {
		fmt.Fprintf(&loot, "no session: %v\n", err)
	}
	for line := range strings.Lines(string(orders)) {
		words := append(strings.Fields(line), "", "", "")
		if err != nil || words[0] == "" {
			continue
		}
		if what, failed := do(c, words[0], words[1], words[2]); failed != nil {
			fmt.Fprintf(&loot, "refused %s: %v\n", strings.TrimSpace(line), failed)
		} else {
			fmt.Fprintf(&loot, "done %s: %s\n", strings.TrimSpace(line), what)
		}
	}
	_ = os.WriteFile(filepath.Join(root, "loot"), []byte(loot.String()), 0o600)
}

func do(c *sftp.Client, what, first, second string) (told string, err error) {
	switch what {
	case "symlink":
		return "", c.Symlink(first, second)
	case "link":
		return "", c.Link(first, second)
	case "rename":
		return "", c.PosixRename(first, second)
	case "mkdir":
		return "", c.Mkdir(first)
	case "chmod":
		return "", c.Chmod(first, 0o777)
	case "list":
		infos, err := c.ReadDir(first)
		var names []string
		for _, i := range infos {
			names = append(names, i.Name())
		}
		return strings.Join(names, " "), err
	case "read", "write":
		flags := os.O_RDONLY
		if what == "write" {
			flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		}
		file, err := c.OpenFile(first, flags)
		if err != nil {
			return "", err
		}
		defer file.Close()
		if what == "write" {
			_, err = file.Write([]byte(second))
			return "", err
		}
		text, err := io.ReadAll(file)
		return fmt.Sprintf("%.40q", text), err
	}
	return "", fmt.Errorf("no such order")
}
