package sftpserver_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"

	"github.com/fbdock/fbdock/internal/sftpserver"
)

func TestFilesAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	c := client(t, sftpserver.Options{Dir: dir})
	data := make([]byte, 5<<20+123)
	_, _ = rand.Read(data)
	file, err := c.Create("/big")
	must(t, err)
	if _, err := file.ReadFrom(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	must(t, file.Sync())
	must(t, file.Close())
	if got, err := os.ReadFile(filepath.Join(dir, "big")); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("file on disk after a write: %d bytes, %v, want the %d that were written", len(got), err, len(data))
	}
	got, err := content(t, c.Open, "/big")
	if err != nil || got != string(data) {
		t.Fatalf("Open(/big) read %d bytes, %v, want the %d that were written", len(got), err, len(data))
	}
	// Holes, and writing beyond the end.
	file, err = c.OpenFile("/sparse", os.O_RDWR|os.O_CREATE|os.O_EXCL)
	must(t, err)
	_, err = file.WriteAt([]byte("end"), 5<<30)
	must(t, err)
	if info, err := file.Stat(); err != nil || info.Size() != 5<<30+3 {
		t.Errorf("Stat of a sparse file = %v, %v, want a size of 5 GiB + 3", info, err)
	}
	must(t, file.Truncate(4))
	b := make([]byte, 10)
	if n, err := file.ReadAt(b, 0); n != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt after Truncate(4) = %d, %v, want 4, EOF", n, err)
	}
	must(t, file.Close())
	if _, err := c.OpenFile("/sparse", os.O_RDWR|os.O_CREATE|os.O_EXCL); err == nil {
		t.Error("OpenFile(/sparse, O_CREATE|O_EXCL) of an existing file: no error, want one")
	}
	if _, err := c.OpenFile("/sparse", os.O_WRONLY|os.O_TRUNC); err != nil {
		t.Error(err)
	}
	if info, err := c.Stat("/sparse"); err != nil || info.Size() != 0 {
		t.Errorf("Stat(/sparse) after O_TRUNC = %v, %v, want a size of 0", info, err)
	}
}

func TestHandlesSurviveRenames(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	c := client(t, sftpserver.Options{Dir: dir})
	write(t, filepath.Join(dir, "old"), "old text")
	write(t, filepath.Join(dir, "new"), "new")
	file, err := c.OpenFile("/new", os.O_RDWR)
	must(t, err)
	defer func() { _ = file.Close() }()
	if err := c.Rename("/new", "/old"); err == nil {
		t.Error("Rename(/new, /old) over an existing file: no error, want one")
	}
	must(t, c.PosixRename("/new", "/old"))
	info, err := file.Stat()
	if err != nil || info.Size() != 3 {
		t.Errorf("Stat of a handle after a rename = %v, %v, want a size of 3", info, err)
	}
	must(t, file.Chmod(0o600))
	if got, err := os.ReadFile(filepath.Join(dir, "old")); err != nil || string(got) != "new" {
		t.Errorf("ReadFile(old) after a rename = %q, %v, want \"new\"", got, err)
	}
	must(t, c.Rename("/old", "/third"))
	if info, err := os.Stat(filepath.Join(dir, "third")); err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o600) {
		t.Errorf("Stat(third) after Chmod of a handle = %v, %v, want mode -rw-------", info, err)
	}
	must(t, c.Remove("/third"))
	if _, err := file.Stat(); err != nil {
		t.Errorf("Stat of a handle of a removed file: error = %v, want none", err)
	}
}

func TestModesAndTimes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	dir := folder(t)
	c := client(t, sftpserver.Options{Dir: dir})
	write(t, filepath.Join(dir, "f"), "x")
	for _, mode := range []fs.FileMode{0o400, 0o755, 0o640} {
		must(t, c.Chmod("/f", mode))
		if info, err := c.Lstat("/f"); err != nil || info.Mode() != mode {
			t.Errorf("Lstat(/f) after Chmod(%v): mode = %v, %v, want the same mode", mode, info.Mode(), err)
		}
	}
	must(t, c.Chmod("/f", 0o755|fs.ModeSetuid|fs.ModeSetgid))
	if info, _ := os.Stat(filepath.Join(dir, "f")); info.Mode() != 0o755 {
		t.Errorf("mode after Chmod(u+s,g+s) = %v, want -rwxr-xr-x", info.Mode())
	}
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	must(t, c.Chtimes("/f", when.Add(time.Hour), when))
	if info, _ := os.Stat(filepath.Join(dir, "f")); !info.ModTime().Equal(when) {
		t.Errorf("modification time after Chtimes = %v, want %v", info.ModTime(), when)
	}
	info, err := c.Stat("/f")
	must(t, err)
	if s, ok := info.Sys().(*sftp.FileStat); !ok || s.AccessTime().UTC() != when.Add(time.Hour) || s.UID != uint32(os.Getuid()) {
		t.Errorf("Stat(/f) = %+v, want access time %v and user %d", info.Sys(), when.Add(time.Hour), os.Getuid())
	}
	must(t, c.Truncate("/f", 100))
	if info, _ := os.Stat(filepath.Join(dir, "f")); info.Size() != 100 {
		t.Errorf("size after Truncate(100) = %d, want 100", info.Size())
	}
	// Owners are the host's: accepted, not set.
	must(t, c.Chown("/f", 12345, 12345))
	if got, _ := c.Stat("/f"); got.Sys().(*sftp.FileStat).UID != uint32(os.Getuid()) {
		t.Errorf("Stat(/f) after Chown(12345) = %+v, want user %d", got.Sys(), os.Getuid())
	}
	must(t, c.Mkdir("/dir"))
	must(t, c.Chmod("/dir", 0o700|fs.ModeSticky))
	if info, _ := c.Stat("/dir"); info.Mode() != fs.ModeDir|fs.ModeSticky|0o700 {
		t.Errorf("mode of a folder after Chmod(0700, sticky) = %v, want dtrwx------", info.Mode())
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	c := client(t, sftpserver.Options{Dir: dir})
	must(t, c.MkdirAll("/a/b/c"))
	for _, name := range []string{"é", "日本語", "with space", "-dash", ".hidden", "quote'\"", "new\nline", "a" + strings.Repeat("x", 200), "\U0001f600", "e\u0301"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "\"\n") {
			continue
		}
		file, err := c.Create("/a/" + name)
		must(t, err)
		_, err = file.Write([]byte(name))
		must(t, errors.Join(err, file.Close()))
		if got, err := os.ReadFile(filepath.Join(dir, "a", name)); err != nil || string(got) != name {
			t.Errorf("ReadFile(%q) = %q, %v, want its name", name, got, err)
		}
	}
	infos, err := c.ReadDir("/a")
	must(t, err)
	entries, err := os.ReadDir(filepath.Join(dir, "a"))
	must(t, err)
	var got, want []string
	for _, i := range infos {
		got = append(got, i.Name())
	}
	for _, e := range entries {
		want = append(want, e.Name())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("ReadDir(/a) = %q, want %q", got, want)
	}
	if err := c.RemoveDirectory("/a"); err == nil {
		t.Error("RemoveDirectory(/a) of a folder with files: no error, want one")
	}
	must(t, c.Rename("/a/b", "/b"))
	must(t, c.RemoveDirectory("/b/c"))
	if err := c.RemoveDirectory("/a/é"); err == nil {
		t.Error("RemoveDirectory(/a/é) of a file: no error, want one")
	}
	if _, err := c.ReadDir("/a/é"); err == nil {
		t.Error("ReadDir(/a/é) of a file: no error, want one")
	}
	must(t, c.Link("/a/é", "/hard"))
	if text, err := content(t, c.Open, "/hard"); err != nil || text != "é" {
		t.Errorf("Open(/hard) of a hard link read %q, %v, want é", text, err)
	}
	if _, err := c.Stat("/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat(/none): error = %v, want ErrNotExist", err)
	}
	if got, err := c.RealPath("a/../.././x/"); err != nil || got != "/x" {
		t.Errorf("RealPath(a/../.././x/) = %q, %v, want /x", got, err)
	}
	vfs, err := c.StatVFS("/")
	if err != nil || vfs.Blocks == 0 || vfs.Bsize == 0 || vfs.Namemax == 0 || vfs.FreeSpace() == 0 {
		t.Errorf("StatVFS(/) = %+v, %v, want no field 0", vfs, err)
	}
}

func TestTenThousandFiles(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	c := client(t, sftpserver.Options{Dir: dir})
	const many = 10_000
	for i := range many {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%05d", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	infos, err := c.ReadDir("/")
	if err != nil || len(infos) != many {
		t.Fatalf("ReadDir(/) lists %d files, %v, want %d", len(infos), err, many)
	}
	t.Logf("listed in %v", time.Since(began))
	for _, i := range infos {
		if err := c.Remove("/" + i.Name()); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files are left after Remove of each, want 0", len(left))
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	write(t, filepath.Join(dir, "f"), "text")
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	c := client(t, sftpserver.Options{Dir: dir, ReadOnly: true})
	if text, err := content(t, c.Open, "/f"); err != nil || text != "text" {
		t.Errorf("Open(/f) of a read-only folder read %q, %v, want \"text\"", text, err)
	}
	file, err := c.Open("/f")
	must(t, err)
	defer func() { _ = file.Close() }()
	for what, do := range map[string]func() error{
		"create":    func() error { _, err := c.Create("/new"); return err },
		"open rw":   func() error { _, err := c.OpenFile("/f", os.O_RDWR); return err },
		"append":    func() error { _, err := c.OpenFile("/f", os.O_WRONLY|os.O_APPEND); return err },
		"truncate":  func() error { return c.Truncate("/f", 0) },
		"ftruncate": func() error { return file.Truncate(0) },
		"chmod":     func() error { return c.Chmod("/f", 0o777) },
		"times":     func() error { return c.Chtimes("/f", time.Now(), time.Now()) },
		"mkdir":     func() error { return c.Mkdir("/x") },
		"remove":    func() error { return c.Remove("/f") },
		"rmdir":     func() error { return c.RemoveDirectory("/d") },
		"rename":    func() error { return c.Rename("/f", "/g") },
		"replace":   func() error { return c.PosixRename("/f", "/g") },
		"symlink":   func() error { return c.Symlink("f", "/l") },
		"link":      func() error { return c.Link("/f", "/l") },
	} {
		if err := do(); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s in a read-only folder: error = %v, want ErrPermission", what, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("entries of the read-only folder = %v, want 2", entries)
	}
}
